import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { proxySubresource, statusSubresource } from "../parts/subresources.ts";
import { type Node, validateNode, validateNodeUpdate } from "./noderules.ts";

const rolePrefix = "node-role.kubernetes.io/";

function statusText({ spec, status }: any): string {
  const ready = status?.conditions?.find(({ type }: { type: string }) => type === "Ready");
  const words = [!ready ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (spec?.unschedulable) words.push("SchedulingDisabled");
  return words.join(",");
}

function rolesText({ metadata }: any): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries<string>(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === "kubernetes.io/role" && value) roles.add(value);
  }
  return [...roles].sort().join(",") || "<none>";
}

function addressText({ status }: any, wanted: string): string {
  return status?.addresses?.find(({ type }: { type: string }) => type === wanted)?.address ?? "<none>";
}

function kernelText({ status }: any): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {};
  if (!kernelVersion) return "<unknown>";
  return architecture ? `${kernelVersion} (${architecture})` : kernelVersion;
}

/** `podCIDR` is the first of `podCIDRs`; old clients know only the former. */
function defaults({ spec, status }: Node): void {
  const first = spec.podCIDRs?.[0];
  if (spec.podCIDR && spec.podCIDR !== first) spec.podCIDRs = [spec.podCIDR];
  else if (first) spec.podCIDR = first;
  if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
}

/** Configuration from the API server is no more (KEP-281). */
function dropConfig({ spec, status }: Node): void {
  delete spec.configSource;
  delete status?.config;
}

function* warnings({ spec }: any): Iterable<string> {
  if (spec?.configSource) yield "spec.configSource: the feature is removed";
  if (spec?.externalID) yield "spec.externalID: this field is deprecated, and is unused by Kubernetes";
}

export const nodes = defineResource<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  scope: "Cluster",
  schema: "io.k8s.api.core.v1.Node",
  storagePrefix: "minions",
  subresources: [proxySubresource("NodeProxyOptions"), statusSubresource],
  statusFields: ["status"],
  statusWith: "create",
  defaults,
  prepareCreate: dropConfig,
  prepareUpdate: dropConfig,
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatusUpdate: validateNodeUpdate,
  warnings,
  columns: [
    text("Status", statusText),
    text("Roles", rolesText),
    ageColumn,
    text("Version", ({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
    wide("Internal-IP", (node) => addressText(node, "InternalIP")),
    wide("External-IP", (node) => addressText(node, "ExternalIP")),
    wide("OS-Image", ({ status }) => status?.nodeInfo?.osImage || "<unknown>"),
    wide("Kernel-Version", kernelText),
    wide("Container-Runtime", ({ status }) => status?.nodeInfo?.containerRuntimeVersion || "<unknown>"),
  ],
  selectableFields: { "spec.unschedulable": ({ spec }) => `${spec?.unschedulable ?? false}` },
});
