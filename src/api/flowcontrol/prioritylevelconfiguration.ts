import { type FieldError, FieldPath, forbiddenField, invalid } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const queuing = (object: any) => object.spec?.limited?.limitResponse?.queuing;

function defaults({ spec }: any): void {
  if (spec.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec.limited) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.queues ||= 64;
  queuing.handSize ||= 8;
  queuing.queueLengthLimit ||= 50;
}

function validate({ metadata, spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("spec");
  if (metadata.name && (spec.type === "Exempt") !== (metadata.name === "exempt")) {
    errors.push(invalid(path.child("type"), spec.type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  const response = spec.limited?.limitResponse;
  const at = path.child("limited", "limitResponse", "queuing");
  if (response?.type === "Reject" && response.queuing) {
    errors.push(forbiddenField(at, "must be nil if limited.limitResponse.type is not Limited"));
  } else if (response?.queuing) {
    const { handSize, queues } = response.queuing;
    if (handSize > queues) {
      errors.push(invalid(at.child("handSize"), handSize, `should not be greater than queues (${queues})`));
    }
  }
  return errors;
}

export const priorityLevelConfigurations = defineResource<any>({
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
  defaults,
  validate,
  columns: [
    text("Type", ({ spec }) => spec?.type ?? ""),
    text("NominalConcurrencyShares", ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? "<none>"),
    text("Queues", (object) => queuing(object)?.queues ?? "<none>"),
    text("HandSize", (object) => queuing(object)?.handSize ?? "<none>"),
    text("QueueLengthLimit", (object) => queuing(object)?.queueLengthLimit ?? "<none>"),
    ageColumn,
  ],
});
