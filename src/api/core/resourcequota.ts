import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkImmutable, type Errors } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { checkQuotaResourceName, checkResourceAmount } from "../parts/resourcenames.ts";
import { statusSubresource } from "../parts/subresources.ts";

type ResourceQuota = KubeObject & {
  spec: { hard?: Record<string, string>; scopes?: string[]; scopeSelector?: { matchExpressions?: any[] } };
  status?: any;
};

const specPath = new FieldPath("spec");

const podScopes = [
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "PriorityClass",
  "CrossNamespacePodAffinity",
];
const scopes = [...podScopes, "VolumeAttributesClass"];
const existsOnly = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"];
const conflicts = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

/** Resources that pods have, so that a scope of pods makes sense for them. */
const ofPods = /^(pods|count\/pods|(requests\.|limits\.)?(cpu|memory)|(requests\.|limits\.)?ephemeral-storage)$/;

function scopeFits(scope: string, resource: string): boolean {
  if (scope === "BestEffort") return resource === "pods" || resource === "count/pods";
  if (scope === "VolumeAttributesClass") return !ofPods.test(resource);
  return ofPods.test(resource);
}

function checkScopes(errors: Errors, list: string[], hard: Record<string, string>, path: FieldPath): void {
  if (list.some((scope) => !scopes.includes(scope))) errors.push(invalid(path, list, "unsupported scope"));
  for (const scope of list) {
    if (!scopes.includes(scope)) continue;
    if (Object.keys(hard).some((resource) => !scopeFits(scope, resource))) {
      errors.push(invalid(path, list, "unsupported scope applied to resource"));
    }
  }
  if (conflicts.some((pair) => pair.every((scope) => list.includes(scope)))) {
    errors.push(invalid(path, list, "conflicting scopes"));
  }
}

function checkScopeSelector(errors: Errors, selector: any, hard: Record<string, string>, path: FieldPath): void {
  const at = path.child("matchExpressions");
  for (const { scopeName, operator, values } of selector.matchExpressions ?? []) {
    if (!scopes.includes(scopeName)) {
      errors.push(invalid(at.child("scopeName"), scopeName ?? "", "unsupported scope"));
    } else if (Object.keys(hard).some((resource) => !scopeFits(scopeName, resource))) {
      errors.push(invalid(at, selector, "unsupported scope applied to resource"));
    }
    if (existsOnly.includes(scopeName) && operator !== "Exists") {
      const list = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort"].map(
        (scope) => `ResourceQuotaScope${scope}`,
      );
      const why = `must be 'Exists' when scope is any of ${list.join(", ")} or ResourceQuotaScopeCrossNamespacePodAffinity`;
      errors.push(invalid(at.child("operator"), operator ?? "", why));
    }
    const needsValues = operator === "In" || operator === "NotIn";
    if (needsValues && !values?.length) {
      errors.push(
        required(
          at.child("values"),
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      );
    }
    if (!needsValues && values?.length) {
      errors.push(
        invalid(
          at.child("values"),
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      );
    }
    if (!["In", "NotIn", "Exists", "DoesNotExist"].includes(operator)) {
      errors.push(invalid(at.child("operator"), operator ?? "", "not a valid selector operator"));
    }
  }
}

function validate({ spec }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = [];
  const hard = spec.hard ?? {};
  for (const name in hard) {
    const path = () => specPath.child("hard").key(name);
    checkQuotaResourceName(errors, name, path);
    checkResourceAmount(errors, name, hard[name]!, path);
  }
  if (spec.scopes?.length) checkScopes(errors, spec.scopes, hard, specPath.child("scopes"));
  if (spec.scopeSelector) checkScopeSelector(errors, spec.scopeSelector, hard, specPath.child("scopeSelector"));
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
  validate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.spec.scopes, previous.spec.scopes, () => specPath.child("scopes"));
    return errors;
  },
  columns: [
    text("Request", (quota) => usageText(quota, false)),
    text("Limit", (quota) => usageText(quota, true)),
    ageColumn,
  ],
});
