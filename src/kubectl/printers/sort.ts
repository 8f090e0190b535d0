// `--sort-by`.

import { type JsonPathError, parseJsonPath, relaxedPath } from "../../api/machinery/jsonpath.ts";
import { compareQuantities, isQuantity, type Quantity } from "../../api/machinery/quantity.ts";
import { CommandError } from "../errors.ts";

/** Makes a function that sorts by a field's path: numbers by size, quantities by amount, texts by letter. */
export function sorterBy(path: string): <T>(items: readonly T[], objectOf: (item: T) => unknown) => T[] {
  let finder: ReturnType<typeof parseJsonPath>;
  try {
    finder = parseJsonPath(relaxedPath(path));
  } catch (error) {
    throw new CommandError((error as JsonPathError).message);
  }
  return (items, objectOf) => {
    const keyed = items.map((item) => ({ item, key: finder.find(objectOf(item)).flat()[0] }));
    if (items.length > 0 && keyed.every(({ key }) => key === undefined)) {
      throw new CommandError(`couldn't find any field with path "${relaxedPath(path)}" in the list of objects`);
    }
    return keyed.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
  };
}

function compare(a: unknown, b: unknown): number {
  if (a === undefined || a === null) return b === undefined || b === null ? 0 : -1;
  if (b === undefined || b === null) return 1;
  if (typeof a === "string" && typeof b === "string") {
    if (isQuantity(a) && isQuantity(b)) return compareQuantities(a as unknown as Quantity, b as unknown as Quantity);
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
