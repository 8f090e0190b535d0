import { type FieldError, FieldPath, forbiddenField, invalid, notSupported } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, boolean, integer, text } from "../parts/columns.ts";

type PriorityClass = KubeObject & { value?: number; preemptionPolicy?: string };

/** Above are only the system's own two. */
const userValueMax = 1_000_000_000;
const systemPrefix = "system-";
const systemClasses: Record<string, number> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

function validate({ metadata, value = 0, preemptionPolicy }: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name?.startsWith(systemPrefix)) {
    if (systemClasses[metadata.name] !== value) {
      const why = "priority class names with 'system-' prefix are reserved for system use only.";
      const unknown = `error: ${metadata.name} is not a known system priority class`;
      errors.push(forbiddenField(new FieldPath("metadata").child("name"), `${why} ${unknown}`));
    }
  } else if (value > userValueMax) {
    const why = `maximum allowed value of a user defined priority is ${userValueMax}`;
    errors.push(forbiddenField(new FieldPath("value"), why));
  }
  const policies = ["PreemptLowerPriority", "Never"];
  if (preemptionPolicy !== undefined && !policies.includes(preemptionPolicy)) {
    errors.push(notSupported(new FieldPath("preemptionPolicy"), preemptionPolicy, policies));
  }
  return errors;
}

function validateUpdate(next: PriorityClass, previous: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if ((next.value ?? 0) !== (previous.value ?? 0)) {
    errors.push(forbiddenField(new FieldPath("value"), "may not be changed in an update."));
  }
  if (next.preemptionPolicy !== previous.preemptionPolicy) {
    errors.push(invalid(new FieldPath("preemptionPolicy"), next.preemptionPolicy ?? null, "field is immutable"));
  }
  return errors;
}

export const priorityClasses = defineResource<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  scope: "Cluster",
  schema: "io.k8s.api.scheduling.v1.PriorityClass",
  generation: true,
  defaults(draft) {
    draft.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validateCreate: validate,
  validateUpdate,
  // Only the description may change, and that is not counted.
  canonicalize(draft) {
    draft.metadata.generation = 1;
  },
  columns: [
    integer("Value", ({ value }) => value ?? 0),
    boolean("Global-Default", ({ globalDefault }) => globalDefault ?? false),
    ageColumn,
    text("PreemptionPolicy", ({ preemptionPolicy }) => preemptionPolicy ?? ""),
  ],
});
