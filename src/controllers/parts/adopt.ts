import { controllerOf, type KubeObject } from "../../api/machinery/object.ts";
import type { Action } from "../../client/mod.ts";
import { ownerReference } from "./pods.ts";

/** What of `candidates` an owner holds, takes and lets go. */
export interface Claimed {
  /** Owned, and matched by the selector. */
  own: KubeObject[];
  actions: Action[];
}

/**
 * Takes orphans that the selector matches and lets go of what it matches no more. Nothing is taken by an owner that is being
 * deleted, and nothing that is being deleted changes hands. A `finalizer`, if given, comes and goes with the owner. Pure.
 */
export function claim(
  owner: KubeObject,
  resource: string,
  { owned, orphans }: { owned: Iterable<KubeObject>; orphans: Iterable<KubeObject> },
  matches: (object: KubeObject) => boolean,
  finalizer?: string,
): Claimed {
  const own: KubeObject[] = [];
  const actions: Action[] = [];
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  for (const object of owned) {
    if (matches(object)) own.push(object);
    else if (!object.metadata.deletionTimestamp && !leaving)
      actions.push(patchOwners(resource, object, letGo(object, owner), withFinalizer(object, finalizer, false)));
  }
  if (leaving) return { own, actions };
  for (const object of orphans) {
    const { metadata } = object;
    if (metadata.deletionTimestamp || controllerOf(object) || !matches(object)) continue;
    const owners = [...(metadata.ownerReferences ?? []), ownerReference(owner)];
    actions.push(patchOwners(resource, object, owners, withFinalizer(object, finalizer, true)));
  }
  return { own, actions };
}

function letGo({ metadata }: KubeObject, owner: KubeObject): object[] {
  return (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
}

/** What a patch says of the finalizers, where one is to come or go. */
function withFinalizer({ metadata }: KubeObject, finalizer: string | undefined, wanted: boolean): object {
  const before = metadata.finalizers ?? [];
  if (finalizer === undefined || before.includes(finalizer) === wanted) return {};
  return { finalizers: wanted ? [...before, finalizer] : before.filter((each) => each !== finalizer) };
}

function patchOwners(resource: string, object: KubeObject, ownerReferences: object[], more: object): Action {
  const { uid, resourceVersion } = object.metadata;
  return {
    do: "patch",
    resource,
    object,
    type: "merge",
    patch: { metadata: { uid, resourceVersion, ownerReferences, ...more } },
  };
}

/** An index of objects without a controlling owner, by namespace. */
export const orphanIndex = {
  orphan: (object: KubeObject): readonly string[] =>
    controllerOf(object) || !object.metadata.namespace ? [] : [object.metadata.namespace],
};
