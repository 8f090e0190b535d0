import { CelError } from "./errors.ts";
import { parseDuration, parseTimestamp } from "./time.ts";
import type { CelType, ListMerge, ObjectType } from "./types.ts";
import { type ListValue, type MapValue, none, type ObjectValue, some, type Value } from "./values.ts";

/**
 * A JSON value as a value of CEL, by its type. Lists and maps are read as far as an expression looks at them, so that
 * a large object costs no more than what is asked of it.
 */
export function adapt(json: unknown, type: CelType): Value {
  if (json === null) return null;
  if (isValue(json)) return json;
  switch (typeof json) {
    case "boolean":
      return json;
    case "string":
      return adaptText(json, type);
    case "number":
      if (type.kind === "double") return json;
      return Number.isInteger(json) && Math.abs(json) < 2 ** 63 ? BigInt(json) : json;
    case "bigint":
      return json;
  }
  if (type.kind === "optional") return json === undefined ? none : some(adapt(json, type.item));
  if (json instanceof Uint8Array) return json;
  if (Array.isArray(json)) {
    return type.kind === "list" ? listFromJson(json, type.item, type.merge) : listFromJson(json, dyn);
  }
  if (typeof json !== "object") throw new CelError(`unsupported value: ${typeof json}`);
  const record = json as Record<string, unknown>;
  if (type.kind === "object") return objectFromJson(record, type);
  return mapFromJson(record, type.kind === "map" ? type.value : dyn);
}

const dyn: CelType = { kind: "dyn" };

const marked = new WeakSet<object>();

/** Marks a value of CEL, so that `adapt` does not take it for JSON (JSON may have a member `tag` as well). */
export function mark<Tagged extends object>(value: Tagged): Tagged {
  marked.add(value);
  return value;
}

function isValue(value: unknown): value is Exclude<Value, null> {
  return typeof value === "object" && value !== null && marked.has(value);
}

function adaptText(text: string, type: CelType): Value {
  if (type.kind === "bytes") return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (type.kind === "timestamp") return parseTimestamp(text.length === 10 ? `${text}T00:00:00Z` : text);
  if (type.kind === "duration") return parseDuration(text);
  if (type.kind === "optional") return some(adaptText(text, type.item));
  return text;
}

function listFromJson(json: readonly unknown[], item: CelType, merge?: ListMerge): ListValue {
  let items: readonly Value[] | undefined;
  return {
    tag: "list",
    ...(merge ? { merge } : {}),
    get items() {
      items ??= json.map((each) => adapt(each, item));
      return items;
    },
  };
}

function mapFromJson(json: Readonly<Record<string, unknown>>, value: CelType): MapValue {
  let size: number | undefined;
  return {
    tag: "map",
    get size() {
      size ??= Object.keys(json).length;
      return size;
    },
    get: (key) => (typeof key === "string" && Object.hasOwn(json, key) ? adapt(json[key], value) : undefined),
    keys: () => Object.keys(json),
  };
}

/** An object's JSON with the fields of its type; members that the type does not know are not seen. */
export function objectFromJson(json: Readonly<Record<string, unknown>>, type: ObjectType): ObjectValue {
  return {
    tag: "object",
    type,
    get(name) {
      const field = type.field(name);
      if (!field || !Object.hasOwn(json, field.key) || json[field.key] === undefined) return undefined;
      return adapt(json[field.key], field.type);
    },
    *fields() {
      for (const key of Object.keys(json)) {
        const name = escapeName(key);
        if (name !== undefined && type.field(name)) yield name;
      }
    },
  };
}

/** An object whose fields are found when they are asked for: `variables` of policies. */
export function lazyObject(type: ObjectType, get: (field: string) => Value | undefined): ObjectValue {
  return mark({ tag: "object", type, get, fields: () => [] } as ObjectValue);
}

const reserved = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
);

/**
 * What expressions call a property (KEP-2876, "Field paths and field selection"): `a-b` is `a__dash__b`; undefined if it
 * cannot be named.
 */
export function escapeName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  return name.replace(/__|[./-]/g, (part) => escapes[part]!);
}

const escapes: Record<string, string> = { __: "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__" };

/** Whether no variable may have this name. */
export function isReserved(name: string): boolean {
  return reserved.has(name);
}
