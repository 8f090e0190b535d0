// The order of merged lists: what the patch orders stands as the patch has it, what only the server has keeps its place
// before what followed it.

import { canonicalJson } from "./hash.ts";
import { isObject } from "./patch_merge.ts";

export type Item = Record<string, unknown>;

/** A text that identifies an item: of its merge key for a map, of the value itself otherwise. */
export function keyOf(item: unknown, mergeKey: string | undefined): string {
  return canonicalJson(mergeKey !== undefined && isObject(item) ? (item[mergeKey] ?? null) : item);
}

/**
 * Orders items. `wanted` are the keys that the patch orders; `before` the server's order until now.
 *
 * Items in neither order go where the patch's items end.
 */
export function applyOrder<T>(
  items: readonly T[],
  wanted: readonly string[],
  before: readonly string[],
  mergeKey?: string,
): T[] {
  const ordered: T[] = [];
  const serverOnly: T[] = [];
  const rank = new Map(wanted.map((key, index) => [key, index]));
  const serverRank = new Map(before.map((key, index) => [key, index]));
  for (const item of items) (rank.has(keyOf(item, mergeKey)) ? ordered : serverOnly).push(item);
  const by = (ranks: Map<string, number>) => (a: T, b: T) =>
    (ranks.get(keyOf(a, mergeKey)) ?? 0) - (ranks.get(keyOf(b, mergeKey)) ?? 0);
  ordered.sort(by(rank));
  serverOnly.sort(by(serverRank));
  const result: T[] = [];
  let next = 0;
  for (const item of ordered) {
    const place = serverRank.get(keyOf(item, mergeKey));
    // Only an item that the server knew can have something of the server's before it.
    while (place !== undefined && next < serverOnly.length) {
      const other = serverRank.get(keyOf(serverOnly[next], mergeKey));
      if (other === undefined || other > place) break;
      result.push(serverOnly[next++]!);
    }
    result.push(item);
  }
  return [...result, ...serverOnly.slice(next)];
}
