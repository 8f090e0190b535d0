// The strategic merge patch that `kubectl apply` sends: what the user changed since the last apply, and nothing of what
// others set in between ("Declarative Management of Kubernetes Objects").

import { sameJson } from "../../base/equal.ts";
import { isObject, PatchError } from "./patch_merge.ts";
import {
  childPlace,
  itemPlace,
  type MergePlace,
  mergeKeyOf,
  mergesList,
  replacesMap,
  retainsKeys,
} from "./patch_schema.ts";
import { deletePrimitivePrefix, goText, orderPrefix, patchDirective, retainKeysDirective } from "./patch_strategic.ts";
import type { Definitions } from "./schema.ts";

type JsonObject = Record<string, unknown>;

/**
 * The patch that turns `current` into what `modified` says and removes what `original`, the last one applied, had more.
 * Empty if there is nothing to do. Throws a `PatchError` for list items without their merge key.
 */
export function threeWayStrategic(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  definition: string,
  definitions: Definitions,
): JsonObject {
  return mapPatch({ original, modified, current }, { field: { $ref: definition }, definitions });
}

interface Three<T> {
  original: T;
  modified: T;
  current: T;
}

function mapPatch({ original, modified, current }: Three<JsonObject>, place: MergePlace): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) patch[key] = null;
  for (const [key, value] of Object.entries(modified)) {
    fieldPatch(patch, key, { original: original[key], modified: value, current: current[key] }, childPlace(place, key));
  }
  return patch;
}

function fieldPatch(
  patch: JsonObject,
  key: string,
  { original, modified, current }: Three<unknown>,
  place: MergePlace,
): void {
  if (isObject(modified) && isObject(current) && !replacesMap(place)) {
    const inner = mapPatch({ original: isObject(original) ? original : {}, modified, current }, place);
    if (Object.keys(inner).length > 0) patch[key] = retaining(inner, modified, place);
  } else if (Array.isArray(modified) && Array.isArray(current) && mergesList(place)) {
    const lists = { original: Array.isArray(original) ? original : [], modified, current };
    const changes = modified.concat(current).some(isObject)
      ? itemPatches(lists, place, key)
      : scalarPatches(lists, key);
    Object.assign(patch, changes);
  } else if (!sameJson(modified, current)) patch[key] = modified;
}

/** Names the keys that stay, where only one of several may. */
function retaining(patch: JsonObject, modified: JsonObject, place: MergePlace): JsonObject {
  return retainsKeys(place) ? { ...patch, [retainKeysDirective]: Object.keys(modified).toSorted() } : patch;
}

function itemPatches({ original, modified, current }: Three<unknown[]>, place: MergePlace, key: string): JsonObject {
  const mergeKey = mergeKeyOf(place);
  if (mergeKey === undefined) throw new PatchError(500, `cannot merge lists without merge key for ${key}`);
  for (const item of modified) {
    if (!isObject(item) || item[mergeKey] === undefined) {
      throw new PatchError(500, `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
    }
  }
  const find = (list: unknown[], id: unknown) => list.filter(isObject).find((item) => sameJson(item[mergeKey], id));
  const changes: JsonObject[] = [];
  for (const item of modified as JsonObject[]) {
    const id = item[mergeKey];
    const now = find(current, id);
    if (!now) {
      changes.push(item);
      continue;
    }
    const inner = mapPatch({ original: find(original, id) ?? {}, modified: item, current: now }, itemPlace(place));
    if (Object.keys(inner).length > 0) changes.push({ ...retaining(inner, item, place), [mergeKey]: id });
  }
  for (const item of original.filter(isObject)) {
    if (!find(modified, item[mergeKey])) changes.push({ [patchDirective]: "delete", [mergeKey]: item[mergeKey] });
  }
  const order = modified.map((item) => ({ [mergeKey]: (item as JsonObject)[mergeKey] }));
  const known = current.filter(isObject).filter((item) => find(modified, item[mergeKey]));
  const sameOrder = known.every((item, index) => sameJson(item[mergeKey], order[index]?.[mergeKey]));
  if (changes.length === 0 && sameOrder) return {};
  return { [orderPrefix + key]: order, ...(changes.length > 0 && { [key]: changes }) };
}

function scalarPatches({ original, modified, current }: Three<unknown[]>, key: string): JsonObject {
  const without = (list: unknown[], other: unknown[]) =>
    list.filter((item) => !other.some((each) => sameJson(each, item)));
  const added = without(modified, current);
  const removed = without(original, modified);
  const sameOrder = sameJson(without(current, without(current, modified)), modified);
  if (added.length === 0 && removed.length === 0 && sameOrder) return {};
  return {
    [orderPrefix + key]: modified,
    ...(added.length > 0 && { [key]: added }),
    ...(removed.length > 0 && { [deletePrimitivePrefix + key]: removed }),
  };
}
