import { duplicate, type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { compareQuantities, quantityToNumber } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, type Errors } from "../parts/checks.ts";
import { createdAtColumn } from "../parts/columns.ts";
import { allowsOvercommit, checkContainerResourceName, checkResourceName } from "../parts/resourcenames.ts";

type Amounts = Record<string, string>;

interface Limit {
  type: string;
  max?: Amounts;
  min?: Amounts;
  default?: Amounts;
  defaultRequest?: Amounts;
  maxLimitRequestRatio?: Amounts;
}

type LimitRange = KubeObject & { spec: { limits?: Limit[] } };

/** What is not said follows from what is: the most a container may have is what it gets, and what it gets it asks for. */
function defaults({ spec }: LimitRange): void {
  for (const limit of spec.limits ?? []) {
    if (limit.type !== "Container") continue;
    const usual = { ...limit.max, ...limit.default };
    const asked = { ...limit.min, ...usual, ...limit.defaultRequest };
    for (const name in limit.min) if (!limit.defaultRequest?.[name] && !usual[name]) asked[name] = limit.min[name]!;
    if (Object.keys(usual).length > 0) limit.default = usual;
    if (Object.keys(asked).length > 0) limit.defaultRequest = asked;
  }
}

/** `[a, b, how a stands in the message, how b stands]`: a may not be more than b. */
function checkOrder(errors: Errors, limit: Limit, name: string, path: FieldPath): void {
  const min = limit.min?.[name];
  const max = limit.max?.[name];
  const request = limit.defaultRequest?.[name];
  const usual = limit.default?.[name];
  const over = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
  const report = (field: string, value: string, why: string) =>
    errors.push(invalid(path.child(field).key(name), value, why));
  if (over(min, max)) report("min", min!, `min value ${min} is greater than max value ${max}`);
  if (over(min, request)) {
    report("defaultRequest", request!, `min value ${min} is greater than default request value ${request}`);
  }
  if (over(request, max)) {
    report("defaultRequest", request!, `default request value ${request} is greater than max value ${max}`);
  }
  if (over(request, usual)) {
    report("defaultRequest", request!, `default request value ${request} is greater than default limit value ${usual}`);
  }
  // The next two print the other value than they complain of.
  if (over(min, usual)) report("default", min!, `min value ${min} is greater than default value ${usual}`);
  if (over(usual, max)) report("default", max!, `default value ${usual} is greater than max value ${max}`);
  checkRatio(errors, limit, name, path);
}

/** Limits cannot be further from requests than the most is from the least. */
function checkRatio(errors: Errors, limit: Limit, name: string, path: FieldPath): void {
  const ratio = limit.maxLimitRequestRatio?.[name];
  if (ratio === undefined) return;
  const at = path.child("maxLimitRequestRatio").key(name);
  if (compareQuantities(ratio, "1") < 0) errors.push(invalid(at, ratio, `ratio ${ratio} is less than 1`));
  const [min, max] = [limit.min?.[name], limit.max?.[name]];
  if (min === undefined || max === undefined) return;
  const widest = quantityToNumber(max) / quantityToNumber(min);
  // Nothing is too much where both are nothing.
  if (!(quantityToNumber(ratio) > widest)) return;
  errors.push(invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`));
}

/** What cannot be shared is asked for as it is limited. */
function checkShared(errors: Errors, limit: Limit, name: string, path: FieldPath): void {
  const [usual, request] = [limit.default?.[name], limit.defaultRequest?.[name]];
  if (usual === undefined || request === undefined || allowsOvercommit(name)) return;
  if (compareQuantities(usual, request) === 0) return;
  const why = `default value ${usual} must equal to defaultRequest value ${request} in ${name}`;
  errors.push(invalid(path.child("defaultRequest").key(name), request, why));
}

const ends = ["max", "min"] as const;
const usuals = ["default", "defaultRequest"] as const;
const standardTypes = ["Pod", "Container", "PersistentVolumeClaim"];

function checkType(errors: Errors, type: string, path: FieldPath): void {
  const messages = qualifiedName(type);
  addInvalid(errors, () => path, type, messages);
  if (messages.length > 0 || type.includes("/") || standardTypes.includes(type)) return;
  errors.push(invalid(path, type, "must be a standard limit type or fully qualified"));
}

/** Names in some of the lists; only volumes and what is not Kubernetes' own are limited by names of all kinds. */
function checkNames(errors: Errors, limit: Limit, fields: readonly (keyof Limit)[], path: FieldPath): string[] {
  const isPodPart = limit.type === "Pod" || limit.type === "Container";
  const check = isPodPart ? checkContainerResourceName : checkResourceName;
  return fields.flatMap((field) => {
    const names = Object.keys(limit[field] ?? {});
    for (const name of names) check(errors, name, () => path.child(field).key(name));
    return names;
  });
}

function checkLimit(errors: Errors, limit: Limit, path: FieldPath): void {
  const names = checkNames(errors, limit, ends, path);
  if (limit.type === "Pod") {
    for (const field of usuals) {
      if (Object.keys(limit[field] ?? {}).length === 0) continue;
      errors.push(forbiddenField(path.child(field), "may not be specified when `type` is 'Pod'"));
    }
  } else names.push(...checkNames(errors, limit, usuals, path));
  if (limit.type === "PersistentVolumeClaim" && !limit.min?.storage && !limit.max?.storage) {
    errors.push(
      required(path.child("limits"), "either minimum or maximum storage value is required, but neither was provided"),
    );
  }
  names.push(...checkNames(errors, limit, ["maxLimitRequestRatio"], path));
  const compared = limit.type === "Pod" ? { ...limit, default: undefined, defaultRequest: undefined } : limit;
  for (const name of new Set(names)) {
    checkOrder(errors, compared as Limit, name, path);
    checkShared(errors, compared as Limit, name, path);
  }
}

function validate({ spec }: LimitRange): FieldError[] {
  const errors: FieldError[] = [];
  const types = new Set<string>();
  for (const [index, limit] of (spec.limits ?? []).entries()) {
    const path = new FieldPath("spec").child("limits").index(index);
    checkType(errors, limit.type ?? "", path.child("type"));
    if (types.has(limit.type)) errors.push(duplicate(path.child("type"), limit.type));
    types.add(limit.type);
    checkLimit(errors, limit, path);
  }
  return errors;
}

export const limitRanges = defineResource<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.LimitRange",
  createOnUpdate: true,
  defaults,
  validate,
  columns: [createdAtColumn],
});
