import { defineResource } from "../machinery/resource.ts";
import { createdAtColumn } from "../parts/columns.ts";

export const limitRanges = defineResource({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.LimitRange",
  createOnUpdate: true,
  columns: [createdAtColumn],
});
