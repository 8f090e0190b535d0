import type { CelType } from "./types.ts";
import type { Value } from "./values.ts";

/** What an evaluation gives functions: something to pay with. */
export interface Meter {
  /** Takes from the cost that CEL counts. Fails when the limit is reached. */
  spend(cost: number): void;
  /**
   * Counts elements or letters that are copied or compared where CEL's cost does not: bounds time and memory. Fails when
   * there are too many.
   */
  work(steps: number): void;
}

/** One way to call a function. */
export interface Overload {
  name: string;
  /** Called as `target.name(args)`; `args[0]` is the target. */
  member: boolean;
  args: readonly CelType[];
  result: CelType;
  /** Type parameters in the signature. */
  params: readonly string[];
  run(args: readonly Value[], meter: Meter): Value;
  /** What a call costs; 1 if absent. Paid before the call: nobody gets work done that they cannot pay. */
  cost?: (args: readonly Value[]) => number;
  /** What a call costs at worst, and how large its result is; a cost of 1 and an unknown size if absent. */
  estimate?: (args: readonly Estimated[]) => CallEstimate;
}

export interface Range {
  min: number;
  max: number;
}

/** An argument whose value nobody knows yet. */
export interface Estimated {
  size: Range;
  type: CelType;
  /** Of the elements, if it is a list. */
  elementSize: Range;
  /** Set if the expression has the value itself. */
  constant?: Value;
}

export interface CallEstimate {
  cost: Range;
  size?: Range;
}

export type Costs = Pick<Overload, "cost" | "estimate">;

/** Functions by name. */
export type Library = Map<string, Overload[]>;

const names: Record<string, CelType["kind"]> = {
  dyn: "dyn",
  null: "null",
  bool: "bool",
  int: "int",
  uint: "uint",
  double: "double",
  string: "string",
  bytes: "bytes",
  timestamp: "timestamp",
  duration: "duration",
};

/** Reads `map<string, list<T>>`: a capital letter is a type parameter, a name with a dot a library's type. */
export function readType(text: string): CelType {
  const match = /^([\w.]+)(?:<(.*)>)?$/.exec(text.trim());
  if (!match) throw new Error(`no type: ${text}`);
  const [, name = "", inner] = match;
  const parts = inner === undefined ? [] : splitTypes(inner).map(readType);
  if (name === "list") return { kind: "list", item: parts[0]! };
  if (name === "map") return { kind: "map", key: parts[0]!, value: parts[1]! };
  if (name === "optional") return { kind: "optional", item: parts[0]! };
  if (name === "type") return { kind: "type", of: parts[0]! };
  if (/^[A-Z]$/.test(name)) return { kind: "param", name };
  const kind = names[name];
  return kind ? ({ kind } as CelType) : { kind: "opaque", name };
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "<") depth++;
    else if (text[at] === ">") depth--;
    else if (text[at] === "," && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  const last = text.slice(start);
  return last.trim() === "" ? parts : [...parts, last];
}

/** Adds a function `name(args)`. `signature` is `(string, int): bool`. */
export function define(
  library: Library,
  name: string,
  signature: string,
  run: Overload["run"],
  costs: Costs = {},
): void {
  const match = /^\((.*)\): (.+)$/.exec(signature);
  if (!match) throw new Error(`no signature: ${signature}`);
  add(library, name, false, splitTypes(match[1]!).map(readType), readType(match[2]!), run, costs);
}

/** Adds a function `target.name(args)`. `signature` is `string (string, int): bool`. */
export function method(
  library: Library,
  name: string,
  signature: string,
  run: Overload["run"],
  costs: Costs = {},
): void {
  const match = /^(\S+?(?:<.*?>)?) \((.*)\): (.+)$/.exec(signature);
  if (!match) throw new Error(`no signature: ${signature}`);
  const args = [match[1]!, ...splitTypes(match[2]!)].map(readType);
  add(library, name, true, args, readType(match[3]!), run, costs);
}

function add(
  library: Library,
  name: string,
  member: boolean,
  args: CelType[],
  result: CelType,
  run: Overload["run"],
  costs: Costs,
): void {
  const params = [...new Set([...args, result].flatMap(paramsOf))];
  const known = library.get(name) ?? [];
  known.push({ name, member, args, result, params, run, ...costs });
  library.set(name, known);
}

function paramsOf(type: CelType): string[] {
  switch (type.kind) {
    case "param":
      return [type.name];
    case "list":
    case "optional":
      return paramsOf(type.item);
    case "map":
      return [...paramsOf(type.key), ...paramsOf(type.value)];
    case "type":
      return type.of ? paramsOf(type.of) : [];
    default:
      return [];
  }
}
