// What the schema of a custom resource may say (CRD documentation, "Specifying a structural schema" and "Validation").

import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { defaultErrors } from "./default_validation.ts";
import { listTypeErrors } from "./list_type_validation.ts";
import { type CostSheet, ruleErrors, totalCostErrors } from "./rule_validation.ts";
import { structuralErrors } from "./structural.ts";
import { childSchemas, isJsonObject, itemsOf, type JsonSchema, valuesOf } from "./types.ts";

/** What checking one version's schema needs to know besides. */
export interface SchemaContext {
  /** Whether the version has a status subresource. */
  statusSubresource: boolean;
  /** Whether the version had this very schema before the change: then what it costs is not asked again. */
  unchanged: boolean;
  /** All schemas of before the change: what was tolerated then is tolerated still. */
  previous: readonly JsonSchema[];
}

/** How many levels deep a schema may be, so that no walk over it runs out of stack. */
const levelsMax = 300;

/** Errors in a version's schema, whose path is `openAPIV3Schema` below the given one. */
export function* schemaErrors(schema: JsonSchema, parent: FieldPath, context: SchemaContext): Generator<FieldError> {
  const path = parent.child("openAPIV3Schema");
  if (levels(schema) > levelsMax) {
    yield forbiddenField(path, `must not be nested deeper than ${levelsMax} levels`);
    return;
  }
  if (context.statusSubresource) yield* rootErrors(schema, parent);
  if (schema.nullable)
    yield forbiddenField(parent.child("openAPIV3Schema.nullable"), "nullable cannot be true at the root");
  const errors: FieldError[] = [];
  if (!hasUnsupported(schema)) {
    const lenient = context.previous.some((each) => structuralErrors(each, path).length > 0);
    if (!lenient) errors.push(...structuralErrors(schema, path));
    if (errors.length === 0) errors.push(...defaultErrors(schema, path));
  }
  yield* errors;
  const costs: CostSheet | undefined = errors.length === 0 ? { total: 0, dearest: [] } : undefined;
  const scene: Scene = { root: true, context, costs, cardinality: 1, resourceRoot: true };
  const found = nodeErrors(schema, path, scene);
  yield* found.schema;
  yield* found.rules;
  if (costs) yield* totalCostErrors(costs, path);
}

/** How deep a schema is, as JSON; counting stops when it is too deep. */
function levels(schema: unknown): number {
  let level: unknown[] = [schema];
  let depth = 0;
  for (; level.length > 0 && depth <= levelsMax * 2; depth++) {
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each).filter((child) => typeof child === "object") : [],
    );
  }
  // A level of the schema is two of its JSON: `properties` and the name.
  return depth / 2;
}

const allowedAtRoot = [
  "Description",
  "Type",
  "Format",
  "Title",
  "Maximum",
  "ExclusiveMaximum",
  "Minimum",
  "ExclusiveMinimum",
  "MaxLength",
  "MinLength",
  "Pattern",
  "MaxItems",
  "MinItems",
  "UniqueItems",
  "MultipleOf",
  "Required",
  "Items",
  "Properties",
  "ExternalDocs",
  "Example",
  "XPreserveUnknownFields",
  "XValidations",
];

/** The status is checked apart from the rest: what would be lost by that must not stand at the root. */
function* rootErrors(schema: JsonSchema, parent: FieldPath): Generator<FieldError> {
  if (schema.type !== undefined && schema.type !== "" && schema.type !== "object") {
    const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    yield invalid(parent.child("openAPIV3Schema.type"), schema.type, why);
    return;
  }
  const wrong = Object.entries(schema).some(([key, value]) => {
    const empty =
      value === undefined || value === false || value === "" || (Array.isArray(value) && value.length === 0);
    return !empty && !allowedAtRoot.includes(goName(key));
  });
  if (!wrong) return;
  const why = `only [${allowedAtRoot.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`;
  yield invalid(parent.child("openAPIV3Schema"), schema, why);
}

/** `XPreserveUnknownFields` for `x-kubernetes-preserve-unknown-fields`. */
function goName(key: string): string {
  const words = key.replace(/^x-kubernetes-/, "x-").split("-");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

const unsupportedWords = ["id", "$ref", "patternProperties", "definitions", "dependencies", "additionalItems"] as const;

/** Whether a schema uses what no structural schema can: then only that is complained about. */
function hasUnsupported(schema: JsonSchema): boolean {
  if (unsupportedWords.some((word) => isSet(schema[word])) || Array.isArray(schema.items) || schema.type === "null")
    return true;
  return [...childSchemas(schema)].some(hasUnsupported);
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === "") return false;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

interface Scene {
  root: boolean;
  context: SchemaContext;
  /** Undefined where rules are not looked at: in junctors and in schemas that are wrong as a whole. */
  costs: CostSheet | undefined;
  /** How often the largest object has this value; undefined if nothing limits that. */
  cardinality: number | undefined;
  resourceRoot: boolean;
  /** Inside of apiVersion, kind or metadata. */
  insideMeta?: boolean;
  /** Why defaults are forbidden here. */
  noDefaults?: string;
  /** The outermost place around this one whose values cannot be told from before to after a change. */
  uncorrelated?: FieldPath;
}

/** Errors in a schema and everything below: those of rules are only looked for where there are no others. */
function nodeErrors(schema: JsonSchema, path: FieldPath, scene: Scene): { schema: FieldError[]; rules: FieldError[] } {
  const errors: FieldError[] = [...ownErrors(schema, path, scene)];
  const rules: FieldError[] = [];
  const below = (child: JsonSchema, at: FieldPath, change: Partial<Scene>): void => {
    const found = nodeErrors(child, at, { ...scene, root: false, resourceRoot: false, ...change });
    errors.push(...found.schema);
    rules.push(...found.rules);
  };
  const values = valuesOf(schema);
  if (values) {
    const noDefaults = scene.insideMeta ? "inside additionalProperties applying to object metadata" : scene.noDefaults;
    below(values, path.child("additionalProperties"), {
      noDefaults,
      cardinality: times(scene.cardinality, schema.maxProperties),
    });
  }
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    below(property, path.child("properties").key(name), propertyScene(schema, name, path, scene));
  if (schema.not) below(schema.not, path.child("not"), { costs: undefined });
  for (const word of ["allOf", "oneOf", "anyOf"] as const)
    for (const [index, each] of (schema[word] ?? []).entries())
      below(each, path.child(word).index(index), { costs: undefined });
  const items = itemsOf(schema);
  if (items) {
    const uncorrelated = schema["x-kubernetes-list-type"] === "map" ? scene.uncorrelated : (scene.uncorrelated ?? path);
    below(items, path.child("items"), { uncorrelated, cardinality: times(scene.cardinality, schema.maxItems) });
  }
  errors.push(...listTypeErrors(schema, path));
  const found = ruleErrors(schema, path, { ...scene, compiles: errors.length === 0 });
  errors.push(...found.schema);
  rules.push(...found.rules);
  return { schema: errors, rules };
}

function times(cardinality: number | undefined, max: number | undefined): number | undefined {
  return cardinality === undefined || max === undefined ? undefined : cardinality * max;
}

function propertyScene(schema: JsonSchema, name: string, path: FieldPath, scene: Scene): Partial<Scene> {
  const isResource = scene.root || schema["x-kubernetes-embedded-resource"] === true;
  const change: Partial<Scene> = {};
  if (schema["x-kubernetes-map-type"] === "atomic") change.uncorrelated = scene.uncorrelated ?? path;
  if (isResource && ["metadata", "kind", "apiVersion"].includes(name)) {
    change.insideMeta = true;
    if (scene.root) change.noDefaults = `in top-level ${name}`;
  }
  return change;
}

const types = ["array", "boolean", "integer", "number", "object", "string"];

function* ownErrors(schema: JsonSchema, path: FieldPath, scene: Scene): Generator<FieldError> {
  if (schema.type && !types.includes(schema.type)) yield notSupported(path.child("type"), schema.type, types);
  if (schema.default !== undefined && scene.noDefaults !== undefined)
    yield forbiddenField(path.child("default"), `must not be set ${scene.noDefaults}`);
  for (const word of ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] as const)
    if (isSet(schema[word])) yield forbiddenField(path.child(word), `${word} is not supported`);
  if (schema.type === "null")
    yield forbiddenField(path.child("type"), "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(schema.items))
    yield forbiddenField(path.child("items"), "items must be a schema object and not an array");
  if (scene.insideMeta && schema["x-kubernetes-embedded-resource"])
    yield forbiddenField(path.child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
  if (schema.uniqueItems) {
    const why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    yield forbiddenField(path.child("uniqueItems"), why);
  }
  const values = schema.additionalProperties;
  if (values !== undefined && values !== true && Object.keys(schema.properties ?? {}).length > 0)
    yield forbiddenField(
      path.child("additionalProperties"),
      "additionalProperties and properties are mutual exclusive",
    );
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    yield invalid(path.child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType === undefined) return;
  if (schema.type !== "object") {
    const why = "must be object if x-kubernetes-map-type is specified";
    yield schema.type ? invalid(path.child("type"), schema.type, why) : required(path.child("type"), why);
  }
  if (!["atomic", "granular"].includes(mapType))
    yield notSupported(path.child("x-kubernetes-map-type"), mapType, ["atomic", "granular"]);
}
