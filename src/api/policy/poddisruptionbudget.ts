import { defineResource } from "../machinery/resource.ts";
import { ageColumn, integer, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const podDisruptionBudgets = defineResource({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  scope: "Namespaced",
  schema: "io.k8s.api.policy.v1.PodDisruptionBudget",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  unconditionalUpdate: false,
  columns: [
    text("Min Available", ({ spec }) => `${spec?.minAvailable ?? "N/A"}`),
    text("Max Unavailable", ({ spec }) => `${spec?.maxUnavailable ?? "N/A"}`),
    integer("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
});
