import { FieldPath } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { addressWarnings, rangeWarnings } from "../parts/addresses.ts";
import { sameValue } from "../parts/checks.ts";
import { ageColumn, balancerPoints, labelsText, text, wide } from "../parts/columns.ts";
import { proxySubresource, statusSubresource } from "../parts/subresources.ts";
import { settleFamilies } from "./servicefamilies.ts";
import {
  isHeadless,
  isOpenToTheWorld,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
  type Service,
  type ServiceSpec,
} from "./servicetypes.ts";
import { validateService, validateServiceStatus, validateServiceUpdate } from "./servicevalidation.ts";

const affinitySeconds = 3 * 60 * 60;

function defaults({ spec, status }: Service): void {
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= affinitySeconds;
  }
  spec.type ||= "ClusterIP";
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    port.targetPort ||= port.port ?? 0;
  }
  if (isOpenToTheWorld(spec)) spec.externalTrafficPolicy ||= "Cluster";
  if (needsClusterIp(spec)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type !== "LoadBalancer") return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const each of status?.loadBalancer?.ingress ?? []) if (each.ip) each.ipMode ??= "VIP";
}

/** `clusterIP` and the first of `clusterIPs` are one; old clients know only the former. */
function joinAddresses(spec: ServiceSpec, previous?: ServiceSpec): void {
  if (!previous) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  if (spec.clusterIP === previous.clusterIP) return;
  const isOld = !spec.clusterIPs?.length || sameValue(spec.clusterIPs, previous.clusterIPs);
  if (!isOld) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
}

/** What the server gave out stays if a write leaves it out. */
function keepAllocated(spec: ServiceSpec, previous: ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(previous)) {
    if (!spec.clusterIP) spec.clusterIP = previous.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === previous.clusterIP) spec.clusterIPs = previous.clusterIPs;
    if (!spec.ipFamilies?.length) spec.ipFamilies = previous.ipFamilies;
  }
  if (needsNodePort(spec) && needsNodePort(previous)) {
    const portsOf = ({ ports = [] }: ServiceSpec) => ports.map(({ nodePort }) => nodePort);
    const given = new Map(previous.ports?.map(({ name = "", nodePort }) => [name, nodePort]));
    const taken = new Set(portsOf(spec).filter((port) => portsOf(previous).includes(port)));
    for (const port of spec.ports ?? []) {
      const nodePort = given.get(port.name ?? "");
      if (port.nodePort || !nodePort || taken.has(nodePort)) continue;
      port.nodePort = nodePort;
      taken.add(nodePort);
    }
  }
  if (needsHealthCheckPort(spec) && needsHealthCheckPort(previous)) {
    spec.healthCheckNodePort ||= previous.healthCheckNodePort;
  }
}

/** What belonged to the former type goes with it, unless the write changed it as well. */
function dropOfFormerType(spec: ServiceSpec, previous: ServiceSpec): void {
  if (needsClusterIp(previous) && !needsClusterIp(spec)) {
    const isSame = !spec.clusterIPs?.length || sameValue(spec.clusterIPs, previous.clusterIPs);
    if (isSame)
      for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const) delete spec[field];
    delete spec.internalTrafficPolicy;
  }
  if (needsNodePort(previous) && !needsNodePort(spec)) {
    const given = new Set(previous.ports?.map(({ nodePort }) => nodePort));
    if (spec.ports?.every(({ nodePort }) => !nodePort || given.has(nodePort))) {
      for (const port of spec.ports) delete port.nodePort;
    }
  }
  const drop = (field: keyof ServiceSpec) => {
    if (sameValue(spec[field], previous[field])) delete spec[field];
  };
  if (needsHealthCheckPort(previous) && !needsHealthCheckPort(spec)) drop("healthCheckNodePort");
  if (previous.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    drop("allocateLoadBalancerNodePorts");
    drop("loadBalancerClass");
  }
  if (isOpenToTheWorld(previous) && !isOpenToTheWorld(spec)) drop("externalTrafficPolicy");
}

const hintsAnnotation = "service.kubernetes.io/topology-aware-hints";

/** Fields that say nothing for such a service. */
function* ignoredFields(spec: ServiceSpec): Iterable<string> {
  if (isHeadless(spec)) {
    if (spec.loadBalancerIP) yield "spec.loadBalancerIP is ignored for headless services";
    if (spec.externalIPs?.length) yield "spec.externalIPs is ignored for headless services";
    if (spec.sessionAffinity !== "None") yield "spec.SessionAffinity is ignored for headless services";
  } else if (spec.type === "ExternalName") {
    if (spec.externalIPs?.length) yield 'spec.externalIPs is ignored when spec.type is "ExternalName"';
  } else if (spec.externalIPs?.length) {
    yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
  }
  if (spec.externalName && spec.type !== "ExternalName") {
    yield 'spec.externalName is ignored when spec.type is not "ExternalName"';
  }
}

/** Texts of addresses that only old services should hold. */
function* oddAddresses(spec: ServiceSpec): Iterable<string> {
  const path = new FieldPath("spec");
  if (!isHeadless(spec)) {
    for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
      yield* addressWarnings(ip, path.child("clusterIPs").index(index));
    }
  }
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    yield* addressWarnings(ip, path.child("externalIPs").index(index));
  }
  yield* addressWarnings(spec.loadBalancerIP, path.child("loadBalancerIP"));
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    yield* rangeWarnings(range, path.child("loadBalancerSourceRanges").index(index));
  }
}

function* warnings({ spec, metadata }: Service): Iterable<string> {
  if (metadata.annotations?.[hintsAnnotation] !== undefined) {
    yield `annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`;
  }
  yield* oddAddresses(spec);
  yield* ignoredFields(spec);
  if (spec.trafficDistribution === "PreferClose") {
    yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"';
  }
}

/** Where the world outside finds the service, by type. */
function externalText({ spec, status }: any): string {
  const own: string[] = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return own.join(",") || "<none>";
    case "LoadBalancer": {
      return [...balancerPoints(status), ...own].join(",") || "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

function portsText({ spec }: any): string {
  const parts = (spec?.ports ?? []).map(({ port, nodePort, protocol }: any) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return parts.join(",") || "<none>";
}

export const services = defineResource<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Service",
  storagePrefix: "services/specs",
  subresources: [proxySubresource("ServiceProxyOptions"), statusSubresource],
  statusFields: ["status"],
  nameRule: "dns1123label",
  createOnUpdate: true,
  defaults,
  prepareCreate({ spec }) {
    joinAddresses(spec);
    settleFamilies(spec);
  },
  prepareUpdate({ spec }, previous) {
    joinAddresses(spec, previous.spec);
    keepAllocated(spec, previous.spec);
    dropOfFormerType(spec, previous.spec);
    settleFamilies(spec, previous.spec);
  },
  validateCreate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatus,
  warnings,
  columns: [
    text("Type", ({ spec }) => spec?.type ?? ""),
    text("Cluster-IP", ({ spec }) => spec?.clusterIPs?.[0] ?? "<none>"),
    text("External-IP", externalText),
    text("Port(s)", portsText),
    ageColumn,
    wide("Selector", ({ spec }) => labelsText(spec?.selector)),
  ],
  selectableFields: {
    "spec.clusterIP": ({ spec }) => spec?.clusterIP ?? "",
    "spec.type": ({ spec }) => spec?.type ?? "",
  },
});
