import { CelError } from "./errors.ts";
import type { CelType, ListMerge, ObjectType } from "./types.ts";

/** A value of CEL: int is a bigint, double a number; strings, booleans, null and bytes are themselves. */
export type Value = null | boolean | bigint | number | string | Uint8Array | Tagged;

export type Tagged =
  | UintValue
  | ListValue
  | MapValue
  | ObjectValue
  | OptionalValue
  | TimeValue
  | DurationValue
  | TypeValue
  | OpaqueValue;

export interface UintValue {
  tag: "uint";
  value: bigint;
}

export interface ListValue {
  tag: "list";
  items: readonly Value[];
  /** How the schema says that it compares and adds up; by position if absent. */
  merge?: ListMerge;
}

export interface MapValue {
  tag: "map";
  size: number;
  /** Undefined if there is no such key. */
  get(key: Value): Value | undefined;
  keys(): Iterable<Value>;
}

/** A value with the fields of a type. */
export interface ObjectValue {
  tag: "object";
  type: ObjectType;
  /** By the name that expressions use; undefined if the field is not set. */
  get(field: string): Value | undefined;
  /** The names of all fields that are set. */
  fields(): Iterable<string>;
}

export interface OptionalValue {
  tag: "optional";
  value?: Value;
}

/** Nanoseconds since the epoch. */
export interface TimeValue {
  tag: "timestamp";
  ns: bigint;
}

export interface DurationValue {
  tag: "duration";
  ns: bigint;
}

export interface TypeValue {
  tag: "type";
  name: string;
}

/** A value of a library: an address, a URL, a quantity. */
export interface OpaqueValue {
  tag: "opaque";
  name: string;
  value: unknown;
  /** Its size if it has one, for costs. */
  size?: number;
}

export const intMin = -(2n ** 63n);
export const intMax = 2n ** 63n - 1n;
export const uintMax = 2n ** 64n - 1n;

export function listValue(items: readonly Value[]): ListValue {
  return { tag: "list", items };
}

export function opaque(name: string, value: unknown, size?: number): OpaqueValue {
  return size === undefined ? { tag: "opaque", name, value } : { tag: "opaque", name, value, size };
}

export const none: OptionalValue = { tag: "optional" };

export function some(value: Value): OptionalValue {
  return { tag: "optional", value };
}

/** An int; fails where 64 bits do not hold it. */
export function int(value: bigint): bigint {
  if (value < intMin || value > intMax) throw new CelError("integer overflow");
  return value;
}

/** An unsigned int; fails where 64 bits do not hold it. */
export function uint(value: bigint): UintValue {
  if (value < 0n || value > uintMax) throw new CelError("unsigned integer overflow");
  return { tag: "uint", value };
}

/** The kind of a value: the kind of its type. */
export function kindOf(value: Value): CelType["kind"] {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
  }
  if (value === null) return "null";
  if (value instanceof Uint8Array) return "bytes";
  return value.tag;
}

const shownNames: Partial<Record<CelType["kind"], string>> = {
  null: "null_type",
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
  optional: "optional_type",
};

/** The name of a value's type, as `type(x)` has it. */
export function typeName(value: Value): string {
  if (value !== null && typeof value === "object" && "tag" in value) {
    if (value.tag === "object") return value.type.name;
    if (value.tag === "opaque") return value.name;
  }
  const kind = kindOf(value);
  return shownNames[kind] ?? kind;
}

/** A text that tells map keys apart as CEL does: numbers of different types are the same key. */
export function keyText(key: Value): string {
  switch (typeof key) {
    case "string":
      return `s${key}`;
    case "boolean":
      return `b${key}`;
    case "bigint":
      return `n${key}`;
    case "number":
      return Number.isInteger(key) ? `n${BigInt(key)}` : `n${key}`;
  }
  if (key !== null && "tag" in key && key.tag === "uint") return `n${key.value}`;
  throw new CelError(`unsupported key type: ${typeName(key)}`);
}

/** A map of these entries. Fails on a key that is there twice. */
export function mapValue(entries: Iterable<readonly [Value, Value]>): MapValue {
  const map = mapBuilder();
  for (const [key, value] of entries) map.insert(key, value);
  return map;
}

/** A map that can grow. `insert` fails on a key that is there already. */
export function mapBuilder(): MapValue & { insert(key: Value, value: Value): void } {
  const known = new Map<string, readonly [Value, Value]>();
  return {
    tag: "map",
    get size() {
      return known.size;
    },
    get: (key) => (isKey(key) ? known.get(keyText(key))?.[1] : undefined),
    *keys() {
      for (const [key] of known.values()) yield key;
    },
    insert(key, value) {
      const text = keyText(key);
      if (known.has(text)) throw new CelError(`insert failed: key ${showKey(key)} already exists`);
      known.set(text, [key, value]);
    },
  };
}

function isKey(key: Value): boolean {
  return ["string", "bool", "int", "uint", "double"].includes(kindOf(key));
}

/** A key in a message: `no such key: b`. */
export function showKey(key: Value): string {
  if (key !== null && typeof key === "object" && "tag" in key && key.tag === "uint") return String(key.value);
  return String(key);
}

/** The size of a value that has one: letters, bytes, elements; 1 for all else (cel-go, `actualSize`). */
export function sizeOf(value: Value): number {
  if (typeof value === "string") return codePoints(value);
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof Uint8Array) return value.length;
  if (value.tag === "list") return value.items.length;
  if (value.tag === "map") return value.size;
  if (value.tag === "opaque") return value.size ?? 1;
  return 1;
}

/** How many letters (code points) a text has. */
export function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) count++;
    else {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next <= 0xdfff) at++;
      count++;
    }
  }
  return count;
}
