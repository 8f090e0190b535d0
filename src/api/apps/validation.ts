// What the kinds that make pods from a template share.

import { checkPodTemplate } from "../core/podspec/podspec.ts";
import { type FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { isPercent } from "../machinery/intstr.ts";
import { percent } from "../machinery/names.ts";
import { selects } from "../machinery/selector.ts";
import { addInvalid, checkLabelSelector, checkNonNegative, type Errors, isEmptySelector } from "../parts/checks.ts";

/** A selector that must be there and select something. `kind` is the word in the message. */
export function checkSelector(errors: Errors, selector: any, kind: string, path: FieldPath): void {
  if (!selector) {
    errors.push(required(path));
    return;
  }
  checkLabelSelector(errors, selector, path);
  if (isEmptySelector(selector)) errors.push(invalid(path, selector, `empty selector is invalid for ${kind}`));
}

/** Whether a selector can be used at all. */
export function isUsable(errors: Errors, selector: any, path: FieldPath, why = "invalid label selector"): boolean {
  const found: Errors = [];
  checkLabelSelector(found, selector, path);
  if (found.length > 0) errors.push(invalid(path, selector, why));
  return found.length === 0;
}

/** The template's labels must fit the selector; without a selector nothing fits, an empty one is reported elsewhere. */
export function checkTemplateFits(errors: Errors, selector: any, template: any, path: FieldPath): void {
  if (selector && isEmptySelector(selector)) return;
  const labels = template?.metadata?.labels;
  if (selects(selector, labels)) return;
  const why = "`selector` does not match template `labels`";
  errors.push(invalid(path.child("metadata", "labels"), labels ?? null, why));
}

/** A template of pods that run for ever. `kind` is the word in the message. */
export function checkEndlessTemplate(errors: Errors, template: any, kind: string, path: FieldPath): void {
  checkPodTemplate(errors, template, path);
  const policy = template?.spec?.restartPolicy;
  if (policy && policy !== "Always") errors.push(notSupported(path.child("spec", "restartPolicy"), policy, ["Always"]));
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbiddenField(path.child("spec", "activeDeadlineSeconds"), why));
  }
}

/** A number, or a percentage up to any size: `3`, `25%`. */
export function checkCountOrPercent(errors: Errors, value: number | string | undefined, path: FieldPath): void {
  if (value === undefined) return;
  if (typeof value === "number") checkNonNegative(errors, value, () => path);
  else addInvalid(errors, () => path, value, percent(value));
}

/** A percentage may not be of more than there is. */
export function checkNotOverAll(errors: Errors, value: number | string | undefined, path: FieldPath): void {
  if (isPercent(value) && Number.parseInt(value, 10) > 100) {
    errors.push(invalid(path, value, "must not be greater than 100%"));
  }
}

/** The number or percentage as a number: what stands before the sign. */
export function amountOf(value: number | string | undefined): number {
  return typeof value === "number" ? value : Number.parseInt(value ?? "0", 10) || 0;
}

/** Counts of a status: none negative, these not above `replicas`, and none available that is not ready. */
export function checkCounts(
  errors: Errors,
  status: any,
  all: string[],
  bounded: string[],
  path: FieldPath,
  ready = "readyReplicas",
): void {
  for (const name of all) checkNonNegative(errors, status?.[name], () => path.child(name));
  const total = status?.replicas ?? 0;
  for (const name of bounded) {
    const count = status?.[name] ?? 0;
    if (count > total) errors.push(invalid(path.child(name), count, "cannot be greater than status.replicas"));
  }
  const { availableReplicas = 0, readyReplicas = 0 } = status ?? {};
  if (availableReplicas <= readyReplicas) return;
  errors.push(invalid(path.child("availableReplicas"), availableReplicas, `cannot be greater than ${ready}`));
}

/** How often names of what belongs to the object were taken: never less than before. */
export function checkCollisions(errors: Errors, status: any, previous: any, path: FieldPath): void {
  const at = path.child("collisionCount");
  const count = status?.collisionCount;
  checkNonNegative(errors, count, () => at);
  const before = previous?.collisionCount;
  if (before !== undefined && (count ?? 0) < before) errors.push(invalid(at, count ?? 0, "cannot be decremented"));
}
