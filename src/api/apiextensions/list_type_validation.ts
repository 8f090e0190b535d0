import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { itemsOf, type JsonSchema, own } from "./types.ts";

/** Errors in `x-kubernetes-list-type` and the keys of lists. */
export function* listTypeErrors(schema: JsonSchema, path: FieldPath): Generator<FieldError> {
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const at = path.child("x-kubernetes-list-type");
  if (listType !== undefined && schema.type !== "array") {
    const why = "must be array if x-kubernetes-list-type is specified";
    yield schema.type ? invalid(path.child("type"), schema.type, why) : required(path.child("type"), why);
  } else if (listType === "set") yield* setErrors(schema, path);
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType))
    yield notSupported(at, listType, ["atomic", "set", "map"]);
  if (keys.length > 0 && listType !== "map") {
    const why = "must be map if x-kubernetes-list-map-keys is non-empty";
    yield listType === undefined ? required(at, why) : invalid(at, listType, why);
  }
  if (listType === "map") yield* mapErrors(schema, keys, path);
  if (listType === "map" || listType === "set") yield* nullableErrors(schema, listType, keys, path);
}

/** A set's items are compared as a whole: nothing inside them may have owners of its own. */
function* setErrors(schema: JsonSchema, path: FieldPath): Generator<FieldError> {
  const items = itemsOf(schema);
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items?.["x-kubernetes-list-type"];
  if (items?.type === "array" && listType !== undefined && listType !== "atomic")
    yield invalid(path.child("items").child("x-kubernetes-list-type"), listType, why);
  if (items?.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
    yield invalid(path.child("items").child("x-kubernetes-map-type"), listType, why);
}

function* mapErrors(schema: JsonSchema, keys: readonly string[], path: FieldPath): Generator<FieldError> {
  const at = path.child("x-kubernetes-list-map-keys");
  if (keys.length === 0) yield required(at, "must not be empty if x-kubernetes-list-type is map");
  if (schema.items === undefined)
    yield required(path.child("items"), "must have a schema if x-kubernetes-list-type is map");
  const items = itemsOf(schema);
  if (!items) return;
  if (items.type !== "object") {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    yield invalid(path.child("items").child("type"), items.type ?? "", why);
    return;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = own(items.properties, key);
    if (!property) yield invalid(at, keys, "entries must all be names of item properties");
    else if (property.type === "array" || property.type === "object") {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      yield invalid(path.child("items").child("properties").key(key).child("type"), items.type, why);
    }
    if (seen.has(key)) yield invalid(at, keys, "must not contain duplicate entries");
    seen.add(key);
  }
}

function* nullableErrors(
  schema: JsonSchema,
  listType: string,
  keys: readonly string[],
  path: FieldPath,
): Generator<FieldError> {
  const items = itemsOf(schema);
  if (!items) return;
  if (items.nullable)
    yield forbiddenField(
      path.child("items").child("nullable"),
      `cannot be nullable when x-kubernetes-list-type is ${listType}`,
    );
  if (listType !== "map") return;
  for (const key of keys) {
    const property = own(items.properties, key);
    if (!property) continue;
    const at = path.child("items").child("properties").key(key);
    if (!items.required?.includes(key) && property.default === undefined) {
      const why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
      yield required(at.child("default"), why);
    }
    if (property.nullable)
      yield forbiddenField(
        at.child("nullable"),
        "this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
      );
  }
}
