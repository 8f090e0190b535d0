import type { Fields } from "../../api/machinery/apply/fields.ts";
import {
  applyFields,
  type Manager,
  readOwners,
  type Tracking,
  updateFields,
  type Versioned,
} from "../../api/machinery/apply/managed.ts";
import { ElementError, type FieldType, objectType } from "../../api/machinery/apply/type.ts";
import { completer } from "../../api/machinery/complete.ts";
import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { groupOf, type KubeObject, type ManagedFieldsEntry } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { formatTime } from "../../api/machinery/time.ts";
import type { Registry, Scope } from "./scope.ts";
import { storedResource } from "./scope.ts";

/** What server-side apply knows of a resource's objects. */
export function typeOf(resource: Pick<Resource, "schema" | "definitions">): FieldType {
  return objectType(resource.schema, resource.definitions ?? definitions, definitions);
}

const empties = new WeakMap<Resource, KubeObject>();

/** The object of this kind that nobody has written anything into. Built-in kinds have their structs all the same. */
export function emptyObject(resource: Resource): KubeObject {
  const known = empties.get(resource);
  if (known) return known;
  const { kind, apiVersion } = resource;
  let object: any = { metadata: {} };
  if (!resource.custom) {
    object = decoder(resource.schema, resource.definitions ?? definitions)({}).object;
    completer(resource.schema, resource.definitions ?? definitions)(object);
    object.metadata ??= {};
  }
  object = { ...object, kind, apiVersion };
  empties.set(resource, object);
  return object;
}

/** The client's name before the first slash, as far as it can be printed; at most 128 letters. */
export function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? "").split("/")[0]!;
  return name.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "").slice(0, 128);
}

function managerFor(scope: Scope, operation: Manager["operation"], part: string | undefined): Manager {
  const manager = scope.fieldManager || scope.userAgent || "unknown";
  const { apiVersion } = scope.resource;
  return { manager, operation, apiVersion, ...(part ? { subresource: part } : {}) };
}

function trackingFor(registry: Registry, scope: Scope, part: string | undefined): Tracking {
  const { resource } = scope;
  return {
    type: typeOf(resource),
    ignored: ignoredFields(storedResource(registry, resource), part),
    // Scales have no owners' times: theirs are those of another object.
    now: part === "scale" ? undefined : formatTime(registry.clock.now()),
    convert: (object, apiVersion) => inVersion(registry, resource, object, apiVersion),
  };
}

const statusParts = new Map<string, Fields>();

/** What a write of this part of a resource never changes. */
function ignoredFields(resource: Resource, part: string | undefined): Fields {
  const { statusFields = [], statusWith, id } = resource;
  const key = `${part ?? ""} ${statusFields.join()} ${id}`;
  let fields = statusParts.get(key);
  if (!fields) {
    if (part === "status") fields = { "f:spec": {}, ...keptMetadata(resource) };
    else if (part === undefined && statusWith !== "all")
      fields = Object.fromEntries(statusFields.map((each) => [`f:${each}`, {}]));
    else fields = {};
    statusParts.set(key, fields);
  }
  return fields;
}

/** What of the metadata cannot be written with the status. */
function keptMetadata({ statusKeeps = [], id }: Resource): Fields {
  // Metadata of definitions changes with their status all the same, but is not counted.
  if (statusKeeps === "metadata" || id === "customresourcedefinitions.apiextensions.k8s.io")
    return { "f:metadata": {} };
  if (statusKeeps.length === 0) return {};
  return { "f:metadata": Object.fromEntries(statusKeeps.map((field) => [`f:${field}`, {}])) };
}

function inVersion(
  registry: Registry,
  resource: Resource,
  object: KubeObject,
  apiVersion: string,
): Versioned | undefined {
  const find = (version: string): Resource | undefined => {
    if (version === resource.apiVersion) return resource;
    const group = groupOf(version);
    return registry.resources.find(group, group === "" ? version : version.slice(group.length + 1), resource.plural);
  };
  const target = find(apiVersion);
  if (!target) return undefined;
  const type = typeOf(target);
  if (object.apiVersion === apiVersion) return { object, type };
  const source = find(object.apiVersion) ?? resource;
  const stored = source.storedAs ? source.storedAs.toStored(structuredClone(object)) : object;
  if (target.storedAs) return { object: target.storedAs.fromStored(stored), type };
  return { object: { ...stored, apiVersion, kind: target.kind }, type };
}

/**
 * Writes into a draft who owns what of it after this create or update. `live` is the object before, in the same version;
 * `part` the subresource that is written.
 */
export function trackUpdate(
  registry: Registry,
  scope: Scope,
  live: KubeObject | undefined,
  draft: KubeObject,
  part: string | undefined,
): void {
  const before = live ?? emptyObject(scope.resource);
  try {
    const owners = ownersFor(before, draft, part);
    // What nobody has tracked from the start is not tracked later.
    if (live && owners.size === 0) {
      setManaged(draft, undefined);
      return;
    }
    const manager = managerFor(scope, "Update", part);
    setManaged(draft, updateFields(before, draft, owners, manager, trackingFor(registry, scope, part)));
  } catch (error) {
    if (!(error instanceof ElementError)) throw error;
    setManaged(draft, undefined);
  }
}

function setManaged(draft: KubeObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries?.length) draft.metadata.managedFields = entries;
  else delete draft.metadata.managedFields;
}

/** A client may write the entries itself; one that sends none, or broken ones, leaves them as they are. `[{}]` clears. */
function ownersFor(live: KubeObject, draft: KubeObject, part: string | undefined): ReturnType<typeof readAll> {
  const given = draft.metadata.managedFields;
  if (part !== undefined || given === live.metadata.managedFields) return readAll(live);
  if (given?.length === 1 && Object.keys(given[0]!).length === 0) return new Map();
  const owners = readOwners(given);
  return owners?.size ? owners : readAll(live);
}

function readAll(object: KubeObject): NonNullable<ReturnType<typeof readOwners>> {
  return readOwners(object.metadata.managedFields) ?? new Map();
}

/** What an apply came to: the object in need of decoding, with its entries. Undefined: nothing changes. */
export type Applied = { object: KubeObject; managedFields: ManagedFieldsEntry[] } | undefined;

/** Applies a configuration that was checked before. `live` is undefined if the object is about to be created. */
export function applyConfiguration(
  registry: Registry,
  scope: Scope,
  live: KubeObject | undefined,
  configuration: KubeObject,
  force: boolean,
  part: string | undefined,
): Applied {
  const tracking = trackingFor(registry, scope, part);
  const { name, namespace } = configuration.metadata;
  const start = emptyObject(scope.resource);
  const before = live ?? {
    ...start,
    metadata: { ...start.metadata, name, ...(namespace ? { namespace } : {}) },
  };
  let owners = readAll(before);
  if (live && owners.size === 0) {
    // Whoever wrote it when nobody kept count owns it all until somebody applies.
    const manager: Manager = { ...managerFor(scope, "Update", undefined), manager: "before-first-apply" };
    owners = readAll({
      ...live,
      metadata: { ...live.metadata, managedFields: updateFields(start, live, owners, manager, tracking) },
    });
  }
  return applyFields(before, configuration, owners, managerFor(scope, "Apply", part), force, tracking);
}
