// A custom resource's schema as the rest of the server reads schemas.

import { isJsonObject, type JsonSchema } from "../../api/apiextensions/types.ts";
import { definitions as builtin } from "../../api/machinery/definitions.ts";
import type { Definitions, Schema } from "../../api/machinery/schema.ts";

export const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** `com.example.stable.v1.CronTab` for CronTab of stable.example.com/v1. */
export function definitionName(group: string, version: string, kind: string): string {
  return `${group.split(".").reverse().join(".")}.${version}.${kind}`;
}

/** Kubernetes' definitions and this kind's. */
export function customDefinitions(name: string, schema: Schema): Definitions {
  return (wanted) => (wanted === name ? schema : builtin(wanted));
}

/** The schema of whole objects: what the definition says, and Kubernetes' own metadata. */
export function objectSchema(given: JsonSchema, gvk: { group: string; version: string; kind: string }): Schema {
  const schema = given as Schema;
  return {
    ...schema,
    type: "object",
    properties: {
      ...schema.properties,
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: objectMeta },
    },
    "x-kubernetes-group-version-kind": [gvk],
  };
}

const typeTexts = {
  apiVersion:
    "The schema version of this representation of the object, as a group and a version. " +
    "The server converts what it knows and refuses what it does not.",
  kind: "What this object is, in CamelCase. The server may infer it from the address that a request goes to; it never changes.",
  metadata: "Standard object's metadata.",
};

/** The schema as OpenAPI publishes it: version 2 lacks most of what version 3 can say. */
export function publishedSchema(
  given: JsonSchema,
  gvk: { group: string; version: string; kind: string },
  dialect: "v2" | "v3",
): Record<string, unknown> {
  // Of fields that are allowed and not named version 2 can tell nothing: named ones would seem to be all.
  if (dialect === "v2" && given["x-kubernetes-preserve-unknown-fields"])
    return { type: "object", "x-kubernetes-group-version-kind": [gvk] };
  const schema = (dialect === "v2" ? withoutNews(given) : structuredClone(given)) as JsonSchema;
  const ref = dialect === "v2" ? `#/definitions/${objectMeta}` : `#/components/schemas/${objectMeta}`;
  const metadata =
    dialect === "v2"
      ? { description: typeTexts.metadata, $ref: ref }
      : { description: typeTexts.metadata, allOf: [{ $ref: ref }] };
  return {
    ...schema,
    type: "object",
    properties: {
      ...schema.properties,
      apiVersion: { description: typeTexts.apiVersion, type: "string" },
      kind: { description: typeTexts.kind, type: "string" },
      metadata,
    },
    "x-kubernetes-group-version-kind": [gvk],
  };
}

/** Words that version 2 doesn't have. */
const newWords = new Set(["nullable", "oneOf", "anyOf", "allOf", "not", "default"]);

/**
 * The schema in version 2's words: what it cannot say goes, and with it whatever would be wrong without it. Clients
 * validate by it, so it may be looser than the truth but never stricter.
 */
function withoutNews(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutNews);
  if (!isJsonObject(schema)) return schema;
  const given = schema as JsonSchema;
  if (given["x-kubernetes-preserve-unknown-fields"]) {
    const { description, "x-kubernetes-preserve-unknown-fields": preserve } = given;
    return { ...(description && { description }), "x-kubernetes-preserve-unknown-fields": preserve };
  }
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (newWords.has(key)) continue;
    if (key === "type" && (given.nullable || given["x-kubernetes-int-or-string"])) continue;
    if (given.nullable && (key === "properties" || key === "items" || key === "additionalProperties")) continue;
    copy[key] =
      key === "properties"
        ? mapValues(value as object)
        : key === "items" || key === "additionalProperties"
          ? withoutNews(value)
          : value;
  }
  if (given["x-kubernetes-int-or-string"]) copy.format ??= "int-or-string";
  return copy;
}

function mapValues(properties: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, withoutNews(property)]));
}
