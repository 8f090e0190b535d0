import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";

export const configMaps = defineResource({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ConfigMap",
  columns: [
    text("Data", ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length),
    ageColumn,
  ],
});
