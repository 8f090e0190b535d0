import { identity, mergeKey } from "../equal.ts";
import type { ListMerge } from "../types.ts";
import type { ListValue, Value } from "../values.ts";

/**
 * `left + right` of lists that their schema says merge: a set keeps each element once, a map replaces elements of the
 * same keys in their places (KEP-2876, "Equality and + of lists").
 */
export function mergeLists(left: ListValue, right: ListValue, merge: ListMerge): ListValue {
  const items = [...left.items];
  if (merge.type === "set") {
    const known = new Set(items.map(identity));
    for (const item of right.items) if (!known.has(identity(item))) items.push(item);
    return { tag: "list", items, merge };
  }
  const places = new Map<string, number>(items.map((item: Value, index) => [mergeKey(item, merge.keys), index]));
  for (const item of right.items) {
    const place = places.get(mergeKey(item, merge.keys));
    if (place === undefined) places.set(mergeKey(item, merge.keys), items.push(item) - 1);
    else items[place] = item;
  }
  return { tag: "list", items, merge };
}
