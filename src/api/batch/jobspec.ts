// The spec of a job: of jobs and of the templates in cron jobs.

import { checkPodTemplate } from "../core/podspec/podspec.ts";
import { type FieldPath, invalid, notSupported, required, tooMany } from "../machinery/field.ts";
import { domainPrefixedPath } from "../machinery/names.ts";
import { addInvalid, checkNonNegative, checkOneOf, type Errors } from "../parts/checks.ts";

const parallelismOfIndexedMax = 100_000;
const rulesMax = 20;
const exitCodesMax = 255;
const needsIndexed = "requires indexed completion mode";

function checkExitCodes(errors: Errors, { operator, values = [] }: any, path: FieldPath): void {
  if (operator !== "In" && operator !== "NotIn") {
    errors.push(notSupported(path.child("operator"), operator ?? "", ["In", "NotIn"]));
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

function checkFailureRule(errors: Errors, rule: any, spec: any, path: FieldPath): void {
  if (!rule.action)
    errors.push(
      required(path.child("action"), `valid values: ${actions.map((each) => JSON.stringify(each)).join(", ")}`),
    );
  else checkOneOf(errors, rule.action, actions, () => path.child("action"));
  if (rule.action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(path.child("action"), rule.action, "requires the backoffLimitPerIndex to be set"));
  }
  const hasConditions = rule.onPodConditions?.length > 0;
  if (rule.onExitCodes) checkExitCodes(errors, rule.onExitCodes, path.child("onExitCodes"));
  for (const [index, { status }] of (rule.onPodConditions ?? []).entries()) {
    const at = path.child("onPodConditions").index(index).child("status");
    checkOneOf(errors, status, ["False", "True", "Unknown"], () => at);
  }
  if (rule.onExitCodes && hasConditions) {
    errors.push(invalid(path, rule, "specifying both OnExitCodes and OnPodConditions is not supported"));
  } else if (!rule.onExitCodes && !hasConditions) {
    errors.push(invalid(path, rule, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
}

function checkFailurePolicy(errors: Errors, spec: any, path: FieldPath): void {
  const { rules = [] } = spec.podFailurePolicy;
  if (rules.length > rulesMax) errors.push(tooMany(path.child("rules"), rules.length, rulesMax));
  for (const [index, rule] of rules.entries()) checkFailureRule(errors, rule, spec, path.child("rules").index(index));
}

function checkSuccessPolicy(errors: Errors, { rules = [] }: any, indexed: boolean, path: FieldPath): void {
  if (!indexed) {
    // The real server prints its own struct here.
    errors.push(invalid(path, { Rules: rules }, needsIndexed));
    return;
  }
  if (rules.length === 0)
    errors.push(
      required(path.child("rules"), "at least one rules must be specified when the successPolicy is specified"),
    );
  if (rules.length > rulesMax) errors.push(tooMany(path.child("rules"), rules.length, rulesMax));
}

function checkIndexes(errors: Errors, spec: any, path: FieldPath): void {
  const {
    backoffLimitPerIndex: perIndex,
    maxFailedIndexes: maxFailed,
    completionMode,
    completions,
    parallelism,
  } = spec;
  checkNonNegative(errors, perIndex, () => path.child("backoffLimitPerIndex"));
  checkNonNegative(errors, maxFailed, () => path.child("maxFailedIndexes"));
  if (maxFailed !== undefined && perIndex === undefined) {
    errors.push(required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
  }
  checkOneOf(errors, completionMode, ["Indexed", "NonIndexed"], () => path.child("completionMode"));
  if (completionMode === "Indexed") {
    if (completions === undefined) errors.push(required(path.child("completions"), "when completion mode is Indexed"));
    if (parallelism > parallelismOfIndexedMax) {
      const why = `must be less than or equal to ${parallelismOfIndexedMax} when completion mode is Indexed`;
      errors.push(invalid(path.child("parallelism"), parallelism, why));
    }
    if (maxFailed > completions) {
      errors.push(invalid(path.child("maxFailedIndexes"), maxFailed, "must be less than or equal to completions"));
    }
    return;
  }
  if (perIndex !== undefined) errors.push(invalid(path.child("backoffLimitPerIndex"), perIndex, needsIndexed));
  if (maxFailed !== undefined) errors.push(invalid(path.child("maxFailedIndexes"), maxFailed, needsIndexed));
}

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
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
  checkIndexes(errors, spec, path);
  if (spec.managedBy !== undefined) {
    addInvalid(errors, () => path.child("managedBy"), spec.managedBy, domainPrefixedPath(spec.managedBy));
  }
  checkOneOf(errors, spec.podReplacementPolicy, ["Failed", "TerminatingOrFailed"], () =>
    path.child("podReplacementPolicy"),
  );
  if (spec.podFailurePolicy) checkFailurePolicy(errors, spec, path.child("podFailurePolicy"));
  if (spec.successPolicy) {
    checkSuccessPolicy(errors, spec.successPolicy, spec.completionMode === "Indexed", path.child("successPolicy"));
  }
  checkTemplate(errors, spec, path);
}
