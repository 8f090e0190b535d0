import { isReserved } from "../cel/adapt.ts";
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooMany,
} from "../machinery/field.ts";
import { dns1035Label, dns1123Subdomain, qualifiedName } from "../machinery/names.ts";
import { checkLabelSelector } from "../parts/checks.ts";
import { compileConditions, compilePolicy } from "./compile_policy.ts";
import type { Compiled } from "./environment.ts";
import { ruleErrors } from "./rules.ts";

/** How many match conditions there may be. */
const conditionsMax = 64;

const annotationsMax = 20;
const annotationExpressionBytesMax = 5 * 1024;
const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

/** What is wrong with an expression. */
function* expressionErrors(text: string, compiled: Compiled | undefined, path: FieldPath): Generator<FieldError> {
  if (text.trim() === "") yield required(path, "expression is not specified");
  else if (compiled && "error" in compiled) yield invalid(path, text, compiled.error);
}

/** Errors in match conditions. With `params` they may look at the policy's parameters. */
export function* conditionErrors(conditions: readonly any[], params: boolean, path: FieldPath): Generator<FieldError> {
  if (conditions.length > conditionsMax) yield tooMany(path, conditions.length, conditionsMax);
  const compiled = compileConditions(conditions.slice(0, conditionsMax), params);
  const names = new Set<string>();
  for (const [index, { name, expression = "" }] of conditions.entries()) {
    const at = path.index(index);
    if (expression.trim() === "") yield required(at.child("expression"));
    else yield* expressionErrors(expression.trim(), compiled[index], at.child("expression"));
    if (!name) yield required(at.child("name"));
    else for (const why of qualifiedName(name)) yield invalid(at.child("name"), name, why);
    if (name && names.has(name)) yield duplicate(at.child("name"), name);
    names.add(name);
  }
}

/** Errors in `matchConstraints` and `matchResources`. */
export function* matchErrors(match: any, path: FieldPath): Generator<FieldError> {
  const policies = ["Equivalent", "Exact"];
  if (!policies.includes(match.matchPolicy)) yield notSupported(path.child("matchPolicy"), match.matchPolicy, policies);
  const errors: FieldError[] = [];
  for (const field of ["namespaceSelector", "objectSelector"])
    checkLabelSelector(errors, match[field], path.child(field));
  yield* errors;
  for (const field of ["resourceRules", "excludeResourceRules"]) {
    for (const [index, rule] of (match[field] ?? []).entries()) yield* ruleErrors(rule, path.child(field).index(index));
  }
}

function* paramKindErrors({ apiVersion, kind }: any, path: FieldPath): Generator<FieldError> {
  const at = path.child("apiVersion");
  if (!apiVersion) yield required(at);
  else if (apiVersion.split("/").length > 2)
    yield invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else {
    const slash = apiVersion.indexOf("/");
    const [group, version] = [apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1)];
    const groupErrors = group === "" ? [] : dns1123Subdomain(group);
    if (groupErrors.length > 0) yield invalid(at, group, groupErrors.join(","));
    if (version === "") yield invalid(at, apiVersion, "version must be specified");
    else if (dns1035Label(version).length > 0) yield invalid(at, version, dns1035Label(version).join(","));
  }
  const kindErrors = kind ? dns1035Label(kind.toLowerCase()) : [];
  if (!kind) yield required(path.child("kind"));
  else if (kindErrors.length > 0) {
    const why = `may have mixed case, but should otherwise match: ${kindErrors.join(",")}`;
    yield invalid(path.child("kind"), kind, why);
  }
}

/** Errors in what both kinds of policies have before their rules. */
function* commonErrors(spec: any, path: FieldPath): Generator<FieldError> {
  const policies = ["Fail", "Ignore"];
  if (!policies.includes(spec.failurePolicy))
    yield notSupported(path.child("failurePolicy"), spec.failurePolicy, policies);
  if (spec.paramKind) yield* paramKindErrors(spec.paramKind, path.child("paramKind"));
  const at = path.child("matchConstraints");
  if (!spec.matchConstraints) yield required(at);
  else {
    yield* matchErrors(spec.matchConstraints, at);
    if (!spec.matchConstraints.resourceRules?.length) yield required(at.child("resourceRules"));
  }
  yield* conditionErrors(spec.matchConditions ?? [], spec.paramKind !== undefined, path.child("matchConditions"));
}

function* variableErrors(
  variables: any[],
  compiled: readonly { compiled: Compiled }[],
  path: FieldPath,
): Generator<FieldError> {
  for (const [index, { name = "", expression = "" }] of variables.entries()) {
    const at = path.index(index);
    if (name.trim() === "") yield required(at.child("name"), "name is not specified");
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || isReserved(name)) {
      yield invalid(at.child("name"), name, "must be a valid CEL identifier");
    }
    yield* expressionErrors(expression, compiled[index]?.compiled, at.child("expression"));
  }
}

function* messageErrors(validation: any, path: FieldPath): Generator<FieldError> {
  const { message = "", reason } = validation;
  const at = path.child("message");
  if (message !== "" && message.trim() === "") yield invalid(at, message, "must be non-empty if specified");
  else if (/[\n\r]/.test(message.trim())) yield invalid(at, message, "must not contain line breaks");
  if (reason !== undefined && !reasons.includes(reason)) yield notSupported(path.child("reason"), reason, reasons);
}

/** Errors in a ValidatingAdmissionPolicy. */
export function* validatingPolicyErrors({ spec, metadata }: any, path: FieldPath): Generator<FieldError> {
  yield* commonErrors(spec, path);
  const compiled = compilePolicy(spec);
  yield* variableErrors(spec.variables ?? [], compiled.variables, path.child("variables"));
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    yield required(path.child("validations"), why);
    yield required(path.child("auditAnnotations"), why);
  }
  for (const [index, validation] of validations.entries()) {
    const at = path.child("validations").index(index);
    const { expression, message } = compiled.validations[index]!;
    yield* expressionErrors(validation.expression ?? "", expression, at.child("expression"));
    const { messageExpression = "" } = validation;
    if (messageExpression !== "" && messageExpression.trim() === "") {
      yield invalid(at.child("messageExpression"), messageExpression, "must be non-empty if specified");
    } else if (messageExpression !== "") {
      yield* expressionErrors(messageExpression, message, at.child("messageExpression"));
    }
    yield* messageErrors(validation, at);
  }
  yield* annotationErrors(
    auditAnnotations,
    compiled.auditAnnotations,
    metadata.name ?? "",
    path.child("auditAnnotations"),
  );
}

function* annotationErrors(
  annotations: any[],
  compiled: readonly Compiled[],
  policy: string,
  path: FieldPath,
): Generator<FieldError> {
  if (annotations.length > annotationsMax) {
    yield invalid(path, annotations, `must not have more than ${annotationsMax} auditAnnotations`);
  }
  const keys = new Set<string>();
  for (const [index, { key = "", valueExpression = "" }] of annotations.entries()) {
    const at = path.index(index);
    if (policy === "") yield invalid(at.child("key"), key, "requires metadata.name be non-empty");
    else for (const why of qualifiedName(`${policy}/${key}`)) yield invalid(at.child("key"), `${policy}/${key}`, why);
    const value = at.child("valueExpression");
    const result = compiled[index]!;
    if (valueExpression.trim() === "") yield required(value, "valueExpression is not specified");
    else if (valueExpression.trim().length > annotationExpressionBytesMax) {
      yield required(value, `must not exceed ${annotationExpressionBytesMax} bytes in length`);
    } else if ("error" in result) yield invalid(value, valueExpression, result.error);
    if (keys.has(key)) yield duplicate(at.child("key"), key);
    keys.add(key);
  }
}

const patchTypes = ["ApplyConfiguration", "JSONPatch"];

/** The field that each type of patch has. */
const patchFields: Record<string, string> = { ApplyConfiguration: "applyConfiguration", JSONPatch: "jsonPatch" };

/** Errors in a MutatingAdmissionPolicy. */
export function* mutatingPolicyErrors({ spec }: any, path: FieldPath): Generator<FieldError> {
  yield* commonErrors(spec, path);
  const compiled = compilePolicy(spec);
  yield* variableErrors(spec.variables ?? [], compiled.variables, path.child("variables"));
  const { mutations = [], reinvocationPolicy } = spec;
  if (mutations.length === 0) yield required(path.child("mutations"), "mutations must contain at least one item");
  for (const [index, mutation] of mutations.entries()) {
    yield* mutationErrors(mutation, compiled.mutations[index], path.child("mutations").index(index));
  }
  const policies = ["IfNeeded", "Never"];
  if (!reinvocationPolicy) yield required(path.child("reinvocationPolicy"));
  else if (!policies.includes(reinvocationPolicy)) {
    yield notSupported(path.child("reinvocationPolicy"), reinvocationPolicy, policies);
  }
}

function* mutationErrors(mutation: any, compiled: Compiled | undefined, path: FieldPath): Generator<FieldError> {
  const { patchType } = mutation;
  if (!patchType) yield required(path.child("patchType"));
  else if (!patchTypes.includes(patchType)) yield notSupported(path.child("patchType"), patchType, patchTypes);
  else {
    const field = patchFields[patchType]!;
    const other = field === "jsonPatch" ? "applyConfiguration" : "jsonPatch";
    const patch = mutation[field];
    if (!patch) yield required(path.child(field), `must be specified when patchType is ${patchType}`);
    else yield* expressionErrors(patch.expression ?? "", compiled, path.child(field).child("expression"));
    if (mutation[other]) {
      const body = `Forbidden: may not be specified when patchType is ${patchType}`;
      yield { type: "FieldValueForbidden", field: `${path.child(other)}`, body };
    }
  }
}
