import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "networking.k8s.io";
const version = "v1";

function parentText({ spec }: any): string {
  const ref = spec?.parentRef;
  if (!ref) return "<none>";
  const resource = ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
  return [resource, ref.namespace, ref.name].filter(Boolean).join("/");
}

export const ipAddresses = defineResource({
  group,
  version,
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  scope: "Cluster",
  schema: "io.k8s.api.networking.v1.IPAddress",
  nameRule: "none",
  columns: [text("ParentRef", parentText)],
});

export const serviceCidrs = defineResource({
  group,
  version,
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  scope: "Cluster",
  schema: "io.k8s.api.networking.v1.ServiceCIDR",
  subresources: [statusSubresource],
  statusFields: ["status"],
  columns: [text("CIDRs", ({ spec }) => (spec?.cidrs ?? []).join(",")), ageColumn],
});
