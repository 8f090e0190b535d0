import { completer } from "../../api/machinery/complete.ts";
import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { FieldPath } from "../../api/machinery/field.ts";
import { generateName } from "../../api/machinery/hash.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { alreadyExists, badRequest, conflict, StatusError } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { uuid } from "../../base/uuid.ts";
import { checkMayCreate } from "../auth/denial.ts";
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
import { objectErrors, throwIfInvalid } from "./prepare.ts";
import {
  type AdmissionRequest,
  asWritten,
  cacheOf,
  keyIn,
  type Registry,
  type Scope,
  serve,
  storedResource,
} from "./scope.ts";
import { trackUpdate } from "./tracking.ts";
import { giveInTurn, isGiven } from "./turns.ts";
import { updateObject } from "./update.ts";

const root = new FieldPath("");

/** How often another name is drawn for `generateName`. */
const nameTriesMax = 8;

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
      if (isGiven(resource)) {
        const create = () => createOnce(registry, scope, structuredClone(draft), options);
        return await giveInTurn(registry, storagePrefix(resource) + keyIn(scope, metadata.name), create);
      }
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
  const beside: Beside = { preconditions: [], operations: [] };
  const admission: AdmissionRequest = { operation: "CREATE", scope, name: draft.metadata.name, draft, beside };
  await admit(registry, admission);
  dropRepeatedOwners(draft, scope, afterAdmission);
  const object = toStored(resource, draft);
  if (!stored.statusWith) clearStatus(stored, object);
  stored.defaults?.(object);
  stored.prepareCreate?.(object, factsOf(registry, scope));
  if (stored.generation) object.metadata.generation = 1;
  const errors = [...objectErrors(resource, object, stored), ...(stored.validateCreate?.(object, root) ?? [])];
  if (resource !== stored) errors.push(...(resource.validateCreate?.(object, root) ?? []));
  // The kind in the message is that of the form in which objects are checked.
  throwIfInvalid(stored, object.metadata.name, errors);
  scope.warnings.push(...(stored.warnings?.(object) ?? []));
  const key = keyIn(scope, object.metadata.name);
  // Before review: an address that is claimed there must not count as taken by the very object that is there already.
  const taken = cacheOf(registry, resource).get(key);
  if (taken) throw alreadyThere(resource, taken.object);
  await review(registry, { ...admission, draft: object });
  stored.canonicalize?.(object);
  completer(stored.schema, stored.definitions ?? definitions)(object);
  if (scope.dryRun) return serve(resource, cached(key, ordered(object), 0));
  const storeKey = storagePrefix(stored) + key;
  noteAddresses(registry, stored, undefined, object, beside);
  const value = encodeValue(await inStorage(stored, ordered(object)));
  const result = await commitBeside(registry, { key: storeKey, revision: 0 }, { put: storeKey, value }, beside);
  if (!result.ok && result.key === storeKey) throw alreadyExists(resource, object.metadata.name);
  if (!result.ok) throw new Outrun(result.revision);
  return serve(resource, asWritten(registry, resource, key, ordered(object), result.revision));
}

function alreadyThere(resource: Resource, { metadata }: KubeObject): StatusError {
  const error = alreadyExists(resource, metadata.name);
  if (metadata.deletionTimestamp) error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
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
