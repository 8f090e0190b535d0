import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkLabelSelector, type Errors } from "../parts/checks.ts";
import { createdAtColumn } from "../parts/columns.ts";

const group = "rbac.authorization.k8s.io";
const version = "v1";

function checkRules(errors: Errors, rules: any[] | undefined, namespaced: boolean): void {
  for (const [index, rule] of (rules ?? []).entries()) {
    const path = new FieldPath("rules").index(index);
    const { verbs = [], nonResourceURLs: urls = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
    if (verbs.length === 0) errors.push(required(path.child("verbs"), "verbs must contain at least one value"));
    if (urls.length > 0) {
      const at = path.child("nonResourceURLs");
      if (namespaced) errors.push(invalid(at, urls, "namespaced rules cannot apply to non-resource URLs"));
      if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
        errors.push(invalid(at, urls, "rules cannot apply to both regular resources and non-resource URLs"));
      }
      continue;
    }
    if (apiGroups.length === 0) {
      errors.push(required(path.child("apiGroups"), "resource rules must supply at least one api group"));
    }
    if (resources.length === 0) {
      errors.push(required(path.child("resources"), "resource rules must supply at least one resource"));
    }
  }
}

function validateClusterRole({ rules, aggregationRule }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkRules(errors, rules, false);
  if (!aggregationRule) return errors;
  const path = new FieldPath("aggregationRule").child("clusterRoleSelectors");
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.push(required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
  }
  for (const [index, selector] of selectors.entries()) {
    const before = errors.length;
    checkLabelSelector(errors, selector, path.index(index));
    // Said of the whole, too.
    if (errors.length > before) errors.push(invalid(path.index(index), null, "invalid label selector."));
  }
  return errors;
}

export const clusterRoles = defineResource<any>({
  group,
  version,
  kind: "ClusterRole",
  plural: "clusterroles",
  scope: "Cluster",
  schema: "io.k8s.api.rbac.v1.ClusterRole",
  nameRule: "path",
  createOnUpdate: true,
  validate: validateClusterRole,
  columns: [createdAtColumn],
});

export const roles = defineResource<any>({
  group,
  version,
  kind: "Role",
  plural: "roles",
  scope: "Namespaced",
  schema: "io.k8s.api.rbac.v1.Role",
  nameRule: "path",
  createOnUpdate: true,
  validate({ rules }) {
    const errors: FieldError[] = [];
    checkRules(errors, rules, true);
    return errors;
  },
  columns: [createdAtColumn],
});
