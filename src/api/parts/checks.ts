// Checks that many kinds share. They add to a list of errors instead of yielding: validation runs on every write, and a
// list is the cheapest way to say "nothing wrong" a hundred times.

import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../machinery/field.ts";
import { labelValue, qualifiedName } from "../machinery/names.ts";

export type Errors = FieldError[];

const annotationsBytesMax = 256 * 1024;
const encoder = new TextEncoder();

/** One error for each message; the path is asked for only if there are any. */
export function addInvalid(errors: Errors, path: () => FieldPath, value: unknown, messages: readonly string[]): void {
  for (const message of messages) errors.push(invalid(path(), value, message));
}

/** One error for all messages together. */
export function checkJoined(errors: Errors, path: () => FieldPath, value: unknown, messages: readonly string[]): void {
  if (messages.length > 0) errors.push(invalid(path(), value, messages.join(";")));
}

/** The value must be at least 0 if it is there. */
export function checkNonNegative(errors: Errors, value: number | undefined | null, path: () => FieldPath): void {
  if (value !== undefined && value !== null && value < 0) {
    errors.push(invalid(path(), value, "must be greater than or equal to 0"));
  }
}

/** The value must be one of those that are supported; they are listed as given. Absent values pass. */
export function checkOneOf(
  errors: Errors,
  value: string | undefined | null,
  supported: readonly string[],
  path: () => FieldPath,
): void {
  if (value === undefined || value === null || supported.includes(value)) return;
  errors.push(notSupported(path(), value, supported));
}

/** Like `checkOneOf`, but a value must be there. */
export function checkRequiredOneOf(
  errors: Errors,
  value: string | undefined | null,
  supported: readonly string[],
  path: () => FieldPath,
): void {
  if (!value) errors.push(required(path()));
  else checkOneOf(errors, value, supported, path);
}

/** Keys and values of labels, or of anything that is written like labels. */
export function checkLabels(
  errors: Errors,
  labels: Record<string, string> | undefined | null,
  path: () => FieldPath,
): void {
  if (!labels) return;
  for (const key of Object.keys(labels).sort()) {
    addInvalid(errors, path, key, qualifiedName(key));
    addInvalid(errors, path, labels[key], labelValue(labels[key]!));
  }
}

/** Keys of annotations and the size of all of them. */
export function checkAnnotations(
  errors: Errors,
  annotations: Record<string, string> | undefined | null,
  path: () => FieldPath,
): void {
  if (!annotations) return;
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    addInvalid(errors, path, key, qualifiedName(key.toLowerCase()));
    bytes += encoder.encode(key).length + encoder.encode(value).length;
  }
  if (bytes > annotationsBytesMax) errors.push(tooLong(path(), annotationsBytesMax));
}

interface Requirement {
  key: string;
  operator: string;
  values?: string[] | null;
}

export interface LabelSelector {
  matchLabels?: Record<string, string> | null;
  matchExpressions?: Requirement[] | null;
}

function checkRequirement(errors: Errors, { key, operator, values }: Requirement, path: FieldPath): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (!values?.length) {
        errors.push(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (values?.length) {
        const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(path.child("values"), why));
      }
      break;
    default:
      errors.push(invalid(path.child("operator"), operator ?? "", "not a valid selector operator"));
  }
  addInvalid(errors, () => path.child("key"), key ?? "", qualifiedName(key ?? ""));
  for (const [index, value] of (values ?? []).entries()) {
    addInvalid(errors, () => path.child("values").index(index), value, labelValue(value));
  }
}

/** A label selector; absent ones pass. */
export function checkLabelSelector(errors: Errors, selector: LabelSelector | undefined | null, path: FieldPath): void {
  if (!selector) return;
  checkLabels(errors, selector.matchLabels, () => path.child("matchLabels"));
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    checkRequirement(errors, requirement, path.child("matchExpressions").index(index));
  }
}

/** Whether a selector selects by nothing, that is, everything. */
export function isEmptySelector(selector: LabelSelector | undefined | null): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && !selector?.matchExpressions?.length;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** Whether two JSON values say the same; what is absent, null or empty counts as one. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => sameValue(each, b[index]));
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of Object.keys(left)) if (!sameValue(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (!Object.hasOwn(left, key) && !isEmpty(right[key])) return false;
  return true;
}

/** The field may not change after creation. */
export function checkImmutable(errors: Errors, next: unknown, previous: unknown, path: () => FieldPath): void {
  if (!sameValue(next, previous)) errors.push(invalid(path(), next ?? null, "field is immutable"));
}
