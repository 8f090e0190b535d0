import { defineResource } from "../machinery/resource.ts";
import { ageColumn, containerColumns, integer, selectorText, wide } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";

export const replicaSets = defineResource({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.ReplicaSet",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  columns: [
    integer("Desired", ({ spec }) => spec?.replicas ?? 0),
    integer("Current", ({ status }) => status?.replicas ?? 0),
    integer("Ready", ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
  selectableFields: { "status.replicas": ({ status }) => `${status?.replicas ?? 0}` },
});
