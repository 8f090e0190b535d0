// Who owns which fields: the rules of server-side apply over `metadata.managedFields` (KEP-555). All functions are pure.

import { sameJson } from "../../../base/equal.ts";
import type { KubeObject, ManagedFieldsEntry } from "../object.ts";
import { type Comparison, compareFields, fieldsOf } from "./compare.ts";
import {
  difference,
  type Fields,
  intersection,
  isEmptySet,
  noFields,
  pathsOf,
  sameFields,
  sortedFields,
  union,
  without,
} from "./fields.ts";
import { mergeApplied, removeFields, withNamedFields } from "./merge.ts";
import type { FieldType } from "./type.ts";

/** One owner: everything of its entry but the fields. */
export interface Manager {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  subresource?: string;
}

interface Owner extends Manager {
  time?: string;
  fields: Fields;
}

/** An object in the words of one version, and what that version's schema says. */
export interface Versioned {
  object: KubeObject;
  type: FieldType;
}

/** What the rules need to know beyond the objects. */
export interface Tracking {
  type: FieldType;
  /** Fields that this request cannot change: nobody comes to own them through it. */
  ignored: Fields;
  /** RFC 3339, in seconds. Absent: the owner's time is not kept. */
  now?: string;
  /** The object in any version that it is served in, its own among them; undefined if that version is gone. */
  convert(object: KubeObject, apiVersion: string): Versioned | undefined;
}

/** How many owners by update an object has before the oldest are gathered in one. */
const updateManagersMax = 10;
const gatheredManager = "ancient-changes";

/** Fields that the server writes for everybody and nobody owns. */
const unowned: Fields = {
  "f:apiVersion": {},
  "f:kind": {},
  "f:metadata": {
    ".": {},
    "f:name": {},
    "f:namespace": {},
    "f:creationTimestamp": {},
    "f:selfLink": {},
    "f:uid": {},
    "f:clusterName": {},
    "f:generation": {},
    "f:managedFields": {},
    "f:resourceVersion": {},
  },
};

/** An owner's identity. Who applies stays the same in every version. */
function idOf({ manager, operation, apiVersion, subresource }: Manager): string {
  const version = operation === "Apply" ? {} : { apiVersion };
  return JSON.stringify({ manager, operation, ...version, ...(subresource ? { subresource } : {}) });
}

/** Reads entries; undefined if they are none that anybody could have written. */
export function readOwners(entries: readonly ManagedFieldsEntry[] | undefined): Map<string, Owner> | undefined {
  const owners = new Map<string, Owner>();
  for (const entry of entries ?? []) {
    const { manager = "", operation, apiVersion = "", subresource, time, fieldsType, fieldsV1 } = entry;
    if ((operation !== "Apply" && operation !== "Update") || fieldsType !== "FieldsV1" || !apiVersion) return undefined;
    const owner: Owner = {
      manager,
      operation,
      apiVersion,
      ...(subresource ? { subresource } : {}),
      ...(time ? { time } : {}),
      fields: (fieldsV1 ?? {}) as Fields,
    };
    owners.set(idOf(owner), owner);
  }
  return owners;
}

/** The entries as they are stored: who applies first, then by time and name. */
function writeOwners(owners: ReadonlyMap<string, Owner>): ManagedFieldsEntry[] {
  const order = (owner: Owner) =>
    [owner.operation, owner.time ?? "", owner.manager, owner.apiVersion, owner.subresource ?? ""] as const;
  return [...owners.values()]
    .map((owner) => ({ owner, key: order(owner) }))
    .sort((a, b) => {
      for (let index = 0; index < a.key.length; index++)
        if (a.key[index] !== b.key[index]) return a.key[index]! < b.key[index]! ? -1 : 1;
      return 0;
    })
    .map(({ owner: { manager, operation, apiVersion, time, fields, subresource } }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: sortedFields(fields),
      ...(subresource ? { subresource } : {}),
    }));
}

/** An owner that would lose fields to an apply. */
export interface Conflict {
  manager: Manager;
  /** Path elements from the object's root on. */
  path: string[];
}

/** Thrown by `applyFields` without force. */
export class ApplyConflictError extends Error {
  readonly conflicts: readonly Conflict[];
  constructor(conflicts: readonly Conflict[]) {
    super(`${conflicts.length} conflicts`);
    this.conflicts = conflicts;
  }
}

/**
 * Takes from all owners but one what a change touched. Throws an ApplyConflictError if they'd lose it to somebody who
 * applies without force.
 */
function takeFromOthers(
  owners: Map<string, Owner>,
  before: KubeObject,
  after: KubeObject,
  self: { id?: string; apiVersion: string; force: boolean },
  tracking: Tracking,
): Comparison {
  const { ignored } = tracking;
  const own = visible(compareFields(tracking.type, before, after), ignored);
  const versions = new Map<string, Comparison | undefined>([[self.apiVersion, own]]);
  const lost = new Map<string, { conflict: Fields; removed: Fields }>();
  for (const [id, owner] of [...owners].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (id === self.id) continue;
    if (!versions.has(owner.apiVersion))
      versions.set(owner.apiVersion, compareIn(owner.apiVersion, before, after, tracking));
    const comparison = versions.get(owner.apiVersion);
    if (!comparison) {
      owners.delete(id);
      continue;
    }
    const conflict = intersection(owner.fields, union(comparison.modified, comparison.added));
    lost.set(id, { conflict, removed: comparison.removed });
  }
  if (!self.force) {
    const conflicts = [...lost].flatMap(([id, { conflict }]) =>
      [...pathsOf(conflict)].map((path) => ({ manager: owners.get(id)!, path })),
    );
    if (conflicts.length > 0) throw new ApplyConflictError(conflicts);
  }
  for (const [id, { conflict, removed }] of lost) {
    if (isEmptySet(conflict) && isEmptySet(removed)) continue;
    const owner = owners.get(id)!;
    const fields = difference(difference(owner.fields, conflict), removed);
    if (isEmptySet(fields)) owners.delete(id);
    else owners.set(id, { ...owner, fields });
  }
  return own;
}

function compareIn(
  apiVersion: string,
  before: KubeObject,
  after: KubeObject,
  tracking: Tracking,
): Comparison | undefined {
  const [was, is] = [tracking.convert(before, apiVersion), tracking.convert(after, apiVersion)];
  return was && is && visible(compareFields(is.type, was.object, is.object), tracking.ignored);
}

function visible({ added, modified, removed }: Comparison, ignored: Fields): Comparison {
  return { added: without(added, ignored), modified: without(modified, ignored), removed: without(removed, ignored) };
}

function bare(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubeObject["metadata"] };
}

/**
 * The entries after an update (create, PUT, PATCH but apply). `live` is the object before, of a create the empty object
 * of its kind; `owners` who owned what of it.
 */
export function updateFields(
  live: KubeObject,
  next: KubeObject,
  owners: Map<string, Owner>,
  manager: Manager,
  tracking: Tracking,
): ManagedFieldsEntry[] {
  const { apiVersion } = manager;
  const { added, modified } = takeFromOthers(owners, bare(live), bare(next), { apiVersion, force: true }, tracking);
  const touched = difference(union(added, modified), unowned);
  if (!isEmptySet(touched)) {
    const id = idOf(manager);
    const fields = union(owners.get(id)?.fields ?? noFields, touched);
    owners.set(id, { ...manager, time: tracking.now, fields });
  }
  return writeOwners(gatherOldest(owners));
}

/** Keeps the number of owners by update in bounds: the oldest of one version become one. */
function gatherOldest(owners: Map<string, Owner>): Map<string, Owner> {
  const updaters = [...owners].filter(([, owner]) => owner.operation === "Update");
  let excess = updaters.length - updateManagersMax;
  if (excess <= 0) return owners;
  updaters.sort(([, a], [, b]) => ((a.time ?? "") < (b.time ?? "") ? -1 : 1));
  const firstOfVersion = new Map<string, string>();
  for (const [id, owner] of updaters) {
    if (excess <= 0) break;
    const gathered: Manager = { manager: gatheredManager, operation: "Update", apiVersion: owner.apiVersion };
    const gatheredId = idOf(gathered);
    const first = firstOfVersion.get(owner.apiVersion);
    firstOfVersion.set(owner.apiVersion, gatheredId);
    if (first === undefined && id !== gatheredId && !owners.has(gatheredId)) {
      // The first one only changes its name.
      owners.delete(id);
      owners.set(gatheredId, { ...gathered, time: owner.time, fields: owner.fields });
      continue;
    }
    if (id === gatheredId) continue;
    owners.delete(id);
    const fields = union(owners.get(gatheredId)?.fields ?? noFields, owner.fields);
    owners.set(gatheredId, { ...gathered, time: owner.time, fields });
    excess--;
  }
  return owners;
}

/**
 * Applies a configuration. Gives the object as its author wants it, with nulls where the last of it was removed, and the
 * entries; undefined if that changes nothing. Throws an ApplyConflictError.
 */
export function applyFields(
  live: KubeObject,
  configuration: KubeObject,
  owners: Map<string, Owner>,
  manager: Manager,
  force: boolean,
  tracking: Tracking,
): { object: KubeObject; managedFields: ManagedFieldsEntry[] } | undefined {
  const { type } = tracking;
  const before = bare(live);
  const id = idOf(manager);
  const last = owners.get(id);
  const fields = difference(without(fieldsOf(type, configuration), tracking.ignored), unowned);
  const merged = mergeApplied(type, before, configuration) as KubeObject;
  owners.set(id, { ...manager, time: last?.time, fields });
  const object = last ? prune(merged, owners, last, manager, tracking) : merged;
  takeFromOthers(owners, before, object, { id, apiVersion: manager.apiVersion, force }, tracking);
  const isSameObject = sameJson(before, object);
  const isSameOwner = last && last.apiVersion === manager.apiVersion && sameFields(last.fields, fields);
  if (isSameObject && isSameOwner) return undefined;
  // The time is that of the last change of the object, not of its owners.
  if (isEmptySet(fields)) owners.delete(id);
  else owners.set(id, { ...manager, time: isSameObject ? last?.time : tracking.now, fields });
  return { object, managedFields: writeOwners(owners) };
}

/** Takes out what the manager applied last time, not this time, and nobody else owns. */
function prune(
  merged: KubeObject,
  owners: ReadonlyMap<string, Owner>,
  last: Owner,
  manager: Manager,
  { convert }: Tracking,
): KubeObject {
  const start = convert(merged, last.apiVersion);
  // A version that is no longer served: nobody can say what its fields were.
  if (!start) return merged;
  const lastNamed = withNamedFields(start.type, last.fields);
  let pruned = removeFields(start.type, start.object, lastNamed) as KubeObject;
  for (const [apiVersion, fields] of fieldsByVersion(owners)) {
    const [whole, part] = [convert(merged, apiVersion), convert(pruned, apiVersion)];
    if (!whole || !part) continue;
    const kept = union(allFields(part), withNamedFields(whole.type, fields));
    const next = removeFields(whole.type, whole.object, difference(allFields(whole), kept)) as KubeObject;
    pruned = convert(next, last.apiVersion)?.object ?? next;
  }
  // What is below something removed and was never this manager's stays.
  const gone = difference(allFields(start), allFields({ object: pruned, type: start.type }));
  const result = removeFields(start.type, start.object, intersection(gone, lastNamed)) as KubeObject;
  return convert(result, manager.apiVersion)?.object ?? result;
}

function allFields({ object, type }: Versioned): Fields {
  return withNamedFields(type, fieldsOf(type, object));
}

function fieldsByVersion(owners: ReadonlyMap<string, Owner>): Map<string, Fields> {
  const result = new Map<string, Fields>();
  for (const { apiVersion, fields } of owners.values())
    result.set(apiVersion, union(result.get(apiVersion) ?? noFields, fields));
  return result;
}
