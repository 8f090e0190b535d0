// Schemas as OpenAPI publishes them: with documentation, in the dialect of version 2 or 3.

import type { Documentation } from "../../api/machinery/definitions.ts";
import type { Schema } from "../../api/machinery/schema.ts";

/** Everything that documents are made of. */
export interface Library {
  definitions: Readonly<Record<string, Schema>>;
  docs: Readonly<Record<string, Documentation>>;
  /** Definitions that are published as they are: those of custom resources, in the dialect that is asked for. */
  ready?: Readonly<Record<string, Record<string, unknown>>>;
}

export type Dialect = "v2" | "v3";

type Json = Record<string, unknown>;

const refPrefix = { v2: "#/definitions/", v3: "#/components/schemas/" };

/** A reference to a definition. */
export function refTo(definition: string, dialect: Dialect): Json {
  return { $ref: refPrefix[dialect] + definition };
}

/** What version 3 says of types that are text or number. */
const unions: Record<string, Json> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { oneOf: [{ type: "string" }, { type: "number" }] },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
    format: "int-or-string",
    oneOf: [{ type: "integer" }, { type: "string" }],
  },
};

/** Publishes one definition. */
export function publishDefinition(name: string, library: Library, dialect: Dialect): Json {
  const ready = library.ready?.[name];
  if (ready) return ready;
  const documentation = library.docs[name];
  const union = dialect === "v3" ? unions[name] : undefined;
  if (union) return { ...described(documentation?.description), ...union };
  return publish(library.definitions[name]!, { library, dialect }, documentation?.description, documentation?.fields);
}

interface Scene {
  library: Library;
  dialect: Dialect;
}

function described(description: string | undefined): Json {
  return description ? { description } : {};
}

/** Keys that publish writes itself, and ours, which nobody else shall see. */
const handled = new Set([
  "description",
  "type",
  "required",
  "properties",
  "items",
  "additionalProperties",
  "default",
  "$ref",
  "x-typernetes-omit-zero",
  "x-typernetes-always",
]);

function publish(schema: Schema, scene: Scene, text?: string, fieldTexts?: Record<string, string>): Json {
  const description = described(text ?? schema.description);
  const extensions = Object.fromEntries(Object.entries(schema).filter(([key]) => !handled.has(key)));
  const fallback = schema.default === undefined ? {} : { default: schema.default };
  if (schema.$ref !== undefined) return publishRef(schema.$ref, { ...description, ...fallback, ...extensions }, scene);
  const { type, required, properties, items, additionalProperties } = schema;
  return {
    ...description,
    ...(type && { type }),
    ...(required && { required }),
    ...(properties && { properties: publishFields(properties, new Set(required), scene, fieldTexts) }),
    ...(items && { items: publishItems(items, scene) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === "object" ? publish(additionalProperties, scene) : additionalProperties,
    }),
    ...fallback,
    ...extensions,
  };
}

/** A reference with something beside it: version 3 wants it wrapped. */
function publishRef(target: string, beside: Json, { dialect }: Scene): Json {
  const ref = refTo(target, dialect);
  if (dialect === "v2" || Object.keys(beside).length === 0) return { ...beside, ...ref };
  return { ...beside, allOf: [ref] };
}

function publishFields(
  properties: Record<string, Schema>,
  required: Set<string>,
  scene: Scene,
  texts?: Record<string, string>,
): Json {
  const fields: Json = {};
  for (const [name, property] of Object.entries(properties)) {
    const withDefault =
      scene.dialect === "v3" ? { ...property, default: defaultOf(property, required.has(name)) } : property;
    fields[name] = publish(withDefault, scene, texts?.[name]);
  }
  return fields;
}

/** The default that version 3 shows: the type's zero where the server always writes the field. */
function defaultOf(property: Schema, required: boolean): unknown {
  if (property.default !== undefined) return property.default;
  const always = property["x-typernetes-always"];
  if (property.$ref !== undefined) return always === null ? undefined : always;
  if (!required || property["x-kubernetes-int-or-string"]) return undefined;
  if (property.type === "string") return property.format === "byte" ? undefined : "";
  if (property.type === "integer" || property.type === "number") return 0;
  return property.type === "boolean" ? false : undefined;
}

function publishItems(items: Schema, scene: Scene): Json {
  const isStruct = items.$ref !== undefined && scene.library.definitions[items.$ref]?.properties !== undefined;
  return publish(scene.dialect === "v3" && isStruct ? { ...items, default: {} } : items, scene);
}

/** The definitions that these refer to, themselves included, by name. */
export function reachableFrom(names: Iterable<string>, { definitions }: Library): string[] {
  const seen = new Set<string>();
  const visit = (schema: Schema): void => {
    if (schema.$ref !== undefined) follow(schema.$ref);
    if (schema.items) visit(schema.items);
    if (typeof schema.additionalProperties === "object") visit(schema.additionalProperties);
    for (const property of Object.values(schema.properties ?? {})) visit(property);
  };
  const follow = (name: string): void => {
    if (seen.has(name)) return;
    const schema = definitions[name];
    if (!schema) throw new Error(`there is no definition ${name}`);
    seen.add(name);
    visit(schema);
  };
  for (const name of names) follow(name);
  return [...seen].sort();
}

/** A list kind's schema, for kinds that bring none. */
export function listSchema(item: string, gvk: { group: string; version: string; kind: string }): Schema {
  return {
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { type: "string" },
      items: { type: "array", items: { $ref: item } },
      kind: { type: "string" },
      metadata: { $ref: "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta", "x-typernetes-always": {} },
    },
    "x-kubernetes-group-version-kind": [{ ...gvk, kind: `${gvk.kind}List` }],
  };
}
