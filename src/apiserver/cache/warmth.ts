import type { Held } from "./item.ts";

/** How many bytes of JSON the objects have that are kept ready. Parsed they take a few times as much. */
const warmBytesMax = 16 << 20;

/** Knows which objects were used lately, and lets go of the others. */
export interface Warmth {
  /** Notes that an object was used. */
  touch(item: Held): void;
}

/**
 * Two generations: an object stays as long as it is used once in the time that it takes for half the budget of others to be
 * used.
 */
export function warmthOf(bytesMax: number = warmBytesMax): Warmth {
  /** Invariant: all items whose `turn` is the present one are in `young`, those of the one before in `old`. */
  let turn = 0;
  let young: Held[] = [];
  let old: Held[] = [];
  let youngBytes = 0;
  return {
    touch(item) {
      if (item.turn === turn) return;
      item.turn = turn;
      young.push(item);
      youngBytes += item.size;
      if (youngBytes <= bytesMax / 2) return;
      for (const each of old) if (each.turn < turn) each.cool();
      old = young;
      young = [];
      youngBytes = 0;
      turn++;
    },
  };
}
