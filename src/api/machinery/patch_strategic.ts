// Strategic merge patches: maps are merged, lists too where the schema has a merge key, and directives say the rest
// ("Strategic Merge Patch" in Kubernetes' API conventions). Neither the object nor the patch is changed.

import { isObject, PatchError } from "./patch_merge.ts";
import { applyOrder, type Item, keyOf } from "./patch_order.ts";
import { childPlace, itemPlace, type MergePlace, mergeKeyOf, mergesList, replacesMap } from "./patch_schema.ts";
import type { Definitions } from "./schema.ts";

type JsonObject = Record<string, unknown>;

export const patchDirective = "$patch";
export const retainKeysDirective = "$retainKeys";
export const deletePrimitivePrefix = "$deleteFromPrimitiveList/";
export const orderPrefix = "$setElementOrder/";

/** Applies a strategic merge patch to an object of this definition. Throws a `PatchError` in the server's words. */
export function applyStrategicPatch(
  target: JsonObject,
  patch: JsonObject,
  definition: string,
  definitions: Definitions,
): JsonObject {
  return mergeMap(target, patch, { field: { $ref: definition }, definitions });
}

/** A map of Go as `%v` prints it: `map[image:x name:a]`. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (isObject(value)) {
    const entries = Object.keys(value).toSorted();
    return `map[${entries.map((key) => `${key}:${goText(value[key])}`).join(" ")}]`;
  }
  return value === null || value === undefined ? "<nil>" : String(value);
}

function unknownDirective(patch: JsonObject): PatchError {
  return new PatchError(500, `unknown patch type: ${goText(patch[patchDirective])} in map: ${goText(patch)}`);
}

function mergeMap(target: JsonObject, patch: JsonObject, place: MergePlace): JsonObject {
  const directive = patch[patchDirective];
  if (directive === "replace") return withoutDirectives(patch) as JsonObject;
  if (directive === "delete") return {};
  if (directive !== undefined) throw unknownDirective(patch);
  const result = retainKeys(target, patch);
  const orders = new Map<string, unknown[]>();
  for (const [key, value] of Object.entries(patch)) {
    if (key === retainKeysDirective) continue;
    if (key.startsWith(orderPrefix)) orders.set(key.slice(orderPrefix.length), orderList(value));
    else if (key.startsWith(deletePrimitivePrefix))
      deletePrimitives(result, key.slice(deletePrimitivePrefix.length), value);
    else mergeField(result, key, value, childPlace(place, key));
  }
  for (const [key, order] of orders) setOrder(result, target, patch, key, order, childPlace(place, key));
  return result;
}

/** A copy of the target, of the named keys only if the patch has `$retainKeys`. */
function retainKeys(target: JsonObject, patch: JsonObject): JsonObject {
  const retained = patch[retainKeysDirective];
  if (retained === undefined) return { ...target };
  const mistake = new PatchError(400, "invalid patch format of retainKeys");
  if (!Array.isArray(retained)) throw mistake;
  const isNamed = (key: string): boolean => key.startsWith("$") || retained.includes(key);
  if (!Object.keys(patch).every(isNamed)) throw mistake;
  return Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key)));
}

function orderList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new PatchError(400, "invalid patch format of setElementOrder list");
  return value;
}

function deletePrimitives(result: JsonObject, key: string, values: unknown): void {
  if (!Array.isArray(values)) throw new PatchError(400, "invalid patch format of primitive list");
  const list = result[key];
  const gone = new Set(values.map((value) => keyOf(value, undefined)));
  if (Array.isArray(list)) result[key] = list.filter((item) => !gone.has(keyOf(item, undefined)));
}

function mergeField(result: JsonObject, key: string, value: unknown, place: MergePlace): void {
  const current = result[key];
  if (value === null) delete result[key];
  else if (isObject(value) && isObject(current) && !replacesMap(place)) result[key] = mergeMap(current, value, place);
  else if (Array.isArray(value) && Array.isArray(current) && mergesList(place))
    result[key] = mergeList(current, value, place, key);
  else {
    const kept = withoutDirectives(value);
    if (kept === undefined) delete result[key];
    else result[key] = kept;
  }
}

/** A patch's value where nothing was: no nulls, no directives, nothing that it would delete. Undefined: nothing is left. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    const deletes = (item: unknown): boolean => isObject(item) && item[patchDirective] === "delete";
    const replaces = (item: unknown): boolean =>
      isObject(item) && item[patchDirective] === "replace" && Object.keys(item).length === 1;
    return value.filter((item) => !deletes(item) && !replaces(item)).map(withoutDirectives);
  }
  if (!isObject(value)) return value;
  if (value[patchDirective] === "delete") return undefined;
  const result: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    if (each === null || key === patchDirective || key === retainKeysDirective) continue;
    if (key.startsWith(orderPrefix) || key.startsWith(deletePrimitivePrefix)) continue;
    const kept = withoutDirectives(each);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}

function mergeList(current: unknown[], patch: unknown[], place: MergePlace, key: string): unknown[] {
  if (![...current, ...patch].some(isObject)) return mergeScalars(current, patch);
  const mergeKey = mergeKeyOf(place);
  if (mergeKey === undefined) throw new PatchError(500, `cannot merge lists without merge key for ${key}`);
  const { kept, merging } = applyListDirectives(current, patch, mergeKey);
  if (!merging) return kept;
  const items = [...kept];
  const places = new Map<string, number>();
  for (const [index, item] of kept.entries())
    if (!places.has(keyOf(item, mergeKey))) places.set(keyOf(item, mergeKey), index);
  for (const change of merging) {
    const key = keyOf(change, mergeKey);
    const index = places.get(key);
    if (index === undefined) places.set(key, items.push(withoutDirectives(change) as Item) - 1);
    else items[index] = mergeMap(items[index]!, change, itemPlace(place));
  }
  return applyOrder(
    items,
    merging.map((item) => keyOf(item, mergeKey)),
    kept.map((item) => keyOf(item, mergeKey)),
    mergeKey,
  );
}

function mergeScalars(current: unknown[], patch: unknown[]): unknown[] {
  const seen = new Set<string>();
  return [...current, ...patch].filter((item) => {
    const key = keyOf(item, undefined);
    return !seen.has(key) && seen.add(key);
  });
}

/** Carries out `$patch` on items. Without `merging`, `kept` is the whole result. */
function applyListDirectives(
  current: unknown[],
  patch: unknown[],
  mergeKey: string,
): { kept: Item[]; merging?: Item[] } {
  const gone = new Set<string>();
  const merging: Item[] = [];
  let replace = false;
  for (const item of patch) {
    if (!isObject(item)) throw new PatchError(500, "invalid patch format: a list of maps was wanted");
    const directive = item[patchDirective];
    if (directive === "replace") replace = true;
    else if (directive === "merge") throw new PatchError(500, "merging lists cannot yet be specified in the patch");
    else if (directive !== undefined && directive !== "delete") throw unknownDirective(item);
    else if (item[mergeKey] === undefined)
      throw new PatchError(500, `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
    else if (directive === "delete") gone.add(keyOf(item, mergeKey));
    else merging.push(item);
  }
  const items = current as Item[];
  const kept = gone.size === 0 ? items : items.filter((item) => !gone.has(keyOf(item, mergeKey)));
  return replace ? { kept: merging.map((item) => withoutDirectives(item) as Item) } : { kept, merging };
}

/** Puts a merged list in the order that the patch asks for. */
function setOrder(
  result: JsonObject,
  target: JsonObject,
  patch: JsonObject,
  key: string,
  order: unknown[],
  place: MergePlace,
): void {
  const merged = result[key];
  if (!Array.isArray(merged) || !mergesList(place)) return;
  const mergeKey = mergeKeyOf(place);
  const wanted = order.map((item) => keyOf(item, mergeKey));
  checkOrder(patch[key], order, key, mergeKey);
  const before = Array.isArray(target[key]) ? target[key].map((item) => keyOf(item, mergeKey)) : [];
  result[key] = applyOrder(merged, wanted, before, mergeKey);
}

/** The items of a patch must stand in its order list, in that order. */
function checkOrder(patch: unknown, order: unknown[], key: string, mergeKey: string | undefined): void {
  if (!Array.isArray(patch)) return;
  const wanted = order.map((item) => keyOf(item, mergeKey));
  let last = -1;
  for (const item of patch) {
    if (isObject(item) && item[patchDirective] !== undefined) continue;
    const at = wanted.indexOf(keyOf(item, mergeKey));
    if (at <= last) {
      throw new PatchError(
        500,
        `The order in patch list:\n${goText(patch)}\n doesn't match ${orderPrefix}${key} list:\n${goText(order)}\n`,
      );
    }
    last = at;
  }
}
