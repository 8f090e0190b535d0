// Structural defaulting (CRD documentation, "Defaulting"): on requests, on what is read from storage, and on defaults
// themselves.

import { isJsonObject, itemsOf, type JsonSchema, own, setOwn, valuesOf } from "./types.ts";

/** Fills in, in place, the defaults of fields that are absent, or null and not nullable. */
export function fillDefaults(value: unknown, schema: JsonSchema | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (!items) return;
    for (let index = 0; index < value.length; index++) {
      if (value[index] === null && !items.nullable && items.default !== undefined)
        value[index] = structuredClone(items.default);
      fillDefaults(value[index], items);
    }
    return;
  }
  if (!isJsonObject(value)) return;
  const { properties } = schema;
  for (const key in properties) {
    const property = properties[key]!;
    if (property.default === undefined) continue;
    const present = own(value, key);
    if (present === undefined || (present === null && !property.nullable))
      setOwn(value, key, structuredClone(property.default));
  }
  const values = valuesOf(schema);
  for (const key of Object.keys(value)) {
    const known = own(properties, key);
    if (!known && values && value[key] === null && !values.nullable && values.default !== undefined)
      setOwn(value, key, structuredClone(values.default));
    fillDefaults(value[key], known ?? values);
  }
}

/** Takes out, in place, nulls of fields that are not nullable and have no default. */
export function dropNulls(value: unknown, schema: JsonSchema | undefined): void {
  if (schema === undefined) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items) for (const item of value) dropNulls(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  const values = valuesOf(schema);
  for (const key of Object.keys(value)) {
    const known = own(schema.properties, key) ?? values;
    if (!known) continue;
    if (value[key] === null && !known.nullable && known.default === undefined) delete value[key];
    else dropNulls(value[key], known);
  }
}

/** Whether anything below has a default: if not, nothing needs to be filled in. */
export function hasDefaults(schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (schema.default !== undefined) return true;
  if (hasDefaults(itemsOf(schema)) || hasDefaults(valuesOf(schema))) return true;
  return Object.values(schema.properties ?? {}).some(hasDefaults);
}
