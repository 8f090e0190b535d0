import { defineResource } from "../machinery/resource.ts";
import { ageColumn, containerColumns, integer, labelsText, selectorText, text, wide } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const daemonSets = defineResource({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.DaemonSet",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  columns: [
    integer("Desired", ({ status }) => status?.desiredNumberScheduled ?? 0),
    integer("Current", ({ status }) => status?.currentNumberScheduled ?? 0),
    integer("Ready", ({ status }) => status?.numberReady ?? 0),
    integer("Up-to-date", ({ status }) => status?.updatedNumberScheduled ?? 0),
    integer("Available", ({ status }) => status?.numberAvailable ?? 0),
    text("Node Selector", ({ spec }) => labelsText(spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
});
