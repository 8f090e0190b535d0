import { defineResource } from "../machinery/resource.ts";
import { containerColumns, labelsText, text } from "../parts/columns.ts";

export const podTemplates = defineResource({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.PodTemplate",
  generation: true,
  columns: [
    ...containerColumns(({ template }) => template?.spec).map((column) => ({ ...column, priority: 0 })),
    text("Pod Labels", ({ template }) => labelsText(template?.metadata?.labels)),
  ],
});
