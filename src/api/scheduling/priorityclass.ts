import { defineResource } from "../machinery/resource.ts";
import { ageColumn, boolean, integer, text } from "../parts/columns.ts";

export const priorityClasses = defineResource({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  scope: "Cluster",
  schema: "io.k8s.api.scheduling.v1.PriorityClass",
  generation: true,
  columns: [
    integer("Value", ({ value }) => value ?? 0),
    boolean("Global-Default", ({ globalDefault }) => globalDefault ?? false),
    ageColumn,
    text("PreemptionPolicy", ({ preemptionPolicy }) => preemptionPolicy ?? ""),
  ],
});
