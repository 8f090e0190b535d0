import type { Definitions, Schema } from "../schema.ts";

/**
 * What server-side apply knows of a value: which parts of it have owners of their own ("Server-Side Apply", merge
 * strategy). An atomic value has one owner for all of it.
 */
export type FieldType =
  | { kind: "scalar"; of: "string" | "numeric" | "boolean" | "untyped" }
  | { kind: "list"; atomic: boolean; items: TypeRef; keys?: readonly ListKey[] }
  | { kind: "map"; atomic: boolean; fields?: ReadonlyMap<string, TypeRef>; values?: TypeRef; always?: Always }
  /** Nobody said: lists are atomic, and maps too if this says so. */
  | { kind: "any"; atomic: boolean };

/** What a struct has even where nobody wrote it: `resources: {}`, `containers: null`. */
export type Always = ReadonlyMap<string, unknown>;

/** Types may contain themselves. */
export type TypeRef = () => FieldType;

/** A key of a list whose items have owners. */
export interface ListKey {
  name: string;
  /** What an item that leaves the key out has; undefined if that is no part of its identity. */
  fallback?: unknown;
}

const compiled = new WeakMap<Definitions, Map<string, FieldType>>();

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const untyped: FieldType = { kind: "scalar", of: "untyped" };
export const anyGranular: FieldType = { kind: "any", atomic: false };
const anyAtomic: FieldType = { kind: "any", atomic: true };

/**
 * The type of a whole object of this definition. Its metadata is Kubernetes' own whatever the schema says, found through
 * `builtin`.
 */
export function objectType(definition: string, definitions: Definitions, builtin: Definitions): FieldType {
  const types = typesOf(definitions);
  const name = `object ${definition}`;
  const known = types.get(name);
  if (known) return known;
  const base = definitionType(definition, definitions);
  const own = base.kind === "map" ? base : { kind: "map" as const, atomic: false, values: () => anyGranular };
  const text: TypeRef = () => ({ kind: "scalar", of: "string" });
  const fields = new Map(own.fields ?? []);
  fields.set("metadata", () => definitionType(objectMeta, builtin));
  fields.set("apiVersion", text);
  fields.set("kind", text);
  const type: FieldType = { ...own, atomic: false, fields };
  types.set(name, type);
  return type;
}

function typesOf(definitions: Definitions): Map<string, FieldType> {
  const known = compiled.get(definitions);
  if (known) return known;
  const types = new Map<string, FieldType>();
  compiled.set(definitions, types);
  return types;
}

function definitionType(name: string, definitions: Definitions): FieldType {
  const types = typesOf(definitions);
  let type = types.get(name);
  if (!type) {
    type = scalarDefinitions.has(name) ? untyped : makeType(definitions(name), definitions);
    const field = byteLists[name];
    if (field && type.kind === "map") type = { ...type, fields: new Map(type.fields).set(field, () => byteList) };
    types.set(name, type);
  }
  return type;
}

/** Bytes that Kubernetes' Go types declare a list: they come as text, so the real server can't tell their owners. */
const byteList: FieldType = { kind: "list", atomic: true, items: () => untyped };
const byteLists: Record<string, string> = {
  "io.k8s.api.certificates.v1.CertificateSigningRequestSpec": "request",
  "io.k8s.api.certificates.v1.CertificateSigningRequestStatus": "certificate",
};

const scalarDefinitions = new Set([
  "io.k8s.apimachinery.pkg.api.resource.Quantity",
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
]);

function refTo(schema: Schema, definitions: Definitions): TypeRef {
  let type: FieldType | undefined;
  return () => {
    type ??= makeType(schema, definitions);
    return type;
  };
}

function makeType(schema: Schema, definitions: Definitions): FieldType {
  if (schema.$ref !== undefined) return withOwnStrategy(definitionType(schema.$ref, definitions), schema);
  if (schema["x-kubernetes-int-or-string"]) return untyped;
  switch (schema.type) {
    case "string":
      if (schema["x-kubernetes-list-type"] !== undefined) return byteList;
      return schema.format === "int-or-string" ? untyped : { kind: "scalar", of: "string" };
    case "boolean":
      return { kind: "scalar", of: "boolean" };
    case "integer":
    case "number":
      return { kind: "scalar", of: "numeric" };
    case "array":
      return listType(schema, definitions);
    case "object":
      return mapType(schema, definitions);
    default:
      return schema["x-kubernetes-preserve-unknown-fields"] ? anyGranular : anyAtomic;
  }
}

/** A reference may say for itself that what it refers to is atomic here. */
function withOwnStrategy(type: FieldType, schema: Schema): FieldType {
  const own = schema["x-kubernetes-map-type"];
  if (type.kind !== "map" || own === undefined || type.atomic === (own === "atomic")) return type;
  return { ...type, atomic: own === "atomic" };
}

function listType(schema: Schema, definitions: Definitions): FieldType {
  const items = refTo(schema.items ?? {}, definitions);
  const strategy = schema["x-kubernetes-list-type"] ?? "atomic";
  if (strategy === "atomic") return { kind: "list", atomic: true, items };
  if (strategy === "set") return { kind: "list", atomic: false, items };
  const names = schema["x-kubernetes-list-map-keys"] ?? [];
  return { kind: "list", atomic: false, items, keys: names.map((name) => keyOf(name, schema.items!, definitions)) };
}

function keyOf(name: string, items: Schema, definitions: Definitions): ListKey {
  const target = items.$ref === undefined ? items : definitions(items.$ref);
  const field = target.properties?.[name];
  if (field?.default !== undefined) return { name, fallback: field.default };
  // References that point nowhere are allowed: their names are optional and empty.
  if (items.$ref === "io.k8s.api.core.v1.LocalObjectReference") return { name, fallback: "" };
  // Go's empty value stands for a required field that is left out.
  const isRequired = items.$ref !== undefined && (target.required ?? []).includes(name);
  if (!isRequired) return { name };
  return { name, fallback: field?.type === "integer" || field?.type === "number" ? 0 : "" };
}

function mapType(schema: Schema, definitions: Definitions): FieldType {
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  const { properties, additionalProperties } = schema;
  const preserves = schema["x-kubernetes-preserve-unknown-fields"];
  if (!properties && !additionalProperties) {
    if (preserves) return anyGranular;
    return schema["x-kubernetes-embedded-resource"] ? anyGranular : anyAtomic;
  }
  const fields = new Map(
    Object.entries(properties ?? {}).map(([name, field]): [string, TypeRef] => [name, refTo(field, definitions)]),
  );
  if (typeof additionalProperties === "object")
    return { kind: "map", atomic, fields, values: refTo(additionalProperties, definitions) };
  if (preserves || additionalProperties === true) return { kind: "map", atomic, fields, values: () => anyGranular };
  return { kind: "map", atomic, fields, always: alwaysIn(properties ?? {}) };
}

function alwaysIn(properties: Record<string, Schema>): Always | undefined {
  const always = new Map<string, unknown>();
  for (const [name, field] of Object.entries(properties))
    if (field["x-typernetes-always"] !== undefined) always.set(name, field["x-typernetes-always"]);
  return always.size > 0 ? always : undefined;
}

/** The type that a value of unknown type has by its looks. */
export function typeOfValue(type: FieldType, value: unknown): FieldType {
  if (type.kind !== "any") return type;
  if (Array.isArray(value)) return { kind: "list", atomic: true, items: () => type };
  if (typeof value === "object" && value !== null) return { kind: "map", atomic: type.atomic, values: () => type };
  return untyped;
}

/** The type of a map's entry; undefined for a field that the schema doesn't have. */
export function entryType(type: Extract<FieldType, { kind: "map" }>, name: string): FieldType | undefined {
  return (type.fields?.get(name) ?? type.values)?.();
}

/** How many items of a list, or keys of a map, have owners of their own: beyond that nobody keeps count. */
const ownedMax = 50_000;

/** Throws an `ElementError` for a list or map with more parts than owners are kept of. */
export function checkCountable(count: number): void {
  if (count > ownedMax) throw new ElementError(`has ${count} items, and owners are kept of ${ownedMax} at most`);
}

/** An item that can't be told from others. */
export class ElementError extends Error {}

/** The path element of an item of a list whose items have owners. Throws an `ElementError` for one that has no identity. */
export function elementOf(type: Extract<FieldType, { kind: "list" }>, item: unknown): string {
  const isMap = typeof item === "object" && item !== null && !Array.isArray(item);
  if (!type.keys) {
    if (item === null) throw new ElementError("associative list without keys has an element that's an explicit null");
    if (isMap) throw new ElementError("associative list without keys has an element that's a map type");
    if (Array.isArray(item)) throw new ElementError("not supported: associative list with lists as elements");
    return `v:${JSON.stringify(item)}`;
  }
  if (item === null) throw new ElementError("associative list with keys may not have a null element");
  if (!isMap) throw new ElementError("associative list with keys may not have non-map elements");
  const key: Record<string, unknown> = {};
  for (const { name, fallback } of type.keys.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const value = (item as Record<string, unknown>)[name] ?? fallback;
    if (value !== undefined) key[name] = value;
  }
  if (Object.keys(key).length > 0) return `k:${JSON.stringify(key)}`;
  const name = JSON.stringify(type.keys[0]?.name);
  throw new ElementError(
    `associative list with keys has an element that omits key field ${name} (and doesn't have default value)`,
  );
}
