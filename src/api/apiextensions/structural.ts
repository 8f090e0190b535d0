// Structural schemas (CRD documentation, "Specifying a structural schema"): what a schema must say outside of junctors, so
// that fields can be pruned and filled in by it.

import { sameJson } from "../../base/equal.ts";
import { type FieldError, type FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { compileRegex } from "../machinery/regex.ts";
import { itemsOf, type JsonSchema, own, valuesOf } from "./types.ts";

type Level = "root" | "item" | "field";

/** What keeps a schema from being structural, in the order of the real server: by text. */
export function structuralErrors(schema: JsonSchema, path: FieldPath): FieldError[] {
  const errors = [...spineErrors(schema, "root", path), ...completenessErrors(schema, schema, path, path)];
  return errors.sort((a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0));
}

function textOf({ field, body }: FieldError): string {
  return `${field}: ${body}`;
}

const missingType: Record<Level, string> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function* spineErrors(schema: JsonSchema, level: Level, path: FieldPath): Generator<FieldError> {
  const items = itemsOf(schema);
  if (schema.type === "array" && !schema.items) yield required(path.child("items"), "must be specified");
  if (items) yield* spineErrors(items, "item", path.child("items"));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* spineErrors(property, "field", path.child("properties").key(name));
  const values = valuesOf(schema);
  if (schema.additionalProperties !== undefined && level === "root")
    yield forbiddenField(path.child("additionalProperties"), "must not be used at the root");
  if (values) yield* spineErrors(values, "field", path.child("additionalProperties"));
  yield* extensionErrors(schema, path);
  yield* junctorErrors(schema, path, { first: schema["x-kubernetes-int-or-string"] === true });
  yield* typeErrors(schema, level, path);
  yield* metaErrors(schema, level, path);
}

function* extensionErrors(schema: JsonSchema, path: FieldPath): Generator<FieldError> {
  if (!schema["x-kubernetes-int-or-string"]) return;
  for (const word of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (schema[word]) yield invalid(path.child(word), true, "must be false if x-kubernetes-int-or-string is true");
  }
}

function* typeErrors(schema: JsonSchema, level: Level, path: FieldPath): Generator<FieldError> {
  const { type = "" } = schema;
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const at = path.child("type");
  if (embedded && type !== "object") {
    const why = "must be object if x-kubernetes-embedded-resource is true";
    yield type === "" ? required(at, why) : invalid(at, type, why);
  } else if (type === "" && !schema["x-kubernetes-int-or-string"] && !schema["x-kubernetes-preserve-unknown-fields"]) {
    yield required(at, missingType[level]);
  }
  if (embedded && schema.additionalProperties !== undefined)
    yield forbiddenField(
      path.child("additionalProperties"),
      "must not be used if x-kubernetes-embedded-resource is set",
    );
  if (level === "root" && type !== "" && type !== "object") yield invalid(at, type, "must be object at the root");
}

/** kind, apiVersion and metadata are Kubernetes' own: a schema may only narrow names. */
function* metaErrors(schema: JsonSchema, level: Level, path: FieldPath): Generator<FieldError> {
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const isObject = level === "root" || embedded;
  for (const name of ["kind", "apiVersion"]) {
    const property = own(schema.properties, name);
    if (property && isObject && property.type !== "string")
      yield invalid(path.child("properties").key(name).child("type"), property.type ?? "", "must be string");
  }
  const metadata = own(schema.properties, "metadata");
  const at = path.child("properties").key("metadata");
  if (metadata && isObject && metadata.type !== "object")
    yield invalid(at.child("type"), metadata.type ?? "", "must be object");
  if (metadata && level === "root" && !onlyNarrowsNames(metadata)) {
    const why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
    yield forbiddenField(at, why);
  }
  if (
    embedded &&
    !schema["x-kubernetes-preserve-unknown-fields"] &&
    Object.keys(schema.properties ?? {}).length === 0
  ) {
    const why =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    yield required(path.child("properties"), why);
  }
}

function onlyNarrowsNames({ type: _type, properties, default: _default, ...rest }: JsonSchema): boolean {
  const names = Object.keys(properties ?? {});
  return Object.keys(rest).length === 0 && names.every((name) => name === "name" || name === "generateName");
}

const intOrString = [{ type: "integer" }, { type: "string" }];

/** What must not be said inside of allOf, anyOf, oneOf and not. `first`: the one way to spell out int-or-string is fine. */
function* junctorErrors(schema: JsonSchema, path: FieldPath, { first }: { first: boolean }): Generator<FieldError> {
  const spelledOut = first && sameJson(schema.anyOf, intOrString);
  if (!spelledOut)
    for (const [index, each] of (schema.anyOf ?? []).entries())
      yield* nestedErrors(each, path.child("anyOf").index(index));
  for (const [index, each] of (schema.allOf ?? []).entries()) {
    const skips = first && index === 0 && sameJson(each.anyOf, intOrString);
    yield* nestedErrors(each, path.child("allOf").index(index), skips);
  }
  for (const [index, each] of (schema.oneOf ?? []).entries())
    yield* nestedErrors(each, path.child("oneOf").index(index));
  if (schema.not) yield* nestedErrors(schema.not, path.child("not"));
  if (schema.pattern) {
    const why = patternError(schema.pattern);
    if (why !== undefined)
      yield invalid(path.child("pattern"), schema.pattern, `must be a valid regular expression, but isn't: ${why}`);
  }
}

function patternError(pattern: string): string | undefined {
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const forbiddenWords: readonly [keyof JsonSchema, string][] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["externalDocs", "must be undefined to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function* nestedErrors(schema: JsonSchema, path: FieldPath, skipAnyOf = false): Generator<FieldError> {
  yield* junctorErrors(skipAnyOf ? { ...schema, anyOf: undefined } : schema, path, { first: false });
  const items = itemsOf(schema);
  if (items) yield* nestedErrors(items, path.child("items"));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* nestedErrors(property, path.child("properties").key(name));
  for (const [word, why] of forbiddenWords) {
    const value = schema[word];
    const empty =
      value === undefined || value === "" || value === false || (Array.isArray(value) && value.length === 0);
    if (!empty) yield forbiddenField(path.child(word), why);
  }
  if (own(schema.properties, "metadata"))
    yield forbiddenField(path.child("properties").key("metadata"), "must not be specified in a nested context");
}

/**
 * Every field that the root's junctors name must be declared outside of them too: without that it would be pruned. Junctors
 * further inside are not looked at, as the real server doesn't.
 */
function* completenessErrors(
  schema: JsonSchema,
  spine: JsonSchema,
  spinePath: FieldPath,
  path: FieldPath,
): Generator<FieldError> {
  if (schema.not) yield* nestedCompleteness(schema.not, spine, spinePath, path.child("not"));
  for (const word of ["allOf", "anyOf", "oneOf"] as const)
    for (const [index, nested] of (schema[word] ?? []).entries())
      yield* nestedCompleteness(nested, spine, spinePath, path.child(word).index(index));
}

function* nestedCompleteness(
  nested: JsonSchema,
  spine: JsonSchema | undefined,
  spinePath: FieldPath,
  path: FieldPath,
): Generator<FieldError> {
  if (!spine) {
    yield required(spinePath, `because it is defined in ${path}`);
    return;
  }
  yield* completenessErrors(nested, spine, spinePath, path);
  const items = itemsOf(nested);
  if (items) yield* nestedCompleteness(items, itemsOf(spine), spinePath.child("items"), path.child("items"));
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const [at, of] = [spinePath.child("properties").key(name), path.child("properties").key(name)];
    yield* nestedCompleteness(property, own(spine.properties, name), at, of);
  }
}
