// Structural pruning (CRD documentation, "Field pruning"): what the schema doesn't name goes.

import { isJsonObject, itemsOf, type JsonSchema, own, setOwn, valuesOf } from "./types.ts";

/** Fields that every embedded resource has, whatever its schema says. */
const embeddedFields = new Set(["apiVersion", "kind", "metadata"]);

/**
 * A copy of a value with only the fields that its schema has. `dropped` gets the path of each field that went, as
 * `spec.list[0].field`. An embedded resource (`isResource`, as the root is one) keeps its type and metadata.
 */
export function prune(
  value: unknown,
  schema: JsonSchema,
  dropped: string[],
  isResource = false,
  path: readonly (string | number)[] = [],
): unknown {
  return pruneValue(value, schema, isResource, { dropped, path: [...path] });
}

interface Walk {
  dropped: string[];
  /** Names of fields and indexes of items. */
  path: (string | number)[];
}

function pruneValue(value: unknown, schema: JsonSchema | undefined, isResource: boolean, walk: Walk): unknown {
  if (Array.isArray(value)) {
    const items = schema && itemsOf(schema);
    const anything = schema?.["x-kubernetes-preserve-unknown-fields"] && !items;
    return value.map((item, index) => {
      if (anything) return structuredClone(item);
      return within(walk, index, () => pruneValue(item, items ?? {}, embeds(items), walk));
    });
  }
  if (!isJsonObject(value)) return value;
  const preserve = schema?.["x-kubernetes-preserve-unknown-fields"] === true;
  const values = schema && valuesOf(schema);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const each = value[key];
    if (isResource && embeddedFields.has(key)) {
      setOwn(copy, key, structuredClone(each));
      continue;
    }
    const known = own(schema?.properties, key) ?? values;
    if (known)
      setOwn(
        copy,
        key,
        within(walk, key, () => pruneValue(each, known, embeds(known), walk)),
      );
    else if (preserve || schema?.additionalProperties === true) setOwn(copy, key, structuredClone(each));
    else walk.dropped.push(pathText([...walk.path, key]));
  }
  return copy;
}

function embeds(schema: JsonSchema | undefined): boolean {
  return schema?.["x-kubernetes-embedded-resource"] === true;
}

function within<Result>(walk: Walk, step: string | number, run: () => Result): Result {
  walk.path.push(step);
  try {
    return run();
  } finally {
    walk.path.pop();
  }
}

/** `spec.list[0].field`. */
export function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}
