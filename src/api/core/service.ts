import { defineResource } from "../machinery/resource.ts";
import { ageColumn, labelsText, text, wide } from "../parts/columns.ts";
import { proxySubresource, statusSubresource } from "../parts/subresources.ts";

/** Where the world outside finds the service, by type. */
function externalText({ spec, status }: any): string {
  const own: string[] = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return own.join(",") || "<none>";
    case "LoadBalancer": {
      const given = (status?.loadBalancer?.ingress ?? []).map((each: any) => each.ip || each.hostname || "");
      return [...given.filter(Boolean), ...own].join(",") || "<pending>";
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

export const services = defineResource({
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
