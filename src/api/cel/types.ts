// What a CEL expression can be: the types that its checker knows. Built from schemas by `schema_type.ts`.

/** The largest request in bytes: no string, list or map that a client sends has more elements than fit into it. */
export const requestBytesMax = 3 * 1024 * 1024;

/** How large a value of a type can be, for estimating costs: elements of a list or map, bytes of a text. */
interface Sized {
  elementsMax?: number;
}

export type CelType =
  | { kind: "dyn"; elementsMax?: number }
  | { kind: "error" | "null" | "bool" | "int" | "uint" | "double" | "timestamp" | "duration" }
  | ({ kind: "string" | "bytes" } & Sized)
  | ({ kind: "list"; item: CelType; merge?: ListMerge } & Sized)
  | ({ kind: "map"; key: CelType; value: CelType } & Sized)
  | ObjectType
  | { kind: "optional"; item: CelType }
  | { kind: "type"; of?: CelType }
  /** A type of a library: `kubernetes.URL`, `kubernetes.Quantity`, … */
  | { kind: "opaque"; name: string }
  /** A type parameter in a signature. */
  | { kind: "param"; name: string };

/** How lists of a schema compare and add up: order does not count in sets and maps (`x-kubernetes-list-type`). */
export type ListMerge = { type: "set" } | { type: "map"; keys: readonly string[] };

/** A value with known fields. */
export interface ObjectType {
  kind: "object";
  /** As messages show it: `object`, `Object.spec`. Objects of the same name are the same type. */
  name: string;
  /** The field that an expression calls so (escaped: `a__dot__b`), or undefined. Types of fields are made when asked for. */
  field(name: string): FieldType | undefined;
  /** Set if expressions may build values of this type (`Object.spec{replicas: 3}`). */
  constructible?: boolean;
}

export interface FieldType {
  type: CelType;
  /** What the JSON calls it. */
  key: string;
}

export const dynType: CelType = { kind: "dyn" };
export const errorType: CelType = { kind: "error" };
export const nullType: CelType = { kind: "null" };
export const boolType: CelType = { kind: "bool" };
export const intType: CelType = { kind: "int" };
export const doubleType: CelType = { kind: "double" };
export const stringType: CelType = { kind: "string" };
export const timestampType: CelType = { kind: "timestamp" };
export const durationType: CelType = { kind: "duration" };

/** `list(item)`. */
export function listOf(item: CelType): CelType {
  return { kind: "list", item };
}

/** `map(key, value)`. */
export function mapOf(key: CelType, value: CelType): CelType {
  return { kind: "map", key, value };
}

/** `optional_type(item)`: for `oldSelf` with `optionalOldSelf`, bound to undefined if there is none. */
export function optionalOf(item: CelType): CelType {
  return { kind: "optional", item };
}

/** An object type of these fields; names are used as they are. */
export function objectOf(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  const field = (key: string) => (Object.hasOwn(fields, key) ? { type: fields[key]!, key } : undefined);
  return { kind: "object", name, field };
}

const primitiveNames: Partial<Record<CelType["kind"], string>> = {
  error: "!error!",
  timestamp: "timestamp",
  duration: "duration",
  null: "null",
};

/** A type as messages show it: `map(string, list(int))`. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case "list":
      return `list(${formatType(type.item)})`;
    case "map":
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case "optional":
      return `optional_type(${formatType(type.item)})`;
    case "type":
      return type.of ? `type(${formatType(type.of)})` : "type";
    case "object":
    case "opaque":
    case "param":
      return type.name;
    default:
      return primitiveNames[type.kind] ?? type.kind;
  }
}
