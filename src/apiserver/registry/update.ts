import { completer } from "../../api/machinery/complete.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { type FieldError, FieldPath } from "../../api/machinery/field.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { conflict, modifiedMessage, notFound, StatusError } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import { type Cached, cached, encodeValue, storagePrefix } from "../cache/cache.ts";
import { noteAddresses } from "../services/addresses.ts";
import { Outrun } from "../services/lock.ts";
import { type Beside, commitBeside } from "./beside.ts";
import {
  admit,
  afterAdmission,
  definedOnly,
  dropRepeatedOwners,
  factsOf,
  inStorage,
  ordered,
  review,
  toStored,
  withDefaults,
} from "./draft.ts";
import {
  givenMetadataErrors,
  metadataChangeErrors,
  metadataErrors,
  ruleErrors,
  specChanged,
  throwIfInvalid,
} from "./prepare.ts";
import {
  type AdmissionRequest,
  asWritten,
  cacheOf,
  keyIn,
  type Registry,
  type Scope,
  serve,
  serveOne,
  storedResource,
} from "./scope.ts";
import { trackUpdate } from "./tracking.ts";
import { giveInTurn, inTurn, isGiven } from "./turns.ts";

const root = new FieldPath("");

/** How often a write without a resourceVersion is tried again when others write at the same time. */
const conflictTriesMax = 30;

/** What an update wants the object to be, from what it is now. Gives the request's own copy. */
export type Transform = (current: KubeObject) => KubeObject | Promise<KubeObject>;

export interface UpdateOptions {
  /** `status` or a part of the object; the main resource if absent. */
  subresource?: string;
  /** The uid that the request insists on. */
  uid?: string;
  /** Skips admission and validation: for the server's own bookkeeping. */
  internal?: boolean;
  /** The draft says who owns what already. */
  tracked?: boolean;
  /** The subresource that the writer comes to own the fields through, if not `subresource`. */
  part?: string;
  /** Such a write raises the generation all the same, if the spec changed. */
  counts?: boolean;
}

/**
 * Changes an object: reads it, lets `transform` make the wanted one, checks and stores it. Tries again if somebody else
 * was faster and the request named no resourceVersion. Gives the new state and whether it was the end of the object.
 */
export async function updateObject(
  registry: Registry,
  scope: Scope,
  name: string,
  transform: Transform,
  options: UpdateOptions = {},
): Promise<Cached> {
  const key = keyIn(scope, name);
  const turn = `${storagePrefix(storedResource(registry, scope.resource))}${key}`;
  const update = () => updateInTurn(registry, scope, name, key, transform, options);
  return isGiven(scope.resource) ? giveInTurn(registry, turn, update) : inTurn(registry, turn, update);
}

async function updateInTurn(
  registry: Registry,
  scope: Scope,
  name: string,
  key: string,
  transform: Transform,
  options: UpdateOptions,
): Promise<Cached> {
  const { resource } = scope;
  for (let attempt = 0; ; attempt++) {
    const stored = cacheOf(registry, resource).get(key);
    if (!stored) throw notFound(resource, name);
    const item = resource.custom ? await serveOne(resource, stored) : stored;
    const live = serve(resource, item).object;
    const draft = await transform(live);
    const wanted = draft.metadata.resourceVersion;
    if (wanted !== undefined && wanted !== "" && !/^\d+$/.test(wanted)) {
      const message = `strconv.ParseUint: parsing ${JSON.stringify(wanted)}: invalid syntax`;
      throw new StatusError({ code: 500, message });
    }
    if (options.uid && options.uid !== live.metadata.uid)
      throw uidConflict(registry, resource, name, key, options.uid, live);
    const conditional = wanted !== undefined && wanted !== "" && wanted !== "0";
    if (conditional && wanted !== String(item.revision)) throw conflict(resource, name, modifiedMessage);
    const done = await storeUpdate(registry, scope, key, item, live, draft, {
      ...options,
      migrates: migrates(resource, stored),
    });
    if (done) return done;
    if (conditional || attempt >= conflictTriesMax) throw conflict(resource, name, modifiedMessage);
  }
}

/** A request that insists on another object of the same name. The real server says it in its store's words. */
function uidConflict(
  registry: Registry,
  resource: Resource,
  name: string,
  key: string,
  uid: string,
  live: KubeObject,
): StatusError {
  const where = `StorageError: invalid object, Code: 4, Key: ${storagePrefix(storedResource(registry, resource))}${key}`;
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
  return conflict(resource, name, `${where}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`);
}

/** True if a write would store the object in another version than it is in. */
function migrates({ custom }: Resource, { object }: Cached): boolean {
  return custom !== undefined && object.apiVersion !== custom.storageApiVersion;
}

/** One try. Undefined if somebody else wrote the object in between. */
async function storeUpdate(
  registry: Registry,
  scope: Scope,
  key: string,
  item: Cached,
  live: KubeObject,
  wanted: KubeObject,
  options: UpdateOptions & { migrates?: boolean },
): Promise<Cached | undefined> {
  const { resource } = scope;
  const stored = storedResource(registry, resource);
  const previous = item.object;
  const { name } = previous.metadata;
  const draft = options.internal ? wanted : withDefaults(stored, resource, wanted);
  const refused = options.internal ? [] : [...givenMetadataErrors(draft.metadata, previous.metadata)];
  keepMetadata(draft, previous);
  if ((!options.internal || options.part) && !options.tracked)
    trackUpdate(registry, scope, live, draft, options.part ?? options.subresource);
  const admission: AdmissionRequest = {
    operation: "UPDATE",
    scope,
    name,
    subresource: options.subresource ?? options.part,
    draft,
    previous,
    beside: { preconditions: [], operations: [] },
  };
  if (!options.internal) {
    await admit(registry, admission);
    dropRepeatedOwners(draft, scope, afterAdmission);
  }
  const next = toStored(resource, draft);
  mergeParts(stored, next, previous, options.subresource);
  if (!options.internal) prepareNext(registry, scope, stored, next, previous, refused, options.subresource);
  if (stored.generation && (!options.internal || options.counts) && specChanged(stored, next, previous))
    next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  if (!options.internal) {
    await review(registry, { ...admission, draft: next });
    if (options.subresource !== "status") stored.canonicalize?.(next);
    completer(stored.schema, stored.definitions ?? definitions)(next);
  }
  const object = ordered(next);
  keepTimes(object, previous);
  const same = !options.migrates && sameStored(object, previous) && !(await isStale(registry, scope, key));
  if (scope.dryRun || same) return serve(resource, same ? item : cached(key, object, item.revision));
  return commitUpdate(registry, scope, key, item, object, admission.beside!);
}

/** Whether what is stored must be written again though it is the same. */
async function isStale(registry: Registry, scope: Scope, key: string): Promise<boolean> {
  if (!registry.store.stale || scope.dryRun) return false;
  return registry.store.stale(storagePrefix(storedResource(registry, scope.resource)) + key);
}

/** Defaults and validation of the new state. */
function prepareNext(
  registry: Registry,
  scope: Scope,
  stored: Resource,
  next: KubeObject,
  previous: KubeObject,
  refused: readonly FieldError[],
  subresource?: string,
): void {
  const facts = factsOf(registry, scope);
  // With a status comes the spec that is stored, which has its defaults.
  if (subresource !== "status") stored.defaults?.(next);
  if (subresource === "status") stored.prepareStatusUpdate?.(next, previous, facts);
  else stored.prepareUpdate?.(next, previous, facts);
  // The real server looks at metadata more than once, for itself and for the kind, and names each mistake as often.
  const metadata = [...metadataErrors(stored, next)];
  const changes = [...refused, ...metadataChangeErrors(next, previous)];
  const { resource } = scope;
  const errors = [...metadata, ...metadata, ...changes];
  if (!stored.metadataLast || resource !== stored) errors.push(...metadata, ...changes);
  if (subresource === "status") errors.push(...(stored.validateStatusUpdate?.(next, previous, root) ?? []));
  else {
    if (!stored.metadataLast && !stored.metadataAsChange) errors.push(...metadata);
    const mistakes = [...ruleErrors(resource, next, stored)];
    errors.push(...mistakes, ...(stored.checkedTwice ? mistakes : []));
    errors.push(...(stored.validateUpdate?.(next, previous, root) ?? []));
  }
  // A kind with two groups may have rules for the one that the request came through.
  if (resource !== stored) errors.push(...(resource.validateUpdate?.(next, previous, root) ?? []));
  throwIfInvalid(stored, previous.metadata.name, errors);
  scope.warnings.push(...(subresource ? [] : (stored.warnings?.(next, previous) ?? [])));
}

/** That somebody has written again what was there is no change, not even of the time when they last did. */
function keepTimes(next: KubeObject, previous: KubeObject): void {
  const [now, then] = [next.metadata.managedFields, previous.metadata.managedFields];
  if (!now || !then || now === then || now.length !== then.length) return;
  const untimed = (entries: readonly ManagedFieldsEntry[]) => entries.map(({ time: _, ...rest }) => rest);
  if (!sameJson(untimed(now), untimed(then))) return;
  const managed = { ...next, metadata: { ...next.metadata, managedFields: then } };
  if (sameStored(managed, previous)) next.metadata.managedFields = then;
}

function sameStored(next: KubeObject, previous: KubeObject): boolean {
  const { resourceVersion: _a, ...metadata } = next.metadata;
  const { resourceVersion: _b, ...before } = previous.metadata;
  return sameJson({ ...next, metadata }, { ...previous, metadata: before });
}

async function commitUpdate(
  registry: Registry,
  scope: Scope,
  key: string,
  item: Cached,
  object: KubeObject,
  beside: Beside,
): Promise<Cached | undefined> {
  const stored = storedResource(registry, scope.resource);
  const storeKey = storagePrefix(stored) + key;
  const ends = isFinished(stored, object);
  noteAddresses(registry, stored, item.object, ends ? undefined : object, beside);
  const write = ends ? { delete: storeKey } : { put: storeKey, value: encodeValue(await inStorage(stored, object)) };
  const result = await commitBeside(registry, { key: storeKey, revision: item.revision }, write, beside);
  if (!result.ok && result.key !== storeKey) throw new Outrun(result.revision);
  // Somebody was faster: their write is here now, and the next try sees it.
  if (!result.ok) return undefined;
  // The last that is seen of an object has the version that it had.
  if (ends) return serve(scope.resource, cached(key, object, item.revision));
  return serve(scope.resource, asWritten(registry, scope.resource, key, object, result.revision));
}

/** True if nothing holds a deleted object any more. */
export function isFinished(resource: Resource, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0) return false;
  if (resource.id === "namespaces") return (object.spec?.finalizers?.length ?? 0) === 0;
  return (deletionGracePeriodSeconds ?? 0) === 0;
}

/** Puts back what no update changes. */
function keepMetadata(draft: KubeObject, previous: KubeObject): void {
  const before = previous.metadata;
  const { generateName, labels, annotations, ownerReferences, finalizers, managedFields } = draft.metadata;
  draft.metadata = definedOnly({
    name: before.name,
    generateName,
    namespace: before.namespace,
    uid: before.uid,
    generation: before.generation,
    creationTimestamp: before.creationTimestamp,
    deletionTimestamp: before.deletionTimestamp,
    deletionGracePeriodSeconds: before.deletionGracePeriodSeconds,
    labels,
    annotations,
    ownerReferences,
    finalizers,
    managedFields,
  }) as unknown as KubeObject["metadata"];
}

/** A write of the main resource keeps the status; a write of the status keeps all the rest. */
function mergeParts(stored: Resource, next: KubeObject, previous: KubeObject, subresource?: string): void {
  const statusFields = stored.statusFields ?? [];
  if (subresource === undefined || subresource !== "status") {
    if (subresource === "internal" || stored.statusWith === "all") return;
    for (const field of statusFields) {
      if (previous[field] === undefined) delete next[field];
      else next[field] = previous[field];
    }
    return;
  }
  for (const field of new Set([...Object.keys(next), ...Object.keys(previous)])) {
    if (field === "metadata" || statusFields.includes(field)) continue;
    if (previous[field] === undefined) delete next[field];
    else next[field] = previous[field];
  }
  keepWithStatus(stored, next.metadata, previous.metadata);
}

/** All of it that a client may change. */
const changeableMetadata = ["labels", "annotations", "finalizers", "ownerReferences"] as const;

/** Puts back what of the metadata a write of the status must not change. */
function keepWithStatus(stored: Resource, next: KubeObject["metadata"], previous: KubeObject["metadata"]): void {
  const { statusKeeps = [] } = stored;
  for (const field of statusKeeps === "metadata" ? changeableMetadata : statusKeeps) {
    if (previous[field] === undefined) delete next[field];
    else Object.assign(next, { [field]: previous[field] });
  }
}
