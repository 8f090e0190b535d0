import type { KubeObject } from "../../../api/machinery/object.ts";
import { cacheOf, type Registry } from "../../registry/scope.ts";

/** A policy with the bindings that put it in force. */
export interface Hook {
  policy: KubeObject;
  bindings: readonly KubeObject[];
}

/**
 * Policies that are in force, by name, as the server's cache has them at this moment. The list is made again only after
 * a policy or a binding changed: most requests meet none.
 */
export function hookList(registry: () => Registry, policies: string, bindings: string): () => readonly Hook[] {
  let known: readonly Hook[] | undefined;
  let watching = false;
  const forget = () => {
    known = undefined;
  };
  const objects = (plural: string) => {
    const cache = cacheOf(registry(), registry().resources.byId(`${plural}.admissionregistration.k8s.io`)!);
    if (!watching) cache.subscribe(forget);
    return [...cache.list()].map(({ object }) => object);
  };
  return () => {
    if (known) return known;
    const byPolicy = Map.groupBy(objects(bindings), (binding) => binding.spec.policyName as string);
    const all = objects(policies);
    watching = true;
    known = all.flatMap((policy) => {
      const own = byPolicy.get(policy.metadata.name);
      return own ? [{ policy, bindings: own }] : [];
    });
    return known;
  };
}
