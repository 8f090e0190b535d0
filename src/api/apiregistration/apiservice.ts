import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const apiServices = defineResource({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
  storagePrefix: "apiregistration.k8s.io/apiservices",
  subresources: [statusSubresource],
  statusFields: ["status"],
  unconditionalUpdate: false,
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
