import { addRange, fixed, scale, timesRange } from "../costs.ts";
import { identity } from "../equal.ts";
import { type Costs, define, type Library } from "../overload.ts";
import { type ListValue, sizeOf, type Value } from "../values.ts";

/** Lists as sets (cel-go's sets extension). */
export function addSets(library: Library): void {
  const set = (list: Value | undefined) => new Set((list as ListValue).items.map(identity));
  const contains = (all: Value | undefined, part: Value | undefined) => {
    const known = set(all);
    return (part as ListValue).items.every((item) => known.has(identity(item)));
  };
  const signature = "(list<A>, list<A>): bool";
  define(library, "sets.contains", signature, ([a, b]) => contains(a, b), product(1));
  define(library, "sets.equivalent", signature, ([a, b]) => contains(a, b) && contains(b, a), product(2));
  define(
    library,
    "sets.intersects",
    signature,
    ([a, b]) => {
      const known = set(a);
      return (b as ListValue).items.some((item) => known.has(identity(item)));
    },
    product(1),
  );
}

/** Each element is compared with each. */
function product(factor: number): Costs {
  return {
    cost: ([a, b]) => Math.ceil(sizeOf(a!) * sizeOf(b!) * factor) + 1,
    estimate: ([a, b]) => ({ cost: addRange(scale(timesRange(a!.size, b!.size), factor), fixed(1)) }),
  };
}
