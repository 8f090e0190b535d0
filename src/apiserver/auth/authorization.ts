import type { Registry } from "../registry/scope.ts";
import { type Authorizer, unionAuthorizer } from "./authorizer.ts";
import { nodeAuthorizer } from "./node_authorizer.ts";
import { privilegedAuthorizer, type Rbac, rbac } from "./rbac.ts";

/** `--authorization-mode` as kube-apiserver has it, of which we have these. */
export type AuthorizationMode = "Node" | "RBAC" | "AlwaysAllow" | "AlwaysDeny";

export const authorizationModes: readonly AuthorizationMode[] = ["Node", "RBAC", "AlwaysAllow", "AlwaysDeny"];

const always: Record<"AlwaysAllow" | "AlwaysDeny", Authorizer> = {
  AlwaysAllow: () => ({ decision: "allow", reason: "" }),
  AlwaysDeny: () => ({ decision: "none", reason: "Everything is forbidden." }),
};

/** The authorizer of a server: members of `system:masters` first, then each mode in the order given. */
export function authorizerOf(registry: Registry, modes: readonly AuthorizationMode[]): Authorizer {
  const byMode = (mode: AuthorizationMode): Authorizer => {
    if (mode === "RBAC") return rbacOf(registry).authorize;
    if (mode === "Node") return nodeAuthorizer(registry);
    return always[mode];
  };
  return unionAuthorizer([privilegedAuthorizer, ...modes.map(byMode)]);
}

const known = new WeakMap<Registry, Rbac>();

/** The registry's one RBAC with its one index. */
export function rbacOf(registry: Registry): Rbac {
  const found = known.get(registry) ?? rbac(registry);
  known.set(registry, found);
  return found;
}
