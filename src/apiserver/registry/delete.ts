import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { conflict, notFound, type Status, type StatusError } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { type Cached, cached, encodeValue, storagePrefix } from "../cache/cache.ts";
import { noteAddresses } from "../services/addresses.ts";
import type { Beside } from "./beside.ts";
import { admit, review } from "./draft.ts";
import { type AdmissionRequest, cacheOf, keyIn, type Registry, type Scope, serveOne, storedResource } from "./scope.ts";
import { isFinished } from "./update.ts";

/** How a deletion was asked for (meta/v1 DeleteOptions). */
export interface Deletion {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
  /** The object is one of a collection: admission is told no name. */
  collection?: boolean;
  /** Admission was asked already, about what led to this: an eviction. */
  admitted?: boolean;
}

/** What a deletion came to: the object while it waits for its end (or as it was), and whether it is gone. */
export interface Deleted {
  item: Cached;
  gone: boolean;
}

/** Kinds of Kubernetes' own whose deletion answers with the object rather than a Status. */
export const answeredWithObject: ReadonlySet<string> = new Set([
  "CSIDriver",
  "CSINode",
  "DeviceClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Pod",
  "PodTemplate",
  "ResourceClaim",
  "ResourceClaimTemplate",
  "ResourceQuota",
  "ResourceSlice",
  "Service",
  "ServiceAccount",
  "StorageClass",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

/** Starts or finishes the deletion of an object. Throws NotFound, and Conflict for preconditions that do not hold. */
export async function deleteObject(
  registry: Registry,
  scope: Scope,
  name: string,
  deletion: Deletion,
): Promise<Deleted> {
  const { resource } = scope;
  const stored = storedResource(registry, resource);
  const key = keyIn(scope, name);
  for (;;) {
    const item = cacheOf(registry, resource).get(key);
    if (!item) throw notFound(resource, name);
    checkPreconditions(resource, item, deletion);
    const previous = (await serveOne(resource, item)).object;
    const { collection, admitted, ...given } = deletion;
    const options = { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", ...given, ...dryRunOption(scope) };
    const request: AdmissionRequest = { operation: "DELETE", scope, name, previous, collection, options };
    if (!admitted) {
      await admit(registry, request);
      await review(registry, request);
    }
    const now = registry.clock.now();
    const next = planDeletion(stored, item.object, deletion, now);
    // The first deletion of a namespace only marks it, whatever it holds.
    const first = stored.id === "namespaces" && item.object.metadata.deletionTimestamp === undefined;
    const ends = !first && (next === undefined || isFinished(stored, next));
    if (ends && stored.deletionGraceSeconds) {
      const marked = await commitMark(registry, scope, key, item, markOf(stored, item.object, now));
      if (marked) return marked;
      continue;
    }
    if (next === item.object) return { item: await serveOne(resource, item), gone: false };
    if (scope.dryRun) {
      const shown = ends || !next ? item : cached(key, next, item.revision);
      return { item: await serveOne(resource, shown), gone: ends };
    }
    const storeKey = storagePrefix(stored) + key;
    const beside: Beside = { preconditions: [], operations: [] };
    if (ends) noteAddresses(registry, stored, item.object, undefined, beside);
    const result = await registry.store.commit(
      [{ key: storeKey, revision: item.revision }],
      [ends || !next ? { delete: storeKey } : { put: storeKey, value: encodeValue(next) }, ...beside.operations],
    );
    await registry.cache.reached(result.revision);
    if (result.ok) {
      const last = cached(key, next ?? item.object, result.revision);
      return { item: await serveOne(resource, last), gone: ends };
    }
  }
}

/** A graceful object at the end of its grace: what watchers see right before it is gone. */
function markOf(resource: Resource, object: KubeObject, now: number): KubeObject {
  const { metadata } = object;
  const { deletionTimestamp: then, deletionGracePeriodSeconds: grace = 0, generation } = metadata;
  if (then !== undefined && grace === 0) return object;
  const ended = then === undefined ? now : Date.parse(then) - grace * 1000;
  const counts = then === undefined && resource.generation && generation !== undefined;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(counts ? { generation: generation + 1 } : {}),
      deletionTimestamp: formatTime(ended),
      deletionGracePeriodSeconds: 0,
    },
  };
}

/** Stores the mark, then takes the object away. Undefined if somebody else wrote it in between. */
async function commitMark(
  registry: Registry,
  scope: Scope,
  key: string,
  item: Cached,
  mark: KubeObject,
): Promise<Deleted | undefined> {
  const storeKey = storagePrefix(storedResource(registry, scope.resource)) + key;
  let { revision } = item;
  if (scope.dryRun) return { item: await serveOne(scope.resource, cached(key, mark, revision)), gone: true };
  if (mark !== item.object) {
    const written = await registry.store.commit(
      [{ key: storeKey, revision }],
      [{ put: storeKey, value: encodeValue(mark) }],
    );
    await registry.cache.reached(written.revision);
    if (!written.ok) return undefined;
    revision = written.revision;
  }
  const result = await registry.store.commit([{ key: storeKey, revision }], [{ delete: storeKey }]);
  await registry.cache.reached(result.revision);
  if (!result.ok) return undefined;
  return { item: await serveOne(scope.resource, cached(key, mark, result.revision)), gone: true };
}

function dryRunOption({ dryRun }: Scope): { dryRun?: string[] } {
  return dryRun ? { dryRun: ["All"] } : {};
}

function checkPreconditions(resource: Resource, item: Cached, { preconditions }: Deletion): void {
  const { metadata } = item.object;
  if (preconditions?.uid !== undefined && preconditions.uid !== metadata.uid) {
    const why = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${metadata.uid})`;
    throw deletionConflict(resource, metadata.name, why);
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion})`;
    throw deletionConflict(resource, metadata.name, why);
  }
}

/** A deletion's conflicts name the kind, unlike those of other writes. */
function deletionConflict(resource: Resource, name: string, why: string): StatusError {
  return conflict(
    { group: "", plural: resource.kind },
    name,
    `${why}. The object might have been deleted and then recreated`,
  );
}

/**
 * The object's next state on its way out, the same object if nothing changes, undefined if it goes at once. Pure.
 * (API conventions, "deletionTimestamp"; garbage collection's finalizers `orphan` and `foregroundDeletion`.)
 */
export function planDeletion(
  resource: Resource,
  object: KubeObject,
  deletion: Deletion,
  now: number,
): KubeObject | undefined {
  if (resource.beginDeletion && object.metadata.deletionTimestamp === undefined) return begun(resource, object, now);
  const finalizers = finalizersFor(resource, object, deletion);
  const graceSeconds = Math.max(0, graceFor(resource, object, deletion));
  const { metadata } = object;
  const pending = finalizers.length > 0 || graceSeconds > 0 || holdsItself(resource, object);
  if (!pending) return undefined;
  const already = metadata.deletionTimestamp !== undefined;
  const before = metadata.deletionGracePeriodSeconds;
  const sameFinalizers = finalizers.join() === (metadata.finalizers ?? []).join();
  if (already && sameFinalizers && (before ?? 0) <= graceSeconds) return object;
  const grace = already ? Math.min(before ?? 0, graceSeconds) : graceSeconds;
  // A shorter grace counts from the moment when the deletion was first asked for.
  const askedMs = already ? Date.parse(metadata.deletionTimestamp!) - (before ?? 0) * 1000 : now;
  const next: KubeObject = {
    ...object,
    metadata: {
      ...metadata,
      deletionTimestamp: formatTime(askedMs + grace * 1000),
      // Namespaces have no grace: they wait for their content.
      ...(resource.id === "namespaces" ? {} : { deletionGracePeriodSeconds: grace }),
      ...(finalizers.length > 0 ? { finalizers } : {}),
    },
  };
  if (finalizers.length === 0) delete next.metadata.finalizers;
  if (!already && resource.generation && metadata.generation !== undefined)
    next.metadata.generation = metadata.generation + 1;
  if (resource.id === "namespaces") next.status = { ...object.status, phase: "Terminating" };
  return next;
}

function begun(resource: Resource, object: KubeObject, now: number): KubeObject {
  const draft = structuredClone(object);
  draft.metadata.deletionTimestamp = formatTime(now);
  resource.beginDeletion!(draft, now);
  return draft;
}

function holdsItself(resource: Resource, { spec, metadata }: KubeObject): boolean {
  if (resource.id !== "namespaces") return false;
  return (spec?.finalizers?.length ?? 0) > 0 || metadata.deletionTimestamp === undefined;
}

function graceFor(resource: Resource, object: KubeObject, deletion: Deletion): number {
  const own = resource.deletionGraceSeconds?.(object);
  if (own === undefined) return 0;
  if (own === 0) return 0;
  const asked = deletion.gracePeriodSeconds ?? own;
  // A negative period means "as short as can be".
  return asked < 0 ? 1 : asked;
}

function finalizersFor(resource: Resource, object: KubeObject, deletion: Deletion): string[] {
  const present = object.metadata.finalizers ?? [];
  const others = present.filter((each) => each !== "orphan" && each !== "foregroundDeletion");
  switch (deletion.propagationPolicy) {
    case "Orphan":
      return [...others, "orphan"];
    case "Foreground":
      return [...others, "foregroundDeletion"];
    case "Background":
      return others;
    default:
      if (present.length > others.length) return present;
      return resource.defaultDeletion === "orphan" ? [...others, "orphan"] : others;
  }
}

/** What a client gets for an object that is gone. */
export function deletedStatus(resource: Resource, object: KubeObject): Status {
  const { name, uid } = object.metadata;
  const details = { name, ...(resource.group ? { group: resource.group } : {}), kind: resource.plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
