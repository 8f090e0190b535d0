// Custom resources in OpenAPI: their own schemas, and lists of them.

import type { Resource } from "../../api/machinery/resource.ts";
import type { Schema } from "../../api/machinery/schema.ts";
import { publishedSchema } from "../crd/schema.ts";
import { type Dialect, listSchema, refTo } from "./schemas.ts";

/** The definitions of custom resources, for following references and as they are published. */
export function customDocuments(
  resources: readonly Resource[],
  dialect: Dialect,
): { definitions: Record<string, Schema>; ready: Record<string, Record<string, unknown>> } {
  const definitions: Record<string, Schema> = {};
  const ready: Record<string, Record<string, unknown>> = {};
  for (const resource of resources) {
    const { custom, schema: name, group, version, kind, listKind } = resource;
    if (!custom) continue;
    const gvk = { group, version, kind };
    // Besides metadata a custom resource's schema refers to nothing.
    definitions[name] = { type: "object", properties: { metadata: { $ref: `${meta}ObjectMeta` } } };
    definitions[`${name}List`] = listSchema(name, gvk);
    ready[name] = publishedSchema(custom.schema, gvk, dialect);
    ready[`${name}List`] = publishedList(resource, { group, version, kind: listKind }, dialect);
  }
  return { definitions, ready };
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

function publishedList({ schema, kind, plural }: Resource, gvk: object, dialect: Dialect): Record<string, unknown> {
  const listMeta = refTo(`${meta}ListMeta`, dialect);
  return {
    description: `A list of ${kind} objects.`,
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { description: "The schema version of this list, as a group and a version.", type: "string" },
      items: { description: `List of ${plural}.`, type: "array", items: refTo(schema, dialect) },
      kind: { description: "What this list is a list of.", type: "string" },
      metadata: { description: "Standard list metadata.", ...(dialect === "v2" ? listMeta : { allOf: [listMeta] }) },
    },
    "x-kubernetes-group-version-kind": [gvk],
  };
}
