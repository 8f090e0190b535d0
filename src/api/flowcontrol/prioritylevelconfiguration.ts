import { type FieldError, FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { typedConditionErrors } from "./conditions.ts";
import { mandatoryLevelErrors } from "./mandatory.ts";

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
  if ((spec.type === "Exempt") !== (metadata.name === "exempt")) {
    errors.push(invalid(path.child("type"), spec.type ?? "", "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  const isLimited = spec.type === "Limited";
  if (!isLimited && spec.type !== "Exempt") {
    errors.push(notSupported(path.child("type"), spec.type ?? "", ["Exempt", "Limited"]));
  }
  if (isLimited && spec.exempt) errors.push(forbiddenField(path.child("exempt"), "must be nil if the type is Limited"));
  if (isLimited && !spec.limited)
    errors.push(required(path.child("limited"), "must not be empty when type is Limited"));
  if (spec.type === "Exempt" && spec.limited)
    errors.push(forbiddenField(path.child("limited"), "must be nil if the type is not Limited"));
  if (spec.type === "Exempt" && spec.exempt) errors.push(...shareErrors(spec.exempt, path.child("exempt")));
  if (!isLimited || !spec.limited) return [...errors, ...mandatoryLevelErrors(metadata.name, spec)];
  errors.push(...shareErrors(spec.limited, path.child("limited")));
  const response = spec.limited.limitResponse;
  const responses = ["Queue", "Reject"];
  if (!responses.includes(response?.type)) {
    const at = path.child("limited", "limitResponse", "type");
    errors.push(notSupported(at, response?.type ?? "", responses));
  }
  const at = path.child("limited", "limitResponse", "queuing");
  if (response?.type === "Reject" && response.queuing) {
    errors.push(forbiddenField(at, "must be nil if limited.limitResponse.type is not Limited"));
  } else if (response?.type === "Queue" && !response.queuing) {
    errors.push(required(at, "must not be empty if limited.limitResponse.type is Limited"));
  } else if (response?.type === "Queue") errors.push(...queuingErrors(response.queuing, at));
  return [...errors, ...mandatoryLevelErrors(metadata.name, spec)];
}

/** Errors in what a level has, lends and borrows. */
function* shareErrors(level: any, path: FieldPath): Iterable<FieldError> {
  const { nominalConcurrencyShares: shares, lendablePercent, borrowingLimitPercent } = level;
  if (shares < 0) yield invalid(path.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
  if (lendablePercent < 0 || lendablePercent > 100) {
    yield invalid(path.child("lendablePercent"), lendablePercent, "must be between 0 and 100, inclusive");
  }
  if (borrowingLimitPercent < 0) {
    const why = "if specified, must be a non-negative integer";
    yield invalid(path.child("borrowingLimitPercent"), borrowingLimitPercent, why);
  }
}

/** More queues than anybody needs, and the bits of a flow's hash that a hand may be dealt from. */
const [queuesMax, hashBitsMax] = [10_000_000, 60];

function* queuingErrors(
  { queues, handSize, queueLengthLimit }: { queues: number; handSize: number; queueLengthLimit: number },
  at: FieldPath,
): Iterable<FieldError> {
  if (queueLengthLimit <= 0) yield invalid(at.child("queueLengthLimit"), queueLengthLimit, "must be positive");
  if (queues <= 0) yield invalid(at.child("queues"), queues, "must be positive");
  if (queues > queuesMax) yield invalid(at.child("queues"), queues, `must not be greater than ${queuesMax}`);
  if (handSize <= 0) yield invalid(at.child("handSize"), handSize, "must be positive");
  if (handSize > queues) yield invalid(at.child("handSize"), handSize, `should not be greater than queues (${queues})`);
  else {
    let bits = 0;
    for (let dealt = 0; dealt < Math.min(handSize, hashBitsMax + 1); dealt++) bits += Math.log2(queues - dealt);
    const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBitsMax}`;
    if (Math.ceil(bits) > hashBitsMax) yield invalid(at.child("handSize"), handSize, why);
  }
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
  statusKeeps: "metadata",
  generation: true,
  defaults,
  validate,
  validateStatusUpdate: ({ status }) => typedConditionErrors(status?.conditions ?? []),
  columns: [
    text("Type", ({ spec }) => spec?.type ?? ""),
    text("NominalConcurrencyShares", ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? "<none>"),
    text("Queues", (object) => queuing(object)?.queues ?? "<none>"),
    text("HandSize", (object) => queuing(object)?.handSize ?? "<none>"),
    text("QueueLengthLimit", (object) => queuing(object)?.queueLengthLimit ?? "<none>"),
    ageColumn,
  ],
});
