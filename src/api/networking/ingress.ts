import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../machinery/field.ts";
import { parseIp } from "../machinery/ip.ts";
import {
  dns1123Label,
  dns1123Subdomain,
  domainPrefixedPath,
  ipAddress,
  pathSegment,
  portName,
  portNumber,
  wildcardDns1123Subdomain,
} from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkImmutable, checkOneOf, type Errors } from "../parts/checks.ts";
import { ageColumn, balancerPoints, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "networking.k8s.io";
const version = "v1";

const hostsShownMax = 3;

function hostsText({ spec }: any): string {
  const hosts: string[] = (spec?.rules ?? []).map(({ host }: { host?: string }) => host ?? "");
  const third = hosts.map((host, index) => (host ? index : -1)).filter((index) => index >= 0)[hostsShownMax - 1];
  const shown = hosts.filter(Boolean).slice(0, hostsShownMax).join(",") || "*";
  // A rule after the third host counts as more even if it has none.
  if (third === undefined || third === hosts.length - 1) return shown;
  return `${shown} + ${hosts.length - hostsShownMax} more...`;
}

type Ingress = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const classAnnotation = "kubernetes.io/ingress.class";
const notAnAddress = "must be a DNS name, not an IP address";
const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

function checkHost(errors: Errors, host: string, path: () => FieldPath): void {
  addInvalid(errors, path, host, host.includes("*") ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host));
}

function checkBackend(errors: Errors, { service, resource }: any, path: FieldPath): void {
  if (service && resource) errors.push(invalid(path, "", "cannot set both resource and service backends"));
  else if (service) checkService(errors, service, path);
  else if (resource) checkReference(errors, resource, path.child("resource"));
  else errors.push(invalid(path, "", "resource or service backend is required"));
}

/** An object of any kind, named by its group, kind and name. */
function checkReference(errors: Errors, ref: any, path: FieldPath): void {
  if (ref.apiGroup !== undefined) {
    addInvalid(errors, () => path.child("apiGroup"), ref.apiGroup, dns1123Subdomain(ref.apiGroup));
  }
  for (const field of ["kind", "name"]) {
    if (!ref[field]) errors.push(required(path.child(field)));
    else addInvalid(errors, () => path.child(field), ref[field], pathSegment(ref[field]));
  }
}

function checkService(errors: Errors, service: any, path: FieldPath): void {
  const at = path.child("service");
  if (!service.name) errors.push(required(at.child("name")));
  else addInvalid(errors, () => at.child("name"), service.name, dns1123Label(service.name));
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalid(path, "", "cannot set both port name & port number"));
  else if (!name && !number) errors.push(required(path, "port name or number is required"));
  else if (name) addInvalid(errors, () => at.child("port", "name"), name, portName(name));
  else addInvalid(errors, () => at.child("port", "number"), number, portNumber(number));
}

const badSequences = ["//", "/./", "/../", "%2f", "%2F"];
const badEnds = ["/..", "/."];

function checkPath(errors: Errors, { path: text, pathType, backend }: any, at: FieldPath): void {
  if (pathType === undefined) {
    errors.push(required(at.child("pathType"), "pathType must be specified"));
    return;
  }
  if (!pathTypes.includes(pathType)) {
    errors.push(notSupported(at.child("pathType"), pathType, pathTypes));
  } else if (pathType !== "ImplementationSpecific" || text) {
    checkPathText(errors, text ?? "", pathType, at.child("path"));
  }
  checkBackend(errors, backend ?? {}, at.child("backend"));
}

function checkPathText(errors: Errors, text: string, pathType: string, at: FieldPath): void {
  if (!text.startsWith("/")) errors.push(invalid(at, text, "must be an absolute path"));
  if (pathType === "ImplementationSpecific") return;
  for (const bad of badSequences) {
    if (text.includes(bad)) errors.push(invalid(at, text, `must not contain '${bad}'`));
  }
  for (const bad of badEnds) if (text.endsWith(bad)) errors.push(invalid(at, text, `cannot end with '${bad}'`));
}

function checkRules(errors: Errors, rules: any[], path: FieldPath): void {
  for (const [index, { host, http }] of rules.entries()) {
    const at = path.index(index);
    if (host) {
      if (parseIp(host)) errors.push(invalid(at.child("host"), host, notAnAddress));
      checkHost(errors, host, () => at.child("host"));
    }
    if (!http) continue;
    const paths: any[] = http.paths ?? [];
    if (paths.length === 0) errors.push(required(at.child("http", "paths")));
    for (const [position, each] of paths.entries()) {
      checkPath(errors, each, at.child("http", "paths").index(position));
    }
  }
}

function validate({ spec }: Ingress): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.rules?.length && !spec.defaultBackend) {
    errors.push(invalid(specPath, null, "either `defaultBackend` or `rules` must be specified"));
  }
  if (spec.defaultBackend) checkBackend(errors, spec.defaultBackend, specPath.child("defaultBackend"));
  checkRules(errors, spec.rules ?? [], specPath.child("rules"));
  for (const [index, { hosts = [], secretName }] of (spec.tls ?? []).entries()) {
    const at = specPath.child("tls").index(index);
    for (const [position, host] of hosts.entries()) {
      checkHost(errors, host, () => at.child("hosts").index(position));
    }
    if (secretName) addInvalid(errors, () => at.child("secretName"), secretName, dns1123Subdomain(secretName));
  }
  if (spec.ingressClassName !== undefined) {
    const at = () => specPath.child("ingressClassName");
    addInvalid(errors, at, spec.ingressClassName, dns1123Subdomain(spec.ingressClassName));
  }
  return errors;
}

/** The annotation is what there was before the field: a new ingress may not say two things. */
function validateCreate({ metadata, spec }: Ingress): FieldError[] {
  const old = metadata.annotations?.[classAnnotation];
  if (old === undefined || spec.ingressClassName === undefined || old === spec.ingressClassName) return [];
  const path = new FieldPath("annotations").child(classAnnotation);
  return [invalid(path, old, "must match `ingressClassName` when both are specified")];
}

function validateStatusUpdate({ status }: Ingress): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const at = new FieldPath("status").child("loadBalancer", "ingress").index(index);
    if (ip) addInvalid(errors, () => at.child("ip"), ip, ipAddress(ip));
    if (!hostname) continue;
    addInvalid(errors, () => at.child("hostname"), hostname, dns1123Subdomain(hostname));
    if (parseIp(hostname)) errors.push(invalid(at.child("hostname"), hostname, notAnAddress));
  }
  return errors;
}

function* warnings({ metadata, spec }: Ingress, previous?: Ingress): Iterable<string> {
  if (previous || spec.ingressClassName !== undefined) return;
  if (metadata.annotations?.[classAnnotation] !== undefined) {
    yield `annotation ${JSON.stringify(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`;
  }
}

export const ingresses = defineResource<Ingress>({
  group,
  version,
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  scope: "Namespaced",
  schema: "io.k8s.api.networking.v1.Ingress",
  storagePrefix: "ingress",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  validate,
  validateCreate,
  validateStatusUpdate,
  warnings,
  columns: [
    text("Class", ({ spec }) => spec?.ingressClassName ?? "<none>"),
    text("Hosts", hostsText),
    text("Address", ({ status }) => balancerPoints(status).join(",")),
    text("Ports", ({ spec }) => (spec?.tls?.length ? "80, 443" : "80")),
    ageColumn,
  ],
});

function parametersText({ spec }: any): string {
  const parameters = spec?.parameters;
  if (!parameters) return "<none>";
  const kind = parameters.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters.kind;
  return `${kind}/${parameters.name}`;
}

const controllerMax = 250;

function validateClass({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.controller) errors.push(required(specPath.child("controller")));
  else {
    const at = specPath.child("controller");
    if (spec.controller.length > controllerMax) errors.push(tooLong(at, controllerMax));
    addInvalid(errors, () => at, spec.controller, domainPrefixedPath(spec.controller));
  }
  const { parameters } = spec;
  if (!parameters) return errors;
  const path = specPath.child("parameters");
  checkReference(errors, parameters, path);
  checkOneOf(errors, parameters.scope, ["Cluster", "Namespace"], () => path.child("scope"));
  const { scope, namespace } = parameters;
  const at = path.child("namespace");
  if (scope === "Namespace" && namespace === undefined) {
    errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  } else if (scope === "Namespace") addInvalid(errors, () => at, namespace, dns1123Label(namespace));
  else if (scope === "Cluster" && namespace !== undefined) {
    errors.push(forbiddenField(at, "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
}

export const ingressClasses = defineResource<any>({
  group,
  version,
  kind: "IngressClass",
  plural: "ingressclasses",
  scope: "Cluster",
  schema: "io.k8s.api.networking.v1.IngressClass",
  generation: true,
  defaults({ spec }) {
    if (spec.parameters) spec.parameters.scope ??= "Cluster";
  },
  validate: validateClass,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.spec.controller, previous.spec.controller, () => specPath.child("controller"));
    return errors;
  },
  columns: [text("Controller", ({ spec }) => spec?.controller ?? ""), text("Parameters", parametersText), ageColumn],
});
