import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { checkQuotaResourceName, checkResourceAmount, isQuotaResource } from "../parts/resourcenames.ts";
import { statusSubresource } from "../parts/subresources.ts";

type ResourceQuota = KubeObject & {
  spec: { hard?: Record<string, string>; scopes?: string[]; scopeSelector?: { matchExpressions?: any[] } };
  status?: any;
};

const specPath = new FieldPath("spec");

const scopes = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
];
const existsOnly = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"];
const conflicts = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

const ofPods = new Set(["pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"]);
const ofClaims = new Set(["persistentvolumeclaims", "requests.storage"]);

function scopeFits(scope: string, resource: string): boolean {
  if (!isQuotaResource(resource) || !scopes.includes(scope)) return true;
  if (scope === "BestEffort") return resource === "pods";
  return (scope === "VolumeAttributesClass" ? ofClaims : ofPods).has(resource);
}

type Hard = Record<string, string>;

/** What a scope cannot be for; the real server says it for each resource. */
function checkFits(errors: Errors, scope: string, hard: Hard, error: () => FieldError): void {
  for (const resource of Object.keys(hard).sort()) if (!scopeFits(scope, resource)) errors.push(error());
}

function checkConflicts(errors: Errors, named: readonly string[], given: unknown, path: FieldPath): void {
  for (const pair of conflicts) {
    if (pair.every((scope) => named.includes(scope))) errors.push(invalid(path, given, "conflicting scopes"));
  }
}

function checkScopes(errors: Errors, list: string[], hard: Hard, path: FieldPath): void {
  for (const scope of list) {
    if (!scopes.includes(scope)) errors.push(invalid(path, list, "unsupported scope"));
    checkFits(errors, scope, hard, () => invalid(path, list, "unsupported scope applied to resource"));
  }
  checkConflicts(errors, list, list, path);
}

const selectorShape: GoShape = {
  MatchExpressions: [
    "matchExpressions",
    null,
    () => ({ ...fields("ScopeName Operator", ""), Values: ["values", null] }),
  ],
};

function checkOperator(errors: Errors, { scopeName, operator = "", values }: any, path: FieldPath): void {
  if (existsOnly.includes(scopeName) && operator !== "Exists") {
    const list = existsOnly.slice(0, -1).map((scope) => `ResourceQuotaScope${scope}`);
    const why = `must be 'Exists' when scope is any of ${list.join(", ")} or ResourceQuotaScope${existsOnly.at(-1)}`;
    errors.push(invalid(path.child("operator"), operator, why));
  }
  if (operator === "In" || operator === "NotIn") {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (!values?.length) errors.push(required(path.child("values"), why));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values?.length) errors.push(invalid(path.child("values"), values, why));
  } else errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
}

function checkScopeSelector(errors: Errors, spec: ResourceQuota["spec"], hard: Hard, path: FieldPath): void {
  const at = path.child("matchExpressions");
  const expressions = spec.scopeSelector?.matchExpressions ?? [];
  for (const expression of expressions) {
    const scope: string = expression.scopeName ?? "";
    if (!scopes.includes(scope)) errors.push(invalid(at.child("scopeName"), scope, "unsupported scope"));
    const shown = () => goValue(spec.scopeSelector, selectorShape);
    checkFits(errors, scope, hard, () => invalid(at, shown(), "unsupported scope applied to resource"));
    checkOperator(errors, expression, at);
  }
  // The value is that of the other list of scopes.
  const named = expressions.map(({ scopeName }) => scopeName);
  checkConflicts(errors, named, spec.scopes ?? null, at);
}

function checkAmounts(errors: Errors, amounts: Hard | undefined, path: FieldPath): void {
  for (const name in amounts) {
    const at = () => path.key(name);
    checkQuotaResourceName(errors, name, at);
    checkResourceAmount(errors, name, amounts[name]!, at);
  }
}

function validate({ spec }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = [];
  const hard = spec.hard ?? {};
  checkAmounts(errors, hard, specPath.child("hard"));
  if (spec.scopes?.length) checkScopes(errors, spec.scopes, hard, specPath.child("scopes"));
  if (spec.scopeSelector) checkScopeSelector(errors, spec, hard, specPath.child("scopeSelector"));
  return errors;
}

/** Which scopes there are stays; their order is nobody's business. */
function validateUpdate({ spec }: ResourceQuota, previous: ResourceQuota): FieldError[] {
  const [now, before] = [spec.scopes, previous.spec.scopes].map((list) => [...new Set(list)].sort());
  if (sameValue(now, before)) return [];
  return [invalid(specPath.child("scopes"), spec.scopes ?? null, "field is immutable")];
}

function validateStatusUpdate({ status }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ["hard", "used"]) checkAmounts(errors, status?.[list], new FieldPath("status").child(list));
  return errors;
}

/** `pods: 1/4, services: 0/2`, of the limits or of all others. */
function usageText({ status }: any, ofLimits: boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter((name) => name.startsWith("limits.") === ofLimits)
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? 0}/${status.hard[name]}`)
    .join(", ");
}

export const resourceQuotas = defineResource<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ResourceQuota",
  subresources: [statusSubresource],
  statusFields: ["status"],
  metadataAsChange: true,
  validate,
  validateUpdate,
  validateStatusUpdate,
  columns: [
    text("Request", (quota) => usageText(quota, false)),
    text("Limit", (quota) => usageText(quota, true)),
    ageColumn,
  ],
});
