import { defineResource } from "../machinery/resource.ts";
import { ageColumn, containerColumns, text } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";

export const statefulSets = defineResource({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.StatefulSet",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  columns: [
    text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
  ],
});
