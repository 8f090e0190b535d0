import { defineResource } from "../machinery/resource.ts";
import { ageColumn, containerColumns, integer, labelsText, wide } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";

export const replicationControllers = defineResource({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ReplicationController",
  storagePrefix: "controllers",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  defaultDeletion: "orphan",
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  columns: [
    integer("Desired", ({ spec }) => spec?.replicas ?? 0),
    integer("Current", ({ status }) => status?.replicas ?? 0),
    integer("Ready", ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => labelsText(spec?.selector)),
  ],
  selectableFields: { "status.replicas": ({ status }) => `${status?.replicas ?? 0}` },
});
