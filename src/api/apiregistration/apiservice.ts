import { type FieldError, FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1035Label, dns1123Subdomain } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const specPath = new FieldPath("spec");

function* validate({ metadata, spec }: any): Generator<FieldError> {
  const { group = "", version = "" } = spec;
  const wanted = `${version}.${group}`;
  if (metadata.name && metadata.name !== wanted) {
    const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`;
    yield invalid(new FieldPath("metadata").child("name"), metadata.name, why);
  }
  const groupPath = specPath.child("group");
  if (group === "" && version !== "v1")
    yield required(groupPath, "only v1 may have an empty group and it better be legacy kube");
  if (group !== "") for (const why of dns1123Subdomain(group)) yield invalid(groupPath, group, why);
  for (const why of dns1035Label(version)) yield invalid(specPath.child("version"), version, why);
  const { groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > groupPriorityMax) {
    const why = `must be positive and less than ${groupPriorityMax}`;
    yield invalid(specPath.child("groupPriorityMinimum"), groupPriorityMinimum, why);
  }
  if (versionPriority <= 0 || versionPriority > versionPriorityMax) {
    const why = `must be positive and less than ${versionPriorityMax}`;
    yield invalid(specPath.child("versionPriority"), versionPriority, why);
  }
  yield* spec.service ? remoteErrors(spec) : localErrors(spec);
}

const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;

function* localErrors({ caBundle, insecureSkipTLSVerify }: any): Generator<FieldError> {
  if (caBundle)
    yield invalid(
      specPath.child("caBundle"),
      `${atob(caBundle).length} bytes`,
      "local APIServices may not have a caBundle",
    );
  if (insecureSkipTLSVerify) {
    const why = "local APIServices may not have insecureSkipTLSVerify";
    yield invalid(specPath.child("insecureSkipTLSVerify"), insecureSkipTLSVerify, why);
  }
}

function* remoteErrors({ service, caBundle, insecureSkipTLSVerify }: any): Generator<FieldError> {
  const path = specPath.child("service");
  if (!service.namespace) yield required(path.child("namespace"));
  if (!service.name) yield required(path.child("name"));
  if (service.port < 1 || service.port > 65535)
    yield invalid(path.child("port"), service.port, "port is not valid: must be between 1 and 65535, inclusive");
  if (insecureSkipTLSVerify && caBundle)
    yield invalid(specPath.child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present");
}

const statuses = ["True", "False", "Unknown"];

function* validateStatus({ status }: any): Generator<FieldError> {
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    const path = new FieldPath("status").child("conditions").index(index).child("status");
    if (!statuses.includes(condition.status)) yield notSupported(path, condition.status ?? "", statuses);
  }
}

export const apiServices = defineResource<any>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  scope: "Cluster",
  nameRule: "path",
  schema: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
  storagePrefix: "apiregistration.k8s.io/apiservices",
  subresources: [statusSubresource],
  statusFields: ["status"],
  statusKeeps: "metadata",
  unconditionalUpdate: false,
  defaults({ spec }) {
    if (spec.service) spec.service.port ??= 443;
  },
  validate,
  validateStatusUpdate: validateStatus,
  columns: [
    text("Service", ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : "Local")),
    text("Available", ({ status }) => {
      const condition = status?.conditions?.find(({ type }: { type: string }) => type === "Available");
      if (!condition) return "Unknown";
      return condition.status === "True" ? "True" : `${condition.status} (${condition.reason})`;
    }),
    ageColumn,
  ],
});
