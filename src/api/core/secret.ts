import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";

export const secrets = defineResource({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Secret",
  columns: [
    text("Type", ({ type }) => type ?? ""),
    text("Data", ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: ({ type }) => type ?? "" },
});
