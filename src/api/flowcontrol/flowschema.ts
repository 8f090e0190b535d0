import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const flowSchemas = defineResource({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  scope: "Cluster",
  schema: "io.k8s.api.flowcontrol.v1.FlowSchema",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  unconditionalUpdate: false,
  columns: [
    text("PriorityLevel", ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ""),
    text("MatchingPrecedence", ({ spec }) => spec?.matchingPrecedence ?? 0),
    text("DistinguisherMethod", ({ spec }) => spec?.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    text(
      "MissingPL",
      ({ status }) => status?.conditions?.find(({ type }: { type: string }) => type === "Dangling")?.status ?? "?",
    ),
  ],
});
