import { duplicate, type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { compareQuantities } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, type Errors } from "../parts/checks.ts";
import { createdAtColumn } from "../parts/columns.ts";
import { checkContainerResourceName } from "../parts/resourcenames.ts";

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

function checkRatio(errors: Errors, limit: Limit, name: string, path: FieldPath): void {
  const ratio = limit.maxLimitRequestRatio?.[name];
  if (ratio === undefined || compareQuantities(ratio, "1") >= 0) return;
  errors.push(invalid(path.child("maxLimitRequestRatio").key(name), ratio, `ratio ${ratio} is less than 1`));
}

const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

function checkLimit(errors: Errors, limit: Limit, path: FieldPath): void {
  if (limit.type === "Pod") {
    for (const field of ["default", "defaultRequest"] as const) {
      if (!limit[field]) continue;
      errors.push(forbiddenField(path.child(field), "may not be specified when `type` is 'Pod'"));
    }
  }
  if (limit.type === "PersistentVolumeClaim" && !limit.min?.storage && !limit.max?.storage) {
    errors.push(
      required(path.child("limits"), "either minimum or maximum storage value is required, but neither was provided"),
    );
  }
  const names = new Set(lists.flatMap((list) => Object.keys(limit[list] ?? {})));
  for (const name of names) {
    if (limit.type === "Container") checkContainerResourceName(errors, name, () => path.child("max").key(name));
    checkOrder(errors, limit, name, path);
  }
}

function validate({ spec }: LimitRange): FieldError[] {
  const errors: FieldError[] = [];
  const types = new Set<string>();
  for (const [index, limit] of (spec.limits ?? []).entries()) {
    const path = new FieldPath("spec").child("limits").index(index);
    addInvalid(errors, () => path.child("type"), limit.type ?? "", qualifiedName(limit.type ?? ""));
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
