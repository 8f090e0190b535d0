import { completer } from "../../api/machinery/complete.ts";
import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { type FieldError, FieldPath } from "../../api/machinery/field.ts";
import { generateName } from "../../api/machinery/hash.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  modifiedMessage,
  notFound,
  StatusError,
} from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { sameJson } from "../../base/equal.ts";
import { uuid } from "../../base/uuid.ts";
import { checkMayCreate } from "../auth/denial.ts";
import { type Cached, cached, encodeValue, storagePrefix } from "../cache/cache.ts";
import {
  givenMetadataErrors,
  metadataChangeErrors,
  metadataErrors,
  objectErrors,
  specChanged,
  throwIfInvalid,
} from "./prepare.ts";
import {
  type AdmissionRequest,
  cacheOf,
  keyIn,
  type Registry,
  type Scope,
  serve,
  serveOne,
  storedResource,
} from "./scope.ts";
import { trackUpdate } from "./tracking.ts";

const root = new FieldPath("");

/** How often a write without a resourceVersion is tried again when others write at the same time. */
const conflictTriesMax = 30;

/** How often another name is drawn for `generateName`. */
const nameTriesMax = 8;

/** Runs every admission plugin's `mutate`. */
export async function admit(registry: Registry, request: AdmissionRequest): Promise<void> {
  for (const plugin of registry.admission) {
    const waiting = plugin.mutate?.(request);
    if (waiting) await waiting;
  }
}

/** Runs every admission plugin's `validate`. */
export async function review(registry: Registry, request: AdmissionRequest): Promise<void> {
  for (const plugin of registry.admission) {
    const waiting = plugin.validate?.(request);
    if (waiting) await waiting;
  }
}

export interface CreateOptions {
  /** The draft says who owns what already. */
  tracked?: boolean;
}

/**
 * Creates an object from the request's own copy. Gives the stored object. Throws StatusErrors: AlreadyExists, Invalid,
 * and what admission refuses with.
 */
export async function createObject(
  registry: Registry,
  scope: Scope,
  draft: KubeObject,
  options: CreateOptions = {},
): Promise<Cached> {
  const { resource } = scope;
  const { metadata } = draft;
  if (metadata.resourceVersion)
    throw new StatusError({ code: 500, message: "resourceVersion should not be set on objects to be created" });
  if (resource.namespaced) metadata.namespace = scope.namespace!;
  const generated = Boolean(metadata.generateName);
  const named = Boolean(metadata.name);
  for (let attempt = 0; ; attempt++) {
    if (generated && !named) metadata.name = generateName(metadata.generateName!, () => registry.random.next());
    try {
      return await createOnce(registry, scope, attempt === 0 ? draft : structuredClone(draft), options);
    } catch (error) {
      const taken = error instanceof StatusError && error.reason === "AlreadyExists";
      if (!taken || !generated) throw error;
      if (!named && attempt < nameTriesMax) continue;
      const message = `${error.status.message}, the server was not able to generate a unique name for the object`;
      throw new StatusError({
        ...error.status,
        code: 409,
        message,
        details: { ...error.status.details, retryAfterSeconds: 1 },
      });
    }
  }
}

async function createOnce(
  registry: Registry,
  scope: Scope,
  given: KubeObject,
  { tracked }: CreateOptions,
): Promise<Cached> {
  const { resource } = scope;
  const stored = storedResource(registry, resource);
  dropRepeatedOwners(given, scope, "");
  const draft = withDefaults(stored, resource, given);
  draft.metadata = newMetadata(draft.metadata, registry);
  if (!tracked) trackUpdate(registry, scope, undefined, draft, undefined);
  const admission: AdmissionRequest = { operation: "CREATE", scope, name: draft.metadata.name, draft };
  await admit(registry, admission);
  dropRepeatedOwners(draft, scope, afterAdmission);
  const object = toStored(resource, draft);
  if (!stored.statusOnCreate) clearStatus(stored, object);
  stored.defaults?.(object);
  stored.prepareCreate?.(object, { now: registry.clock.now(), username: scope.user.username, user: scope.user });
  if (stored.generation) object.metadata.generation = 1;
  const errors = [...objectErrors(stored, object), ...(stored.validateCreate?.(object, root) ?? [])];
  if (resource !== stored) errors.push(...(resource.validateCreate?.(object, root) ?? []));
  throwIfInvalid(resource, object.metadata.name, errors);
  scope.warnings.push(...(stored.warnings?.(object) ?? []));
  const key = keyIn(scope, object.metadata.name);
  // Before review: an address that is claimed there must not count as taken by the very object that is there already.
  const taken = cacheOf(registry, resource).get(key);
  if (taken) throw alreadyThere(resource, taken.object);
  await review(registry, { ...admission, draft: object });
  stored.canonicalize?.(object);
  completer(stored.schema, stored.definitions ?? definitions)(object);
  if (scope.dryRun) return serve(resource, cached(key, ordered(object), 0));
  const result = await registry.store.commit(
    [{ key: storagePrefix(stored) + key, revision: 0 }],
    [{ put: storagePrefix(stored) + key, value: encodeValue(await inStorage(stored, ordered(object))) }],
  );
  if (!result.ok) throw alreadyExists(resource, object.metadata.name);
  await registry.cache.reached(result.revision);
  return serve(resource, cached(key, ordered(object), result.revision));
}

function alreadyThere(resource: Resource, { metadata }: KubeObject): StatusError {
  const error = alreadyExists(resource, metadata.name);
  if (metadata.deletionTimestamp) error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
}

/** The object in the version that is stored: custom resources have one of several. */
function inStorage(stored: Resource, object: KubeObject): KubeObject | Promise<KubeObject> {
  return stored.custom ? stored.custom.toStorage(object) : object;
}

/** Puts the status fields back to what an object has that nobody gave a status: `{}` for most. */
function clearStatus(stored: Resource, object: KubeObject): void {
  const empty = decoder(stored.schema, stored.definitions ?? definitions)({}).object;
  for (const field of stored.statusFields ?? []) {
    if (empty[field] === undefined) delete object[field];
    else object[field] = empty[field];
  }
}

/** The metadata that a new object starts with: what users may set, and what only the server sets. */
function newMetadata(given: KubeObject["metadata"], registry: Registry): KubeObject["metadata"] {
  const { name, generateName, namespace, labels, annotations, ownerReferences, finalizers, generation, managedFields } =
    given;
  return definedOnly({
    name,
    generateName,
    namespace,
    uid: uuid(registry.random),
    generation,
    creationTimestamp: formatTime(registry.clock.now()),
    labels,
    annotations,
    ownerReferences,
    finalizers,
    managedFields,
  }) as unknown as KubeObject["metadata"];
}

function definedOnly(fields: Record<string, unknown>): Record<string, unknown> {
  for (const key in fields) if (fields[key] === undefined || isEmpty(fields[key])) delete fields[key];
  return fields;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** kind, apiVersion and metadata first: list answers cut the first two off the JSON. */
function ordered(object: KubeObject): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata, ...rest } as KubeObject;
}

const afterAdmission = " after mutating admission happens";

/** An owner counts once however often it is named. The author is told. */
function dropRepeatedOwners({ metadata }: KubeObject, scope: Scope, when: string): void {
  const owners = metadata.ownerReferences;
  if (!Array.isArray(owners) || owners.length < 2) return;
  const kept = owners.filter((owner, index) => owners.findIndex((each) => sameJson(each, owner)) === index);
  if (kept.length === owners.length) return;
  const repeated = [...new Set(owners.filter((owner) => owners.filter((each) => sameJson(each, owner)).length > 1))];
  metadata.ownerReferences = kept;
  scope.warnings.push(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...new Set(repeated.map(({ uid }) => uid))].join(", ")}`,
  );
}

/** The draft as admission and the owners of fields see it: with all that its author may leave out. */
function withDefaults(stored: Resource, resource: Resource, draft: KubeObject): KubeObject {
  if (!resource.storedAs) {
    stored.defaults?.(draft);
    return draft;
  }
  const inStoredForm = resource.storedAs.toStored(draft);
  stored.defaults?.(inStoredForm);
  return resource.storedAs.fromStored(inStoredForm);
}

function toStored(resource: Resource, draft: KubeObject): KubeObject {
  return resource.storedAs ? resource.storedAs.toStored(draft) : draft;
}

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
  return inTurn(queuesOf(registry), turn, () => updateInTurn(registry, scope, name, key, transform, options));
}

/**
 * Writers of one object wait for each other instead of racing and starting over. Other processes on the same store are
 * not seen here: against them the commit's precondition stands.
 */
const turns = new WeakMap<Registry, Map<string, Promise<unknown>>>();

function queuesOf(registry: Registry): Map<string, Promise<unknown>> {
  const known = turns.get(registry) ?? new Map<string, Promise<unknown>>();
  turns.set(registry, known);
  return known;
}

async function inTurn<Result>(
  queue: Map<string, Promise<unknown>>,
  key: string,
  run: () => Promise<Result>,
): Promise<Result> {
  const before = queue.get(key);
  const own = before ? before.then(run, run) : run();
  queue.set(key, own);
  try {
    return await own;
  } finally {
    if (queue.get(key) === own) queue.delete(key);
  }
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
    subresource: options.subresource,
    draft,
    previous,
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
  const same = !options.migrates && sameStored(object, previous);
  if (scope.dryRun || same) return serve(resource, same ? item : cached(key, object, item.revision));
  return commitUpdate(registry, scope, key, item, object);
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
  const facts = { now: registry.clock.now(), username: scope.user.username, user: scope.user };
  stored.defaults?.(next);
  if (subresource === "status") stored.prepareStatusUpdate?.(next, previous, facts);
  else stored.prepareUpdate?.(next, previous, facts);
  // The real server looks at metadata more than once, for itself and for the kind, and names each mistake as often.
  const metadata = [...metadataErrors(stored, next)];
  const changes = [...refused, ...metadataChangeErrors(next, previous)];
  const errors = [...metadata, ...metadata, ...changes, ...metadata, ...changes];
  if (subresource === "status") errors.push(...(stored.validateStatusUpdate?.(next, previous, root) ?? []));
  else errors.push(...objectErrors(stored, next), ...(stored.validateUpdate?.(next, previous, root) ?? []));
  throwIfInvalid(scope.resource, previous.metadata.name, errors);
  scope.warnings.push(...(subresource ? [] : (stored.warnings?.(next) ?? [])));
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
): Promise<Cached | undefined> {
  const stored = storedResource(registry, scope.resource);
  const storeKey = storagePrefix(stored) + key;
  const ends = isFinished(stored, object);
  const result = await registry.store.commit(
    [{ key: storeKey, revision: item.revision }],
    [ends ? { delete: storeKey } : { put: storeKey, value: encodeValue(await inStorage(stored, object)) }],
  );
  if (!result.ok) {
    // Somebody was faster: wait until their write is here, so that the next try sees it.
    await registry.cache.reached(result.revision);
    return undefined;
  }
  await registry.cache.reached(result.revision);
  // The last that is seen of an object has the version that it had.
  return serve(scope.resource, cached(key, object, ends ? item.revision : result.revision));
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
    if (subresource === "internal") return;
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
  // Through the status, metadata changes only in labels, annotations and finalizers; owners stay.
  const { ownerReferences } = previous.metadata;
  if (ownerReferences) next.metadata.ownerReferences = ownerReferences;
  else delete next.metadata.ownerReferences;
}

/** Refuses a body, or what a patch made, that has another name than the path, as a 400. */
export function checkName({ metadata }: KubeObject, name: string): void {
  if (!metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}

/** Replaces an object with the body of a PUT; creates it where the resource allows that. */
export async function replaceObject(
  registry: Registry,
  scope: Scope,
  name: string,
  body: KubeObject,
  subresource?: string,
): Promise<{ item: Cached; created: boolean }> {
  const { resource } = scope;
  checkName(body, name);
  const exists = cacheOf(registry, resource).get(keyIn(scope, name)) !== undefined;
  if (!exists && resource.createOnUpdate && !subresource && !body.metadata.resourceVersion) {
    checkMayCreate(registry, scope, name);
    return { item: await createObject(registry, scope, body), created: true };
  }
  if (!exists && body.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${body.metadata.uid}, UID in object meta: `;
    throw conflict(resource, name, why);
  }
  if (exists && resource.unconditionalUpdate === false && !body.metadata.resourceVersion) {
    const message = "Invalid value: 0: must be specified for an update";
    const causes = [{ reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" }];
    const { group, plural: kind, id } = resource;
    throw new StatusError({
      code: 422,
      reason: "Invalid",
      message: `${id} ${JSON.stringify(name)} is invalid: metadata.resourceVersion: ${message}`,
      details: { name, ...(group ? { group } : {}), kind, causes },
    });
  }
  const options = { subresource, uid: body.metadata.uid };
  dropRepeatedOwners(body, scope, "");
  const item = await updateObject(registry, scope, name, () => structuredClone(body), options);
  return { item, created: false };
}
