import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";

export const runtimeClasses = defineResource({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  scope: "Cluster",
  schema: "io.k8s.api.node.v1.RuntimeClass",
  unconditionalUpdate: false,
  columns: [text("Handler", ({ handler }) => handler ?? ""), ageColumn],
});
