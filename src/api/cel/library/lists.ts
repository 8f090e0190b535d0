import { elements } from "../costs.ts";
import { compare, equal } from "../equal.ts";
import { CelError } from "../errors.ts";
import { type Library, type Meter, method } from "../overload.ts";
import { type DurationValue, int, type ListValue, type UintValue, uint, type Value } from "../values.ts";

const ordered = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

const sums: Record<string, (items: readonly any[]) => Value> = {
  int: (items) => items.reduce((sum: bigint, item: bigint) => int(sum + item), 0n),
  uint: (items) => items.reduce((sum: UintValue, item: UintValue) => uint(sum.value + item.value), uint(0n)),
  double: (items) => items.reduce((sum: number, item: number) => sum + item, 0),
  duration: (items): Value => ({
    tag: "duration",
    ns: items.reduce((sum: bigint, item: DurationValue) => sum + item.ns, 0n),
  }),
};

/** Kubernetes' functions of lists. */
export function addLists(library: Library): void {
  const items = (list: Value | undefined) => (list as ListValue).items;
  for (const type of ordered) {
    method(library, "isSorted", `list<${type}> (): bool`, ([list]) => isSorted(items(list)), elements);
    method(library, "min", `list<${type}> (): ${type}`, ([list]) => extreme(items(list), "min"), elements);
    method(library, "max", `list<${type}> (): ${type}`, ([list]) => extreme(items(list), "max"), elements);
  }
  for (const [type, sum] of Object.entries(sums)) {
    method(library, "sum", `list<${type}> (): ${type}`, ([list]) => sumOf(items(list), sum), elements);
  }
  const position =
    (last: boolean) =>
    ([list, value]: readonly Value[], meter: Meter) => {
      const same = (item: Value) => equal(item, value!, meter);
      return BigInt(last ? items(list).findLastIndex(same) : items(list).findIndex(same));
    };
  method(library, "indexOf", "list<A> (A): int", position(false), elements);
  method(library, "lastIndexOf", "list<A> (A): int", position(true), elements);
}

function sumOf(items: readonly Value[], sum: (items: readonly any[]) => Value): Value {
  try {
    return sum(items);
  } catch (error) {
    // A list without types may hold what cannot be added.
    if (error instanceof TypeError) throw new CelError("no such overload");
    throw error;
  }
}

function isSorted(items: readonly Value[]): boolean {
  return items.every((item, at) => at === 0 || compare(items[at - 1]!, item) <= 0);
}

function extreme(items: readonly Value[], name: "min" | "max"): Value {
  if (items.length === 0) throw new CelError(`${name} called on empty list`);
  return items.reduce((best, item) => {
    const order = compare(item, best);
    return (name === "min" ? order < 0 : order > 0) ? item : best;
  });
}
