// What a definition's status says, from all definitions: pure plans ("CustomResourceDefinition", status.conditions).

import { approvalOf, isProtectedGroup } from "../../api/apiextensions/approval.ts";
import { structuralErrors } from "../../api/apiextensions/structural.ts";
import type { Definition, DefinitionCondition, DefinitionNames } from "../../api/apiextensions/types.ts";
import { FieldPath } from "../../api/machinery/field.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { sameJson } from "../../base/equal.ts";

export const finalizer = "customresourcecleanup.apiextensions.k8s.io";

type Status = NonNullable<Definition["status"]>;
type Change = Omit<DefinitionCondition, "lastTransitionTime">;

/** Whether a condition of this type holds. */
export function holds({ status }: Definition, type: string): boolean {
  return status?.conditions?.find((each) => each.type === type)?.status === "True";
}

/** The conditions with one of them set. The time is that of the last change of its value. */
export function withCondition(
  conditions: readonly DefinitionCondition[],
  change: Change,
  now: number,
): DefinitionCondition[] {
  const before = conditions.find(({ type }) => type === change.type);
  const { type, status, ...rest } = change;
  const same = before?.status === status && before.lastTransitionTime !== undefined;
  const lastTransitionTime = same ? before.lastTransitionTime : formatTime(now);
  const next = { type, status, lastTransitionTime, ...rest };
  return before ? conditions.map((each) => (each === before ? next : each)) : [...conditions, next];
}

/**
 * The status that a definition should have; undefined if it has it. Names that another definition of the group was
 * given first are not accepted; a definition all of whose names were accepted once stays established.
 */
export function planStatus(definition: Definition, all: Iterable<Definition>, now: number): Status | undefined {
  const before: Status = definition.status ?? {};
  const { names, conflict } = acceptNames(definition, all);
  let conditions = [...(before.conditions ?? [])];
  conditions = withCondition(conditions, namesCondition(conflict), now);
  if (!holds(definition, "Established")) conditions = withCondition(conditions, establishedCondition(conflict), now);
  conditions = replaceCondition(conditions, "NonStructuralSchema", structuralCondition(definition), now);
  conditions = replaceCondition(
    conditions,
    "KubernetesAPIApprovalPolicyConformant",
    approvalCondition(definition),
    now,
  );
  const next: Status = { ...before, conditions, acceptedNames: names };
  return sameJson(next, before) ? undefined : next;
}

function replaceCondition(
  conditions: DefinitionCondition[],
  type: string,
  change: Change | undefined,
  now: number,
): DefinitionCondition[] {
  return change ? withCondition(conditions, change, now) : conditions.filter((each) => each.type !== type);
}

interface Conflict {
  reason: string;
  message: string;
}

/** The names that a definition gets: those that nobody else of its group has; what it had before where one is taken. */
function acceptNames(
  definition: Definition,
  all: Iterable<Definition>,
): { names: DefinitionNames; conflict?: Conflict } {
  const wanted = definition.spec.names;
  const had: Partial<DefinitionNames> = definition.status?.acceptedNames ?? {};
  const { resources, kinds } = takenNames(definition, all);
  const names: DefinitionNames = { plural: had.plural ?? "", kind: had.kind ?? "" };
  let conflict: Conflict | undefined;
  const taken = (set: ReadonlySet<string>, reason: string, ...given: string[]): boolean => {
    const used = given
      .filter((name) => name !== "" && set.has(name))
      .map((name) => `${JSON.stringify(name)} is already in use`);
    if (used.length > 0) conflict = { reason, message: used.length === 1 ? used[0]! : `[${used.join(", ")}]` };
    return used.length > 0;
  };
  if (!taken(resources, "PluralConflict", wanted.plural)) names.plural = wanted.plural;
  names.singular = taken(resources, "SingularConflict", wanted.singular ?? "") ? had.singular : wanted.singular;
  const shortTaken = taken(resources, "ShortNamesConflict", ...(wanted.shortNames ?? []));
  const shortNames = shortTaken ? had.shortNames : wanted.shortNames;
  if (shortNames?.length) names.shortNames = shortNames;
  if (!taken(kinds, "KindConflict", wanted.kind)) names.kind = wanted.kind;
  names.listKind = taken(kinds, "ListKindConflict", wanted.listKind ?? "") ? had.listKind : wanted.listKind;
  if (wanted.categories?.length) names.categories = wanted.categories;
  for (const key of ["singular", "listKind"] as const) if (!names[key]) delete names[key];
  return { names, conflict };
}

/** What the other definitions of the group were given. */
function takenNames({ metadata, spec }: Definition, all: Iterable<Definition>) {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of all) {
    if (other.spec.group !== spec.group || other.metadata.name === metadata.name) continue;
    const names = other.status?.acceptedNames ?? {};
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind);
  }
  return { resources, kinds };
}

function namesCondition(conflict: Conflict | undefined): Change {
  if (conflict) return { type: "NamesAccepted", status: "False", ...conflict };
  return { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" };
}

function establishedCondition(conflict: Conflict | undefined): Change {
  if (conflict)
    return { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" };
  const message = "the initial names have been accepted";
  return { type: "Established", status: "True", reason: "InitialNamesAccepted", message };
}

/** Only definitions of before v1 can have a schema that isn't structural. */
function structuralCondition({ spec }: Definition): Change | undefined {
  const lines: string[] = [];
  for (const [index, { schema }] of spec.versions.entries()) {
    const path = new FieldPath("spec").child("versions").index(index).child("schema", "openAPIV3Schema");
    const given = schema?.openAPIV3Schema;
    if (given) for (const { field, body } of structuralErrors(given, path)) lines.push(`${field}: ${body}`);
  }
  if (lines.length === 0) return undefined;
  const message = lines.length === 1 ? lines[0]! : `[${lines.join(", ")}]`;
  return { type: "NonStructuralSchema", status: "True", reason: "Violations", message };
}

function approvalCondition({ spec, metadata }: Definition): Change | undefined {
  if (!isProtectedGroup(spec.group)) return undefined;
  const { approved, reason, message } = approvalOf(metadata.annotations);
  return { type: "KubernetesAPIApprovalPolicyConformant", status: approved ? "True" : "False", reason, message };
}

/** A step towards a definition's end. */
export type EndStep =
  | { kind: "condition"; condition: Change }
  /** All its objects must be asked to go. */
  | { kind: "delete instances" }
  | { kind: "release"; condition: Change };

/** What comes next for a definition that is being deleted, while it has this many objects; undefined: nothing to do. */
export function planEnd(definition: Definition, instances: number): EndStep[] {
  if (definition.metadata.deletionTimestamp === undefined) return [];
  if (!definition.metadata.finalizers?.includes(finalizer)) return [];
  const terminating = { type: "Terminating" } as const;
  if (instances > 0) {
    const condition: Change = {
      ...terminating,
      status: "True",
      reason: "InstanceDeletionInProgress",
      message: "CustomResource deletion is in progress",
    };
    return [{ kind: "condition", condition }, { kind: "delete instances" }];
  }
  const done = holds(definition, "Established")
    ? { reason: "InstanceDeletionCompleted", message: "removed all instances" }
    : { reason: "NeverEstablished", message: "resource was never established" };
  return [{ kind: "release", condition: { ...terminating, status: "False", ...done } }];
}
