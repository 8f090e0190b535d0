import { defineResource } from "../machinery/resource.ts";
import { ageColumn, firstFew, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "networking.k8s.io";
const version = "v1";

function hostsText({ spec }: any): string {
  const hosts = (spec?.rules ?? []).map(({ host }: { host?: string }) => host).filter(Boolean);
  return hosts.length === 0 ? "*" : firstFew(hosts);
}

function addressText({ status }: any): string {
  const points = status?.loadBalancer?.ingress ?? [];
  return points.map(({ ip, hostname }: { ip?: string; hostname?: string }) => ip || hostname || "").join(",");
}

export const ingresses = defineResource({
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
  columns: [
    text("Class", ({ spec }) => spec?.ingressClassName ?? "<none>"),
    text("Hosts", hostsText),
    text("Address", addressText),
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

export const ingressClasses = defineResource({
  group,
  version,
  kind: "IngressClass",
  plural: "ingressclasses",
  scope: "Cluster",
  schema: "io.k8s.api.networking.v1.IngressClass",
  generation: true,
  columns: [text("Controller", ({ spec }) => spec?.controller ?? ""), text("Parameters", parametersText), ageColumn],
});
