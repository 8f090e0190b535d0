import { type Definitions, resolve, type Schema } from "../machinery/schema.ts";
import { escapeName } from "./adapt.ts";
import {
  boolType,
  type CelType,
  doubleType,
  type FieldType,
  intType,
  type ListMerge,
  type ObjectType,
  requestBytesMax,
} from "./types.ts";

/** The schema of a custom resource has limits that Kubernetes' own definitions lack. */
type Limited = Schema & {
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
};

export interface SchemaTypeOptions {
  /** Finds `$ref`s; not needed for structural schemas of custom resources. */
  definitions?: Definitions;
  /** The root of a custom resource or an embedded resource: has apiVersion, kind and metadata (name, generateName). */
  resourceRoot?: boolean;
  /** The name of an object's type in messages. `object` if absent. */
  name?: string;
}

/**
 * The type of values of a schema; undefined where expressions see nothing (no type, lists without items). Each call
 * makes types of its own: ask once for a schema and keep it.
 */
export function schemaType(schema: Schema, options: SchemaTypeOptions = {}): CelType | undefined {
  const { definitions, name = "object" } = options;
  return typeOf(definitions ? resolve(schema, definitions) : schema, name, options);
}

function typeOf(given: Limited, name: string, options: SchemaTypeOptions): CelType | undefined {
  const { definitions } = options;
  const schema: Limited = definitions ? resolve(given, definitions) : given;
  if (schema["x-kubernetes-int-or-string"]) return { kind: "dyn", elementsMax: requestBytesMax - 2 };
  switch (schema.type) {
    case "array":
      return listType(schema, name, options);
    case "object":
      return objectOrMap(schema, name, options);
    case "string":
      return textType(schema);
    case "boolean":
      return boolType;
    case "number":
      return doubleType;
    case "integer":
      return intType;
  }
  // Structural schemas have a type everywhere; Kubernetes' own definitions have none for free-form fields.
  return definitions ? { kind: "dyn" } : undefined;
}

function listType(schema: Limited, name: string, options: SchemaTypeOptions): CelType | undefined {
  if (!schema.items) return undefined;
  const items = schema.items;
  const embedded = items["x-kubernetes-embedded-resource"] === true;
  const item = typeOf(items, `${name}.@item`, { ...options, resourceRoot: embedded });
  if (!item) return undefined;
  const elementsMax = schema.maxItems ?? fitting(smallest(items, options.definitions) + 1);
  const merge = mergeOf(schema);
  return { kind: "list", item, elementsMax, ...(merge ? { merge } : {}) };
}

function mergeOf(schema: Schema): ListMerge | undefined {
  const kind = schema["x-kubernetes-list-type"];
  if (kind === "set") return { type: "set" };
  if (kind === "map")
    return { type: "map", keys: (schema["x-kubernetes-list-map-keys"] ?? []).map((key) => escapeName(key) ?? key) };
  return undefined;
}

function objectOrMap(schema: Limited, name: string, options: SchemaTypeOptions): CelType | undefined {
  const values = schema.additionalProperties;
  if (typeof values === "object") {
    const embedded = values["x-kubernetes-embedded-resource"] === true;
    const value = typeOf(values, `${name}.@value`, { ...options, resourceRoot: embedded });
    if (!value) return undefined;
    // `"":,` is what an entry takes beside its value.
    const elementsMax = schema.maxProperties ?? fitting(smallest(values, options.definitions) + 5);
    return { kind: "map", key: { kind: "string", elementsMax: 0 }, value, elementsMax };
  }
  if (!schema.properties && options.definitions)
    return { kind: "map", key: { kind: "string" }, value: { kind: "dyn" } };
  const root = options.resourceRoot || schema["x-kubernetes-embedded-resource"] === true;
  return objectType(root ? withMetadata(schema) : schema, name, options);
}

/** What every object has, whether its schema says so or not. */
function withMetadata(schema: Schema): Schema {
  const text: Schema = { type: "string" };
  const metadata = { type: "object", properties: { name: text, generateName: text } } as Schema;
  return { ...schema, properties: { ...schema.properties, kind: text, apiVersion: text, metadata } };
}

function objectType(schema: Schema, name: string, options: SchemaTypeOptions): ObjectType {
  const properties = schema.properties ?? {};
  const keys = new Map<string, string>();
  for (const key of Object.keys(properties)) {
    const escaped = escapeName(key);
    if (escaped !== undefined) keys.set(escaped, key);
  }
  const known = new Map<string, FieldType | undefined>();
  return {
    kind: "object",
    name,
    field(field) {
      const key = keys.get(field);
      if (key === undefined) return undefined;
      if (!known.has(field)) {
        const property = properties[key]!;
        const embedded = property["x-kubernetes-embedded-resource"] === true;
        const type = typeOf(property, `${name}.${field}`, { ...options, resourceRoot: embedded });
        known.set(field, type && { type, key });
      }
      return known.get(field);
    },
  };
}

function textType(schema: Limited): CelType {
  const { format, maxLength } = schema;
  if (format === "byte") return { kind: "bytes", elementsMax: maxLength ?? requestBytesMax - 2 };
  if (format === "duration") return { kind: "duration" };
  if (format === "date" || format === "date-time") return { kind: "timestamp" };
  // Lengths are in letters, sizes in bytes: a letter has up to four.
  if (maxLength !== undefined) return { kind: "string", elementsMax: Math.max(0, maxLength) * 4 };
  if (schema.enum?.length)
    return { kind: "string", elementsMax: Math.max(...schema.enum.map((each) => String(each).length)) };
  return { kind: "string", elementsMax: requestBytesMax - 2 };
}

/** How many elements of a size fit into a request, brackets aside. */
function fitting(bytes: number): number {
  return Math.floor((requestBytesMax - 2) / bytes);
}

/** How many bytes the smallest value of a schema takes in a request (k8s.io/apiserver/pkg/cel, limits). */
function smallest(given: Schema, definitions: Definitions | undefined, depth = 0): number {
  const schema = definitions ? resolve(given, definitions) : given;
  if (schema["x-kubernetes-int-or-string"]) return 1;
  switch (schema.type) {
    case "string":
      if (schema.format === "duration") return 3;
      if (schema.format === "date") return 12;
      return schema.format === "date-time" ? 21 : 2;
    case "boolean":
      return 4;
    case "array":
      return 2;
    case "object": {
      if (typeof schema.additionalProperties === "object" || depth > 20) return 2;
      let bytes = 2;
      for (const name of schema.required ?? []) {
        const property = schema.properties?.[name];
        if (property && property.default === undefined)
          bytes += name.length + smallest(property, definitions, depth + 1) + 4;
      }
      return bytes;
    }
  }
  return 1;
}
