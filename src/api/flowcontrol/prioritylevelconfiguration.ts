import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const queuing = (object: any) => object.spec?.limited?.limitResponse?.queuing;

export const priorityLevelConfigurations = defineResource({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  scope: "Cluster",
  schema: "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  unconditionalUpdate: false,
  columns: [
    text("Type", ({ spec }) => spec?.type ?? ""),
    text("NominalConcurrencyShares", ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? "<none>"),
    text("Queues", (object) => queuing(object)?.queues ?? "<none>"),
    text("HandSize", (object) => queuing(object)?.handSize ?? "<none>"),
    text("QueueLengthLimit", (object) => queuing(object)?.queueLengthLimit ?? "<none>"),
    ageColumn,
  ],
});
