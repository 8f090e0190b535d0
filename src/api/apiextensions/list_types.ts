// Uniqueness in lists of `x-kubernetes-list-type: set` and `map` (structural schemas, KEP-1979 "list types").

import { duplicate, type FieldError, type FieldPath, invalid } from "../machinery/field.ts";
import { canonicalJson } from "../machinery/hash.ts";
import { isJsonObject, itemsOf, type JsonSchema, own, valuesOf } from "./types.ts";

/** Items that are there twice, each once, at its second place. */
export function* duplicateItems(
  value: unknown,
  schema: JsonSchema | undefined,
  path: FieldPath,
): Generator<FieldError> {
  if (!schema) return;
  if (Array.isArray(value)) {
    if (schema["x-kubernetes-list-type"] === "set") yield* repeated(value, (item) => item, path);
    if (schema["x-kubernetes-list-type"] === "map") yield* repeatedKeys(value, schema, path);
    const items = itemsOf(schema);
    if (items && couldRepeat(items))
      for (let index = 0; index < value.length; index++) yield* duplicateItems(value[index], items, path.index(index));
    return;
  }
  if (!isJsonObject(value)) return;
  const values = valuesOf(schema);
  for (const key of Object.keys(value)) {
    const known = own(schema.properties, key);
    if (known) yield* duplicateItems(value[key], known, path.child(key));
    else if (values) yield* duplicateItems(value[key], values, path.key(key));
  }
}

/** Scalars have no lists in them: long lists of them need no second walk. */
function couldRepeat(schema: JsonSchema): boolean {
  return schema.type === "array" || schema.type === "object" || schema.type === undefined;
}

function* repeated(
  list: readonly unknown[],
  identity: (item: unknown) => unknown,
  path: FieldPath,
): Generator<FieldError> {
  const seen = new Map<string, number>();
  for (let index = 0; index < list.length; index++) {
    const shown = identity(list[index]);
    const text = canonicalJson(shown);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    if (times === 1) yield duplicate(path.index(index), shown);
  }
}

function* repeatedKeys(list: readonly unknown[], schema: JsonSchema, path: FieldPath): Generator<FieldError> {
  const wrong = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (wrong >= 0) {
    yield invalid(path.index(wrong), list[wrong], "must be an object for an array of list-type map");
    return;
  }
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const identity = (item: unknown): Record<string, unknown> => {
    const key: Record<string, unknown> = {};
    for (const name of keys) if (isJsonObject(item) && own(item, name) !== undefined) key[name] = item[name];
    return key;
  };
  yield* repeated(list, identity, path);
}
