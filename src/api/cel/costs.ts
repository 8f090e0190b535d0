import type { CallEstimate, Costs, Estimated, Range } from "./overload.ts";
import { type MapValue, sizeOf, type Value } from "./values.ts";

// How much calls cost, in cel-go's and Kubernetes' units: one for a step, a tenth of one for a letter that is walked.

/** What walking one letter costs. */
const letterCost = 0.1;

/** What one letter of a regular expression makes every letter of the text cost: four letters a state. */
const regexLetterCost = 0.25;

export const fixed = (value: number): Range => ({ min: value, max: value });

export function addRange(left: Range, right: Range): Range {
  return { min: left.min + right.min, max: left.max + right.max };
}

export function timesRange(left: Range, right: Range): Range {
  return { min: times(left.min, right.min), max: times(left.max, right.max) };
}

/** Infinity times nothing is nothing. */
function times(left: number, right: number): number {
  return left === 0 || right === 0 ? 0 : left * right;
}

/** A size times a factor, rounded up. */
export function scale(range: Range, factor: number): Range {
  return { min: Math.ceil(range.min * factor), max: Math.ceil(range.max * factor) };
}

/** From the smaller to the larger of both. */
export function unite(left: Range, right: Range): Range {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}

/** Walks an argument once, or `passes` times; the result is as large as `size` says. */
export function walk(index: number, passes = 1, size?: (args: readonly Estimated[]) => Range): Costs {
  return {
    cost: (args) => Math.ceil(sizeOf(args[index]!) * passes * letterCost),
    estimate: (args): CallEstimate => ({
      cost: scale(args[index]!.size, passes * letterCost),
      ...(size ? { size: size(args) } : {}),
    }),
  };
}

/** Compares two values: as many letters as the shorter one has. */
export const comparison: Costs = {
  cost: (args) => Math.ceil(Math.min(sizeOf(args[0]!), sizeOf(args[1]!)) * letterCost),
  estimate: ([left, right]) => {
    const max = Math.min(left!.size.max, right!.size.max);
    return { cost: scale({ min: max > 0 ? 1 : 0, max }, letterCost) };
  },
};

/** Puts two texts together. */
export const concatenation: Costs = {
  cost: (args) => Math.ceil((sizeOf(args[0]!) + sizeOf(args[1]!)) * letterCost),
  estimate: ([left, right]) => {
    const size = addRange(left!.size, right!.size);
    return { cost: scale(size, letterCost), size };
  },
};

/** Puts two lists together: the cost does not depend on their size, but the result's size does. */
export const listConcatenation: Costs = {
  estimate: ([left, right]) => ({ cost: fixed(1), size: addRange(left!.size, right!.size) }),
};

/** Looks for a regular expression in a text. */
export const regexSearch: Costs = {
  cost: (args) => Math.ceil((1 + sizeOf(args[0]!)) * letterCost) * Math.ceil(sizeOf(args[1]!) * regexLetterCost),
  estimate: ([text, pattern]) => {
    const walked = scale(addRange(text!.size, fixed(1)), letterCost);
    return { cost: timesRange(walked, scale(pattern!.size, regexLetterCost)) };
  },
};

/** The same, where the result is what was found. */
export const regexFind: Costs = {
  ...regexSearch,
  estimate: (args) => ({ ...regexSearch.estimate!(args), size: { min: 0, max: args[0]!.size.max } }),
};

/** Looks for a text in a text. */
export const textSearch: Costs = {
  cost: (args) => Math.ceil(sizeOf(args[0]!) * letterCost) * Math.ceil(sizeOf(args[1]!) * letterCost),
  estimate: ([text, part]) => ({ cost: timesRange(scale(text!.size, letterCost), scale(part!.size, letterCost)) }),
};

/** Looks at every element of the list that is the second argument. */
export const membership: Costs = {
  cost: (args) => sizeOf(args[1]!),
  estimate: (args) => ({ cost: args[1]!.size }),
};

/** Looks at every element of the list, or letter of the text, that is the first argument. */
export const elements: Costs = {
  cost: (args) => traversal(args[0]!),
  estimate: ([list]) => {
    if (list!.type.kind !== "list") return { cost: scale(list!.size, letterCost) };
    const { kind } = list!.type.item;
    const texts = kind === "string" || kind === "bytes";
    const each = texts ? addRange(fixed(1), scale(list!.elementSize, letterCost)) : fixed(1);
    return { cost: timesRange(list!.size, each) };
  },
};

/** More parts than any budget lasts for. */
const partsMax = 10_000_000;

/**
 * What reading a value to its end costs. Infinite where no budget lasts so long: values share their parts, and one that
 * was made in forty steps may have 2^40 of them.
 */
export function traversal(value: Value, parts = { left: partsMax }): number {
  if (--parts.left < 0) return Number.POSITIVE_INFINITY;
  if (typeof value === "string" || value instanceof Uint8Array) return Math.floor(value.length * letterCost);
  if (value === null || typeof value !== "object") return 1;
  if (value.tag !== "list" && value.tag !== "map") return 1;
  let sum = 0;
  const inner = value.tag === "list" ? value.items : valuesOf(value);
  for (const each of inner) {
    sum += traversal(each, parts);
    if (sum === Number.POSITIVE_INFINITY) break;
  }
  return sum;
}

function* valuesOf(map: MapValue): Iterable<Value> {
  for (const key of map.keys()) {
    yield key;
    yield map.get(key)!;
  }
}

/** A cost that depends on nothing. */
export function flat(cost: number): Costs {
  return { cost: () => cost, estimate: () => ({ cost: fixed(cost) }) };
}
