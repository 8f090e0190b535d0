import type { KubeObject } from "../../api/machinery/object.ts";
import { forbidden, notFound } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import type { AdmissionPlugin, AdmissionRequest, Registry, Scope } from "../registry/scope.ts";
import { isPrivileged, type Rbac } from "./rbac.ts";
import { missingRights, type PolicyRule, showList, showRule, TooManyRights } from "./rules.ts";

const group = "rbac.authorization.k8s.io";

/** What only somebody with all rights may let roles gather. */
const everything: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/**
 * Nobody gives what they don't have: a role's author needs every right in it, or the verb `escalate`; who binds needs the
 * role's rights, or the verb `bind` (RBAC, "Privilege escalation prevention and bootstrapping"). Runs last of what may
 * change an object, so that it sees what will be stored.
 */
export function escalationPrevention(registry: () => Registry, rbac: () => Rbac): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    mutate(request) {
      const { operation, scope, draft, previous } = request;
      if (scope.resource.group !== group || !draft || (operation !== "CREATE" && operation !== "UPDATE")) return;
      if (isPrivileged(scope.user)) return;
      if (previous && onlyLetsGo(draft, previous)) return;
      switch (scope.resource.plural) {
        case "roles":
        case "clusterroles":
          return checkRole(registry(), rbac(), request, draft);
        case "rolebindings":
        case "clusterrolebindings":
          return checkBinding(registry(), rbac(), scope, draft);
      }
    },
  };
}

/** True if an update only takes out finalizers or owners, as the garbage collector does. */
function onlyLetsGo(draft: KubeObject, previous: KubeObject): boolean {
  const strip = ({ metadata, ...rest }: KubeObject) => {
    const { ownerReferences: _o, finalizers: _f, resourceVersion: _r, managedFields: _m, ...kept } = metadata as any;
    return { ...rest, metadata: kept };
  };
  return sameJson(strip(draft), strip(previous));
}

function checkRole(registry: Registry, rbac: Rbac, request: AdmissionRequest, draft: KubeObject): void {
  const { scope, operation, previous } = request;
  const { resource, user, namespace } = scope;
  const name = draft.metadata.name ?? "";
  const asked = { group, version: resource.version, plural: resource.plural, namespace };
  const escalate = { ...asked, name: operation === "CREATE" ? undefined : name };
  if (registry.authorizer({ user, verb: "escalate", resource: escalate }).decision === "allow") return;
  refuseEscalation(rbac, scope, name, (draft.rules as PolicyRule[] | undefined) ?? []);
  const gathers =
    draft.aggregationRule?.clusterRoleSelectors?.length || previous?.aggregationRule?.clusterRoleSelectors?.length;
  if (!gathers) return;
  const { rules } = rbac.rulesFor(user, namespace ?? "");
  if (missingRights(rules, everything).length > 0)
    throw forbidden(resource, name, "must have cluster-admin privileges to use the aggregationRule");
}

function checkBinding(registry: Registry, rbac: Rbac, scope: Scope, draft: KubeObject): void {
  const { resource, user, namespace } = scope;
  const roleRef = { kind: String(draft.roleRef?.kind ?? ""), name: String(draft.roleRef?.name ?? "") };
  const plural = roleRef.kind === "ClusterRole" ? "clusterroles" : roleRef.kind === "Role" ? "roles" : undefined;
  // What is no role at all is refused by validation.
  if (plural === undefined) return;
  const asked = { group, version: resource.version, plural, namespace, name: roleRef.name };
  if (registry.authorizer({ user, verb: "bind", resource: asked }).decision === "allow") return;
  const rules = rbac.roleRules(roleRef, namespace ?? "");
  if (!rules) throw notFound(resource, roleRef.name);
  refuseEscalation(rbac, scope, draft.metadata.name ?? "", rules);
}

function refuseEscalation(rbac: Rbac, scope: Scope, name: string, wanted: readonly PolicyRule[]): void {
  const { user, resource } = scope;
  const { rules, errors } = rbac.rulesFor(user, scope.namespace ?? "");
  let missing: PolicyRule[];
  try {
    missing = missingRights(rules, wanted);
  } catch (error) {
    if (error instanceof TooManyRights) throw forbidden(resource, name, error.message);
    throw error;
  }
  if (missing.length === 0) return;
  const lines = [...new Set(missing.map(showRule))].sort();
  const who = `user ${JSON.stringify(user.username)} (groups=${showList(user.groups)})`;
  const problems = errors.length > 0 ? `; resolution errors: ${showList(errors).replaceAll('"', "")}` : "";
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}${problems}`;
  throw forbidden(resource, name, why);
}
