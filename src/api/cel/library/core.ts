import { compileRegex } from "../../machinery/regex.ts";
import { comparison, concatenation, listConcatenation, membership, regexSearch, textSearch, walk } from "../costs.ts";
import { compare, equal } from "../equal.ts";
import { CelError } from "../errors.ts";
import { define, type Library, type Meter, method } from "../overload.ts";
import { durationOf, timestampOf } from "../time.ts";
import {
  type DurationValue,
  int,
  type ListValue,
  listValue,
  type MapValue,
  mapValue,
  showKey,
  sizeOf,
  type TimeValue,
  typeName,
  type UintValue,
  uint,
  type Value,
} from "../values.ts";
import { mergeLists } from "./merge_lists.ts";

/** Operators, and what every value has. */
export function addCore(library: Library): void {
  addLogic(library);
  addComparisons(library);
  addArithmetic(library);
  addContainers(library);
  addTexts(library);
}

/** These are evaluated by the interpreter, since they do not always look at all of their arguments. */
function addLogic(library: Library): void {
  const never = () => {
    throw new CelError("no such overload");
  };
  define(library, "_&&_", "(bool, bool): bool", never);
  define(library, "_||_", "(bool, bool): bool", never);
  define(library, "_?_:_", "(bool, A, A): A", never);
  define(library, "@not_strictly_false", "(bool): bool", never);
  define(library, "!_", "(bool): bool", ([value]) => !value);
  define(library, "dyn", "(A): dyn", ([value]) => value!);
  define(library, "type", "(A): type<A>", ([value]) => ({ tag: "type", name: typeName(value!) }));
}

const orders: Record<string, (order: number) => boolean> = {
  "_<_": (order) => order < 0,
  "_<=_": (order) => order <= 0,
  "_>_": (order) => order > 0,
  "_>=_": (order) => order >= 0,
};

function addComparisons(library: Library): void {
  define(library, "_==_", "(A, A): bool", ([a, b], meter) => equal(a!, b!, meter), comparison);
  define(library, "_!=_", "(A, A): bool", ([a, b], meter) => !equal(a!, b!, meter), comparison);
  const numbers = ["int", "uint", "double"];
  for (const [name, holds] of Object.entries(orders)) {
    const run = ([a, b]: readonly Value[]) => {
      // Comparing with NaN is false rather than an error.
      if (Number.isNaN(a) || Number.isNaN(b)) return false;
      return holds(compare(a!, b!));
    };
    for (const type of ["bool", "timestamp", "duration"]) define(library, name, `(${type}, ${type}): bool`, run);
    for (const type of ["string", "bytes"]) define(library, name, `(${type}, ${type}): bool`, run, comparison);
    for (const left of numbers) for (const right of numbers) define(library, name, `(${left}, ${right}): bool`, run);
  }
}

function addArithmetic(library: Library): void {
  const ints: Record<string, (a: bigint, b: bigint) => bigint> = {
    "_+_": (a, b) => a + b,
    "_-_": (a, b) => a - b,
    "_*_": (a, b) => a * b,
    "_/_": (a, b) => divide(a, b, "division by zero") / b,
    "_%_": (a, b) => divide(a, b, "modulus by zero") % b,
  };
  for (const [name, run] of Object.entries(ints)) {
    define(library, name, "(int, int): int", ([a, b]) => int(run(a as bigint, b as bigint)));
    define(library, name, "(uint, uint): uint", ([a, b]) => uint(run((a as UintValue).value, (b as UintValue).value)));
  }
  const doubles: Record<string, (a: number, b: number) => number> = {
    "_+_": (a, b) => a + b,
    "_-_": (a, b) => a - b,
    "_*_": (a, b) => a * b,
    "_/_": (a, b) => a / b,
  };
  for (const [name, run] of Object.entries(doubles)) {
    define(library, name, "(double, double): double", ([a, b]) => run(a as number, b as number));
  }
  define(library, "-_", "(int): int", ([a]) => int(-(a as bigint)));
  define(library, "-_", "(double): double", ([a]) => -(a as number));
  addTimes(library);
}

function divide(a: bigint, b: bigint, message: string): bigint {
  if (b === 0n) throw new CelError(message);
  return a;
}

function addTimes(library: Library): void {
  const ns = (value: Value | undefined) => (value as TimeValue | DurationValue).ns;
  define(library, "_+_", "(timestamp, duration): timestamp", ([a, b]) => timestampOf(ns(a) + ns(b)));
  define(library, "_+_", "(duration, timestamp): timestamp", ([a, b]) => timestampOf(ns(a) + ns(b)));
  define(library, "_+_", "(duration, duration): duration", ([a, b]) => durationOf(ns(a) + ns(b)));
  define(library, "_-_", "(timestamp, timestamp): duration", ([a, b]) => durationOf(ns(a) - ns(b)));
  define(library, "_-_", "(timestamp, duration): timestamp", ([a, b]) => timestampOf(ns(a) - ns(b)));
  define(library, "_-_", "(duration, duration): duration", ([a, b]) => durationOf(ns(a) - ns(b)));
}

/** The element at an index; fails with cel-go's words. */
export function elementAt(list: ListValue, index: Value): Value {
  const at = typeof index === "object" && index && "tag" in index && index.tag === "uint" ? index.value : index;
  if (typeof at === "bigint" || (typeof at === "number" && Number.isInteger(at))) {
    if (at >= 0 && at < list.items.length) return list.items[Number(at)]!;
    throw new CelError(`index out of bounds: ${at}`);
  }
  throw new CelError(`unsupported index type '${typeName(index)}' in list`);
}

/** The value of a key; fails with cel-go's words. */
export function valueAt(map: MapValue, key: Value): Value {
  const value = map.get(key);
  if (value === undefined) throw new CelError(`no such key: ${showKey(key)}`);
  return value;
}

function addContainers(library: Library): void {
  define(library, "_[_]", "(list<A>, int): A", ([list, index]) => elementAt(list as ListValue, index!));
  define(library, "_[_]", "(map<A, B>, A): B", ([map, key]) => valueAt(map as MapValue, key!));
  const inList = ([value, list]: readonly Value[], meter: Meter) =>
    (list as ListValue).items.some((item) => equal(item, value!, meter));
  define(library, "@in", "(A, list<A>): bool", inList, membership);
  define(library, "@in", "(A, map<A, B>): bool", ([key, map]) => (map as MapValue).get(key!) !== undefined);
  define(
    library,
    "_+_",
    "(list<A>, list<A>): list<A>",
    ([a, b], meter) => addLists(a as ListValue, b as ListValue, meter),
    listConcatenation,
  );
  for (const type of ["string", "bytes", "list<A>", "map<A, B>"]) {
    define(library, "size", `(${type}): int`, ([value]) => BigInt(sizeOf(value!)));
    method(library, "size", `${type} (): int`, ([value]) => BigInt(sizeOf(value!)));
  }
  const insert = (map: Value | undefined, entries: readonly (readonly [Value, Value])[]) => {
    const before = map as MapValue;
    return mapValue([...[...before.keys()].map((key) => [key, before.get(key)!] as const), ...entries]);
  };
  define(library, "cel.@mapInsert", "(map<A, B>, A, B): map<A, B>", ([map, key, value]) =>
    insert(map, [[key!, value!]]),
  );
  define(library, "cel.@mapInsert", "(map<A, B>, map<A, B>): map<A, B>", ([map, more]) => {
    const entries = more as MapValue;
    return insert(
      map,
      [...entries.keys()].map((key) => [key, entries.get(key)!] as const),
    );
  });
}

function addLists(left: ListValue, right: ListValue, meter: Meter): ListValue {
  meter.work(left.items.length + right.items.length);
  const merge = left.merge ?? right.merge;
  if (merge) return mergeLists(left, right, merge);
  return listValue(left.items.length === 0 ? right.items : [...left.items, ...right.items]);
}

function addTexts(library: Library): void {
  define(library, "_+_", "(string, string): string", ([a, b]) => `${a}${b}`, concatenation);
  define(
    library,
    "_+_",
    "(bytes, bytes): bytes",
    ([a, b]) => {
      const [left, right] = [a as Uint8Array, b as Uint8Array];
      const sum = new Uint8Array(left.length + right.length);
      sum.set(left);
      sum.set(right, left.length);
      return sum;
    },
    concatenation,
  );
  const texts = (args: readonly Value[]) => args as readonly string[];
  method(library, "contains", "string (string): bool", (args) => texts(args)[0]!.includes(texts(args)[1]!), textSearch);
  method(
    library,
    "startsWith",
    "string (string): bool",
    (args) => texts(args)[0]!.startsWith(texts(args)[1]!),
    walkPart,
  );
  method(library, "endsWith", "string (string): bool", (args) => texts(args)[0]!.endsWith(texts(args)[1]!), walkPart);
  const matches = (args: readonly Value[]) => matcher(texts(args)[1]!).test(texts(args)[0]!);
  method(library, "matches", "string (string): bool", matches, regexSearch);
  define(library, "matches", "(string, string): bool", matches, regexSearch);
}

/** The estimate counts the part that is looked for, the meter the whole text: cel-go does so. */
const walkPart = { ...walk(0), estimate: walk(1).estimate! };

/** A compiled pattern; fails with Go's words. */
export function matcher(pattern: string): ReturnType<typeof compileRegex> {
  try {
    return compileRegex(pattern);
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : String(error));
  }
}
