import type { KubeObject } from "../../api/machinery/object.ts";
import type { UserInfo } from "../../base/http.ts";
import type { CacheEvent, ResourceCache } from "../cache/cache.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";
import type { Attributes, Authorizer } from "./authorizer.ts";
import { type PolicyRule, ruleAllows } from "./rules.ts";

/** Who is bound, and to what. */
interface Binding extends KubeObject {
  roleRef: { kind: string; name: string };
  subjects?: Subject[];
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

/** A binding as it applies to somebody: by which of its subjects. */
interface Grant {
  binding: Binding;
  subject: Subject;
}

/** Rules that somebody has, with the binding that gives them, or why they cannot be read. */
type Given = { grant: Grant; rules: readonly PolicyRule[] } | { error: string };

/** Answers what roles allow, by the objects as they are in this moment. */
export interface Rbac {
  authorize: Authorizer;
  /** All rules that a user has in a namespace (in none: those for the whole cluster), and what could not be read. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] };
  /** A role's rules. Undefined if there is none. `namespace` is the binding's. */
  roleRules(role: { kind: string; name: string }, namespace: string): readonly PolicyRule[] | undefined;
}

/** RBAC over the watch cache. The index of bindings follows the cache event by event, before anybody is told of a write. */
export function rbac(registry: Registry): Rbac {
  const tableOf = (plural: string) =>
    cacheOf(registry, registry.resources.byId(`${plural}.rbac.authorization.k8s.io`)!);
  const clusterRoles = tableOf("clusterroles");
  const roles = tableOf("roles");
  const indexes = [bindingIndex(tableOf("clusterrolebindings")), bindingIndex(tableOf("rolebindings"))] as const;

  const roleRules: Rbac["roleRules"] = ({ kind, name }, namespace) => {
    const role = kind === "ClusterRole" ? clusterRoles.get(name) : roles.get(`${namespace}/${name}`);
    return role && ((role.object.rules as PolicyRule[] | undefined) ?? []);
  };

  function* given(user: UserInfo, namespace: string): Iterable<Given> {
    for (const [where, index] of [["", indexes[0]] as const, [namespace, indexes[1]] as const]) {
      if (index === indexes[1] && namespace === "") return;
      for (const grant of index.grantsOf(user, where)) {
        const { roleRef } = grant.binding;
        const rules = roleRules(roleRef, where);
        if (rules) yield { grant, rules };
        else {
          const kind = roleRef.kind === "ClusterRole" ? "clusterrole" : "role";
          yield { error: `${kind}.rbac.authorization.k8s.io ${JSON.stringify(roleRef.name)} not found` };
        }
      }
    }
  }

  return {
    roleRules,
    authorize(attributes) {
      const errors: string[] = [];
      for (const each of given(attributes.user, attributes.resource?.namespace ?? "")) {
        if ("error" in each) errors.push(each.error);
        else if (each.rules.some((rule) => ruleAllows(rule, attributes)))
          return { decision: "allow", reason: `RBAC: allowed by ${describe(each.grant)}` };
      }
      return { decision: "none", reason: errors.length > 0 ? `RBAC: ${joinErrors(errors)}` : "" };
    },
    rulesFor(user, namespace) {
      const rules: PolicyRule[] = [];
      const errors: string[] = [];
      for (const each of given(user, namespace)) {
        if ("error" in each) errors.push(each.error);
        else rules.push(...each.rules);
      }
      return { rules, errors };
    },
  };
}

/** Several errors as one text: `[a, b]`; one as itself. The same twice counts once. */
export function joinErrors(errors: readonly string[]): string {
  const unique = [...new Set(errors)];
  return unique.length === 1 ? unique[0]! : `[${unique.join(", ")}]`;
}

function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata;
  const kind = namespace === undefined ? "ClusterRoleBinding" : "RoleBinding";
  const own = namespace === undefined ? name : `${name}/${namespace}`;
  const who =
    subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace || namespace || ""}` : subject.name;
  const role = `${binding.roleRef.kind} ${JSON.stringify(binding.roleRef.name)}`;
  return `${kind} ${JSON.stringify(own)} of ${role} to ${subject.kind} ${JSON.stringify(who)}`;
}

/** The bindings of each user, group and service account. */
function bindingIndex(table: ResourceCache) {
  /** `namespace|User:name` → the bindings' keys → the grant. Invariant: exactly what the table holds. */
  const bySubject = new Map<string, Map<string, Grant>>();

  function add(key: string, binding: Binding): void {
    for (const subject of binding.subjects ?? []) {
      const place = placeOf(binding, subject);
      if (place === undefined) continue;
      const grants = bySubject.get(place) ?? new Map<string, Grant>();
      bySubject.set(place, grants);
      if (!grants.has(key)) grants.set(key, { binding, subject });
    }
  }

  function remove(key: string, binding: Binding): void {
    for (const subject of binding.subjects ?? []) {
      const place = placeOf(binding, subject);
      const grants = place === undefined ? undefined : bySubject.get(place);
      grants?.delete(key);
      if (grants?.size === 0) bySubject.delete(place!);
    }
  }

  for (const item of table.list()) add(item.key, item.object as Binding);
  table.subscribe(({ type, item, previous }: CacheEvent) => {
    if (previous) remove(item.key, previous.object as Binding);
    if (type === "put") add(item.key, item.object as Binding);
  });
  return {
    /** What applies to a user in a namespace (the empty one: cluster-wide bindings). */
    *grantsOf(user: UserInfo, namespace: string): Iterable<Grant> {
      yield* bySubject.get(`${namespace}|User:${user.username}`)?.values() ?? [];
      for (const group of user.groups) yield* bySubject.get(`${namespace}|Group:${group}`)?.values() ?? [];
      if (user.username.startsWith(accountPrefix))
        yield* bySubject.get(`${namespace}|${user.username}`)?.values() ?? [];
    },
  };
}

const accountPrefix = "system:serviceaccount:";

/** Where the index keeps a subject. Undefined for a subject that is nobody. */
function placeOf(binding: Binding, subject: Subject): string | undefined {
  const namespace = binding.metadata.namespace ?? "";
  if (subject.kind === "User" || subject.kind === "Group") return `${namespace}|${subject.kind}:${subject.name}`;
  if (subject.kind !== "ServiceAccount") return undefined;
  const home = subject.namespace || namespace;
  return home === "" ? undefined : `${namespace}|${accountPrefix}${home}:${subject.name}`;
}

/** What members of this group ask is never refused. */
const privilegedGroup = "system:masters";

/** Allows members of `system:masters` everything, whatever roles say. */
export const privilegedAuthorizer: Authorizer = ({ user }: Attributes) => ({
  decision: user.groups.includes(privilegedGroup) ? "allow" : "none",
  reason: "",
});

/** True if nothing is refused to a user. */
export function isPrivileged(user: UserInfo): boolean {
  return user.groups.includes(privilegedGroup);
}
