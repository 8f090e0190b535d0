// The spec of a job: of jobs and of the templates in cron jobs.

import { checkPodTemplate } from "../core/podspec/podspec.ts";
import { isChanged, nameWarnings, podNames, templateWarnings } from "../core/podspec/warnings.ts";
import {
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "../machinery/field.ts";
import { domainPrefixedPath, qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { addInvalid, checkNonNegative, checkOneOf, type Errors } from "../parts/checks.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { countIndexes } from "./indexes.ts";

/** A condition that a failure policy looks for holds, if it does not say otherwise. */
export function defaultFailurePolicy({ podFailurePolicy }: any): void {
  for (const { onPodConditions } of podFailurePolicy?.rules ?? []) {
    for (const condition of onPodConditions ?? []) condition.status ||= "True";
  }
}

const parallelismOfIndexedMax = 100_000;
/** Beyond this many completions, indexes that fail one by one (KEP-3850) have tighter bounds. */
const completionsUsual = 100_000;
const parallelismOfManyMax = 10_000;
const failedIndexesMax = 100_000;
const failedIndexesOfManyMax = 10_000;
const managedByLettersMax = 63;
const indexesBytesMax = 64 * 1024;
const rulesMax = 20;
const exitCodesMax = 255;
const needsIndexed = "requires indexed completion mode";

/** `valid values: ["a" "b"]`, as Go prints a list. */
const validValues = (values: readonly string[]) => `valid values: [${values.map((each) => `"${each}"`).join(" ")}]`;

function checkWord(errors: Errors, value: string | undefined, supported: readonly string[], path: FieldPath): void {
  if (!value) errors.push(required(path, validValues(supported)));
  else checkOneOf(errors, value, supported, () => path);
}

function checkExitCodes(errors: Errors, requirement: any, containers: readonly string[], path: FieldPath): void {
  const { operator, containerName, values = [] } = requirement;
  checkWord(errors, operator, ["In", "NotIn"], path.child("operator"));
  if (containerName !== undefined && !containers.includes(containerName)) {
    const why = "must be one of the container or initContainer names in the pod template";
    errors.push(invalid(path.child("containerName"), containerName, why));
  }
  const at = path.child("values");
  if (values.length === 0) errors.push(invalid(at, values, "at least one value is required"));
  if (values.length > exitCodesMax) errors.push(tooMany(at, values.length, exitCodesMax));
  for (const [index, value] of values.entries()) {
    if (operator === "In" && value === 0)
      errors.push(invalid(at.index(index), value, "must not be 0 for the In operator"));
    if (values.indexOf(value) < index) {
      errors.push({ type: "FieldValueDuplicate", field: `${at.index(index)}`, body: `Duplicate value: ${value}` });
    }
  }
  const isOrdered = values.every((value: number, index: number) => index === 0 || values[index - 1] <= value);
  if (!isOrdered) errors.push(invalid(at, values, "must be ordered"));
}

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];

function checkConditions(errors: Errors, conditions: any[], path: FieldPath): void {
  if (conditions.length > rulesMax) errors.push(tooMany(path, conditions.length, rulesMax));
  for (const [index, { type = "", status }] of conditions.entries()) {
    const at = path.index(index);
    addInvalid(errors, () => at.child("type"), type, qualifiedName(type));
    checkWord(errors, status, ["False", "True", "Unknown"], at.child("status"));
  }
}

/** An error that prints no value. */
function invalidUnseen(path: FieldPath, why: string): FieldError {
  return { type: "FieldValueInvalid", field: `${path}`, body: `Invalid value: ${why}` };
}

function checkFailureRule(errors: Errors, rule: any, spec: any, path: FieldPath): void {
  const { containers: apps = [], initContainers = [] } = spec.template?.spec ?? {};
  const containers = [...apps, ...initContainers].map(({ name }) => name);
  checkWord(errors, rule.action, actions, path.child("action"));
  if (rule.action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(path.child("action"), rule.action, "requires the backoffLimitPerIndex to be set"));
  }
  const hasConditions = rule.onPodConditions?.length > 0;
  if (rule.onExitCodes) checkExitCodes(errors, rule.onExitCodes, containers, path.child("onExitCodes"));
  if (hasConditions) checkConditions(errors, rule.onPodConditions, path.child("onPodConditions"));
  if (rule.onExitCodes && hasConditions) {
    errors.push(invalidUnseen(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
  } else if (!rule.onExitCodes && !hasConditions) {
    errors.push(invalidUnseen(path, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
}

/** Policies as the real server prints its own structs. */
const goCodes: GoShape = {
  ContainerName: ["containerName", null],
  Operator: ["operator", ""],
  Values: ["values", null],
};
const goFailureRule: GoShape = {
  Action: ["action", ""],
  OnExitCodes: ["onExitCodes", null, () => goCodes],
  OnPodConditions: ["onPodConditions", null, () => fields("Type Status", "")],
};
const goSuccessRule: GoShape = fields("SucceededIndexes SucceededCount", null);

/** A policy in a message: each of its rules in their shape. */
const shownPolicy = (policy: any, rule: GoShape) => policy && { Rules: goValue(policy.rules ?? null, rule) };
export const shownFailurePolicy = (policy: any) => shownPolicy(policy, goFailureRule);
export const shownSuccessPolicy = (policy: any) => shownPolicy(policy, goSuccessRule);

function checkFailurePolicy(errors: Errors, spec: any, path: FieldPath): void {
  const { rules = [] } = spec.podFailurePolicy;
  if (rules.length > rulesMax) errors.push(tooMany(path.child("rules"), rules.length, rulesMax));
  for (const [index, rule] of rules.entries()) checkFailureRule(errors, rule, spec, path.child("rules").index(index));
}

function checkSuccessRule(errors: Errors, rule: any, completions: number, path: FieldPath): void {
  const { succeededIndexes: indexes, succeededCount: wanted } = rule;
  if (wanted === undefined && indexes === undefined) {
    errors.push(required(path, "at least one of succeededCount or succeededIndexes must be specified"));
  }
  let total = 0;
  if (indexes !== undefined) {
    const at = path.child("succeededIndexes");
    if (indexes.length > indexesBytesMax) errors.push(tooLong(at, indexesBytesMax));
    const count = countIndexes(indexes, completions);
    if (typeof count === "number") total = count;
    else errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${count}`));
  }
  if (wanted === undefined) return;
  const at = path.child("succeededCount");
  checkNonNegative(errors, wanted, () => at);
  const most = "must be less than or equal to";
  if (wanted > completions) {
    errors.push(invalid(at, wanted, `${most} ${completions} (the number of specified completions)`));
  }
  if (indexes !== undefined && wanted > total) {
    const what = "the number of indexes in the specified succeededIndexes field";
    errors.push(invalid(at, wanted, `${most} ${total} (${what})`));
  }
}

function checkSuccessPolicy(errors: Errors, spec: any, path: FieldPath): void {
  const { rules = [] } = spec.successPolicy;
  if (spec.completionMode !== "Indexed") {
    errors.push(invalid(path, shownSuccessPolicy(spec.successPolicy), needsIndexed));
    return;
  }
  if (rules.length === 0)
    errors.push(
      required(path.child("rules"), "at least one rules must be specified when the successPolicy is specified"),
    );
  if (rules.length > rulesMax) errors.push(tooMany(path.child("rules"), rules.length, rulesMax));
  for (const [index, rule] of rules.entries()) {
    checkSuccessRule(errors, rule, spec.completions ?? 0, path.child("rules").index(index));
  }
}

/** Bounds of jobs with very many indexes, each of which may fail by itself. */
function checkManyIndexes(errors: Errors, spec: any, path: FieldPath): void {
  const { completions = 0, backoffLimitPerIndex, maxFailedIndexes: maxFailed, parallelism } = spec;
  if (maxFailed > failedIndexesMax) {
    errors.push(
      invalid(path.child("maxFailedIndexes"), maxFailed, `must be less than or equal to ${failedIndexesMax}`),
    );
  }
  if (completions <= completionsUsual || backoffLimitPerIndex === undefined) return;
  const when = `when completions are above ${completionsUsual} and used with backoff limit per index`;
  if (maxFailed === undefined) {
    const why = `must be specified when completions is above ${completionsUsual}`;
    errors.push(required(path.child("maxFailedIndexes"), why));
  }
  if (parallelism > parallelismOfManyMax) {
    const why = `must be less than or equal to ${parallelismOfManyMax} ${when}`;
    errors.push(invalid(path.child("parallelism"), parallelism, why));
  }
  if (maxFailed > failedIndexesOfManyMax) {
    const why = `must be less than or equal to ${failedIndexesOfManyMax} ${when}`;
    errors.push(invalid(path.child("maxFailedIndexes"), maxFailed, why));
  }
}

function checkIndexes(errors: Errors, spec: any, path: FieldPath): void {
  const {
    backoffLimitPerIndex: perIndex,
    maxFailedIndexes: maxFailed,
    completionMode,
    completions,
    parallelism,
  } = spec;
  checkOneOf(errors, completionMode, ["NonIndexed", "Indexed"], () => path.child("completionMode"));
  if (completionMode === "Indexed") {
    if (completions === undefined) errors.push(required(path.child("completions"), "when completion mode is Indexed"));
    if (parallelism > parallelismOfIndexedMax) {
      const why = `must be less than or equal to ${parallelismOfIndexedMax} when completion mode is Indexed`;
      errors.push(invalid(path.child("parallelism"), parallelism, why));
    }
    if (maxFailed > completions) {
      errors.push(invalid(path.child("maxFailedIndexes"), maxFailed, "must be less than or equal to completions"));
    }
    checkManyIndexes(errors, spec, path);
    return;
  }
  if (completionMode !== undefined && completionMode !== "NonIndexed") return;
  if (perIndex !== undefined) errors.push(invalid(path.child("backoffLimitPerIndex"), perIndex, needsIndexed));
  if (maxFailed !== undefined) errors.push(invalid(path.child("maxFailedIndexes"), maxFailed, needsIndexed));
}

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

function checkTemplate(errors: Errors, spec: any, path: FieldPath): void {
  const template = path.child("template");
  checkPodTemplate(errors, spec.template, template);
  const policy = spec.template?.spec?.restartPolicy;
  const at = template.child("spec", "restartPolicy");
  // Pods of jobs end, so `Always`, which pods get by default, counts as nothing said.
  if (policy === "Always" || !policy) errors.push(required(at, 'valid values: "OnFailure", "Never"'));
  else if (policy !== "OnFailure" && policy !== "Never") errors.push(notSupported(at, policy, ["OnFailure", "Never"]));
  else if (spec.podFailurePolicy && policy !== "Never") {
    errors.push(invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
}

/** Everything but the selector, which only jobs have. */
export function checkJobSpec(errors: Errors, spec: any, path: FieldPath): void {
  for (const name of counts) checkNonNegative(errors, spec[name], () => path.child(name));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
  }
  if (spec.managedBy !== undefined) {
    const at = path.child("managedBy");
    addInvalid(errors, () => at, spec.managedBy, domainPrefixedPath(spec.managedBy));
    if (spec.managedBy.length > managedByLettersMax) errors.push(tooLong(at, managedByLettersMax));
  }
  checkIndexes(errors, spec, path);
  if (spec.podFailurePolicy) checkFailurePolicy(errors, spec, path.child("podFailurePolicy"));
  if (spec.successPolicy) checkSuccessPolicy(errors, spec, path.child("successPolicy"));
  const replacements = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  checkOneOf(errors, spec.podReplacementPolicy, replacements, () => path.child("podReplacementPolicy"));
  checkTemplate(errors, spec, path);
}

/** Warnings for a job, or for what makes jobs: `spec` is the job's. */
export function* jobWarnings(
  object: KubeObject,
  previous: KubeObject | undefined,
  spec: any,
  path: FieldPath,
): Iterable<string> {
  if (!previous) yield* nameWarnings(object.metadata.name, podNames);
  if (!isChanged(object, previous)) return;
  const { completionMode, completions = 0, parallelism = 0 } = spec;
  if (completionMode === "Indexed" && completions > completionsUsual && parallelism > parallelismOfManyMax) {
    const why =
      "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, " +
      "Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
    yield `${path}: ${why}`;
  }
  yield* templateWarnings(spec.template, path.child("template"));
}
