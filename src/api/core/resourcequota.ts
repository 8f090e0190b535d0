import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

/** `pods: 1/4, services: 0/2`, of the limits or of all others. */
function usageText({ status }: any, ofLimits: boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter((name) => name.startsWith("limits") === ofLimits)
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? 0}/${status.hard[name]}`)
    .join(", ");
}

export const resourceQuotas = defineResource({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ResourceQuota",
  subresources: [statusSubresource],
  statusFields: ["status"],
  columns: [
    text("Request", (quota) => usageText(quota, false)),
    text("Limit", (quota) => usageText(quota, true)),
    ageColumn,
  ],
});
