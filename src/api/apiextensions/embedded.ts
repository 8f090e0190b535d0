// Objects inside of objects: `x-kubernetes-embedded-resource`.

import { type FieldError, type FieldPath, invalid, required } from "../machinery/field.ts";
import { dns1123Subdomain, labelValue, qualifiedName } from "../machinery/names.ts";
import { isJsonObject, itemsOf, type JsonSchema, own, valuesOf } from "./types.ts";

/** What every embedded object must have: a kind, an apiVersion and sound metadata. */
export function* embeddedErrors(
  value: unknown,
  schema: JsonSchema | undefined,
  path: FieldPath,
): Generator<FieldError> {
  if (!schema || !hasEmbedded(schema)) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items)
      for (let index = 0; index < value.length; index++) yield* embeddedErrors(value[index], items, path.index(index));
    return;
  }
  if (!isJsonObject(value)) return;
  if (schema["x-kubernetes-embedded-resource"]) yield* resourceErrors(value, path);
  const values = valuesOf(schema);
  for (const key of Object.keys(value)) {
    const known = own(schema.properties, key);
    if (known) yield* embeddedErrors(value[key], known, path.child(key));
    else if (!known && values) yield* embeddedErrors(value[key], values, path.key(key));
  }
}

const answers = new WeakMap<JsonSchema, boolean>();

/** Whether there are embedded resources anywhere in a schema's values. */
export function hasEmbedded(schema: JsonSchema | undefined): boolean {
  if (!schema) return false;
  let answer = answers.get(schema);
  if (answer === undefined) {
    answer =
      schema["x-kubernetes-embedded-resource"] === true ||
      hasEmbedded(itemsOf(schema)) ||
      hasEmbedded(valuesOf(schema)) ||
      Object.values(schema.properties ?? {}).some(hasEmbedded);
    answers.set(schema, answer);
  }
  return answer;
}

function* resourceErrors(object: Record<string, unknown>, path: FieldPath): Generator<FieldError> {
  const { apiVersion, kind, metadata } = object;
  if (apiVersion === undefined || apiVersion === "") yield required(path.child("apiVersion"), "must not be empty");
  else if (typeof apiVersion !== "string") yield invalid(path.child("apiVersion"), apiVersion, "must be string");
  else if (apiVersion.split("/").length > 2)
    yield invalid(path.child("apiVersion"), apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  if (kind === undefined || kind === "") yield required(path.child("kind"), "must not be empty");
  else if (typeof kind !== "string") yield invalid(path.child("kind"), kind, "must be string");
  if (!isJsonObject(metadata)) return;
  const at = path.child("metadata");
  if (typeof metadata.name === "string" && metadata.name !== "")
    for (const why of dns1123Subdomain(metadata.name)) yield invalid(at.child("name"), metadata.name, why);
  for (const [key, each] of Object.entries(isJsonObject(metadata.labels) ? metadata.labels : {})) {
    for (const why of qualifiedName(key)) yield invalid(at.child("labels"), key, why);
    for (const why of labelValue(String(each))) yield invalid(at.child("labels"), each, why);
  }
  for (const key of Object.keys(isJsonObject(metadata.annotations) ? metadata.annotations : {}))
    for (const why of qualifiedName(key.toLowerCase())) yield invalid(at.child("annotations"), key, why);
}
