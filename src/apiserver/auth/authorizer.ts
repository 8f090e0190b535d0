import type { UserInfo } from "../../base/http.ts";

/** What somebody wants to do, as authorizers see it (authorization.k8s.io, "ResourceAttributes"). */
export interface Attributes {
  user: UserInfo;
  /** Kubernetes' verb for resources (`get`, `list`, `bind`, …); the method in lower case for other paths. */
  verb: string;
  /** Set for what is no resource. */
  path?: string;
  resource?: ResourceAttributes;
}

export interface ResourceAttributes {
  group: string;
  version: string;
  /** The plural, or `*`. */
  plural: string;
  subresource?: string;
  /** Absent or empty: the whole cluster, or a resource without namespaces. */
  namespace?: string;
  /** Absent or empty: all names. */
  name?: string;
  /** The request's selectors: the Node authorizer narrows lists and watches by them. */
  fieldSelector?: string;
  labelSelector?: string;
}

export interface Decision {
  /** `none`: this authorizer has no opinion; the next one is asked, and without a next one the answer is no. */
  decision: "allow" | "deny" | "none";
  /** Shown to the user (`RBAC: allowed by …`, or why a role could not be read). */
  reason: string;
}

/** Says whether a request is allowed, by what the server knows at this moment: nothing outlives a revocation. */
export type Authorizer = (attributes: Attributes) => Decision;

/** Asks one after another; the first opinion counts, and reasons of those without one are joined by a line break. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return (attributes) => {
    const reasons: string[] = [];
    for (const authorizer of authorizers) {
      const decision = authorizer(attributes);
      if (decision.decision !== "none") return decision;
      if (decision.reason) reasons.push(decision.reason);
    }
    return { decision: "none", reason: reasons.join("\n") };
  };
}
