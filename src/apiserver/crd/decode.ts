// Reads custom objects: metadata as Kubernetes knows it, the rest pruned and filled in by the schema.

import { hasEmbedded } from "../../api/apiextensions/embedded.ts";
import { dropNulls, fillDefaults, hasDefaults } from "../../api/apiextensions/fill.ts";
import { pathText, prune } from "../../api/apiextensions/prune.ts";
import { isJsonObject, itemsOf, type JsonSchema, own, valuesOf } from "../../api/apiextensions/types.ts";
import { type Decoded, decoder } from "../../api/machinery/decode.ts";
import { DecodeError } from "../../api/machinery/decode_errors.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** How many levels deep an object may be. Deeper ones are nobody's, and would end in a stack that is too small. */
const depthMax = 1_000;

/** What is done to objects of one version on their way in and out of storage. */
export interface ObjectReader {
  /** A request's object: a fresh copy. Throws a DecodeError. */
  decode(value: unknown): Decoded;
  /** An object from storage. Gives the same object if there is nothing to do. */
  restore(object: KubeObject): KubeObject;
  /** Fills in defaults, in place. */
  fill(draft: KubeObject): void;
}

/** A reader for one version's schema; `preserve` keeps unknown fields, as definitions of before v1 may. */
export function objectReader(schema: JsonSchema, preserve: boolean): ObjectReader {
  const root = preserve ? { ...schema, "x-kubernetes-preserve-unknown-fields": true } : schema;
  const defaults = hasDefaults(schema);
  const embedded = hasEmbedded(schema);
  const fill = (draft: KubeObject): void => {
    dropNulls(draft, schema);
    if (defaults) fillDefaults(draft, schema);
  };
  return {
    fill,
    decode(value) {
      checkDepth(value);
      const dropped: string[] = [];
      const { metadata, ...rest } = prune(value, root, dropped, true) as Record<string, unknown>;
      const object: Record<string, unknown> = {
        ...rest,
        metadata: readMetadata(metadata ?? {}, ["metadata"], dropped),
      };
      if (embedded) readEmbedded(object, schema, [], dropped);
      fill(object as unknown as KubeObject);
      return { object, problems: dropped.sort().map((path) => `unknown field ${JSON.stringify(path)}`) };
    },
    restore(object) {
      const dropped: string[] = [];
      const copy = prune(object, root, dropped, true) as KubeObject;
      const before = defaults ? JSON.stringify(copy) : "";
      if (defaults) fillDefaults(copy, schema);
      return dropped.length === 0 && (!defaults || JSON.stringify(copy) === before) ? object : copy;
    },
  };
}

/** Throws for a value that is too deep. Its own stack is a list: it must not fall into the hole that it looks for. */
function checkDepth(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMax) throw new DecodeError("exceeded max depth");
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each !== "object" || each === null) continue;
      for (const child of Array.isArray(each) ? each : Object.values(each)) {
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
}

function readMetadata(
  metadata: unknown,
  path: readonly (string | number)[],
  dropped: string[],
): Record<string, unknown> {
  const { object, problems } = decoder(objectMeta, definitions)(metadata);
  for (const problem of problems)
    dropped.push(`${pathText(path)}.${JSON.parse(problem.replace(/^unknown field /, ""))}`);
  return object;
}

/** Reads the metadata of embedded resources, in place. */
function readEmbedded(
  value: unknown,
  schema: JsonSchema | undefined,
  path: (string | number)[],
  dropped: string[],
): void {
  if (!schema || !hasEmbedded(schema)) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items) for (const [index, item] of value.entries()) readEmbedded(item, items, [...path, index], dropped);
    return;
  }
  if (!isJsonObject(value)) return;
  if (schema["x-kubernetes-embedded-resource"] && value.metadata !== undefined) {
    value.metadata = readMetadata(value.metadata ?? {}, [...path, "metadata"], dropped);
  }
  const values = valuesOf(schema);
  for (const key of Object.keys(value))
    readEmbedded(value[key], own(schema.properties, key) ?? values, [...path, key], dropped);
}
