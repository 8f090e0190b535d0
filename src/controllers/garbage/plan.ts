import type { KubeObject, OwnerReference } from "../../api/machinery/object.ts";
import type { Action, ResourceRef } from "../../client/mod.ts";

/** An object of any resource. */
export interface Item {
  ref: ResourceRef;
  object: KubeObject;
}

/**
 * What an owner is: there; there but waiting for its dependents to go first; gone; or of a kind or place that cannot be
 * looked up, so that nothing may be concluded.
 */
export type OwnerState = "solid" | "waiting" | "absent" | "unknown";

/** What the plan may ask of the graph of owners. */
export interface Graph {
  stateOf(owner: OwnerReference): OwnerState;
  dependentsOf(uid: string): readonly Item[];
}

const orphan = "orphan";
const foreground = "foregroundDeletion";

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(finalizer);
}

/** Whether an object waits for its dependents before it goes. */
export function waitsForDependents(object: KubeObject): boolean {
  return hasFinalizer(object, foreground);
}

/** Whether an object may need a plan: it holds or frees dependents, or one of its owners is not known. */
export function needsPlan(object: KubeObject, isKnown: (owner: OwnerReference) => boolean): boolean {
  if (waitsForDependents(object) || hasFinalizer(object, orphan)) return true;
  return object.metadata.ownerReferences?.some((owner) => !isKnown(owner)) ?? false;
}

/** One step for one object: free or delete its dependents, or delete it for want of owners (docs, "Garbage Collection"). Pure. */
export function planGarbage(item: Item, graph: Graph): Action[] {
  const { object } = item;
  if (hasFinalizer(object, orphan)) return planOrphan(item, graph);
  if (waitsForDependents(object)) return planForeground(item, graph);
  if (object.metadata.deletionTimestamp) return [];
  return planOwners(item, graph);
}

function planOrphan(item: Item, graph: Graph): Action[] {
  const { uid } = item.object.metadata;
  const dependents = graph.dependentsOf(uid);
  if (dependents.length === 0) return [dropFinalizer(item, orphan)];
  return dependents.map((each) => withoutOwners(each, (owner) => owner.uid === uid));
}

function planForeground(item: Item, graph: Graph): Action[] {
  const { uid } = item.object.metadata;
  const dependents = graph.dependentsOf(uid);
  const blocking = dependents.filter(({ object }) =>
    object.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion),
  );
  return blocking.length === 0 ? [dropFinalizer(item, foreground)] : [];
}

function planOwners(item: Item, graph: Graph): Action[] {
  const { metadata } = item.object;
  const states = new Map((metadata.ownerReferences ?? []).map((owner) => [owner, graph.stateOf(owner)]));
  const some = (state: OwnerState): boolean => [...states.values()].includes(state);
  if (states.size === 0 || some("unknown")) return [];
  if (some("solid")) {
    if (!some("absent") && !some("waiting")) return [];
    return [withoutOwners(item, (owner) => states.get(owner) !== "solid")];
  }
  const dependents = graph.dependentsOf(metadata.uid);
  // One that waits itself may wait for this one: nobody in such a circle would ever go if none gave way.
  const mayCircle = some("waiting") && dependents.some(({ object }) => waitsForDependents(object));
  if (mayCircle && metadata.ownerReferences!.some((owner) => owner.blockOwnerDeletion)) return [letOwnersGo(item)];
  const finalizers = metadata.finalizers ?? [];
  const propagationPolicy = finalizers.includes(orphan)
    ? "Orphan"
    : finalizers.includes(foreground) || (some("waiting") && dependents.length > 0)
      ? "Foreground"
      : "Background";
  const preconditions = { resourceVersion: metadata.resourceVersion };
  return [{ do: "delete", resource: item.ref, object: item.object, options: { propagationPolicy, preconditions } }];
}

function withoutOwners({ ref, object }: Item, isGone: (owner: OwnerReference) => boolean): Action {
  const { uid, resourceVersion } = object.metadata;
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter((owner) => !isGone(owner));
  const patch = { metadata: { uid, resourceVersion, ownerReferences } };
  return { do: "patch", resource: ref, object, type: "merge", patch };
}

/** No owner need wait for this one any more. */
function letOwnersGo({ ref, object }: Item): Action {
  const { uid, resourceVersion } = object.metadata;
  const ownerReferences = object.metadata.ownerReferences!.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
  const patch = { metadata: { uid, resourceVersion, ownerReferences } };
  return { do: "patch", resource: ref, object, type: "merge", patch };
}

function dropFinalizer({ ref, object }: Item, finalizer: string): Action {
  const { uid, resourceVersion } = object.metadata;
  const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  return {
    do: "patch",
    resource: ref,
    object,
    type: "merge",
    patch: { metadata: { uid, resourceVersion, finalizers } },
  };
}
