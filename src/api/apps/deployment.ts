import { defineResource } from "../machinery/resource.ts";
import { ageColumn, containerColumns, selectorText, text, wide } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";

export const deployments = defineResource({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.Deployment",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  columns: [
    text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    text("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0),
    text("Available", ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
});
