// Validates a custom resource's values against its schema, in Kubernetes' words (OpenAPI v3 as the CRD documentation,
// "Validation", restricts it).

import { sameJson } from "../../base/equal.ts";
import type { FieldError } from "../machinery/field.ts";
import { showValue } from "../machinery/field.ts";
import { compileRegex } from "../machinery/regex.ts";
import { hasFormat } from "./formats.ts";
import { isJsonObject, itemsOf, type JsonSchema, own, valuesOf } from "./types.ts";

/** What checking one value came to: `matches` tells alternatives apart, the one that fits best names its errors. */
interface Outcome {
  errors: FieldError[];
  matches: number;
  /** An error that an unchanged value would take back: one that no correlated part of it has. */
  own: boolean;
}

/** A link to the parent's place: most values are sound, and only errors need the text. */
interface Place {
  parent?: Place;
  /** A field's name or an item's index. */
  step: string | number;
  /** Where the whole value stands, for the errors' fields: `status`. */
  prefix: string;
}

/** A value before the change: absent for a new one, or where lists leave open which item it was. */
type Old = { value: unknown } | undefined;

/**
 * Errors in a value. With `old` (an update), what did not change is not complained about ("ratcheting", KEP-4008).
 * `prefix` is where the value stands in the object.
 */
export function checkValue(value: unknown, schema: JsonSchema, old?: { value: unknown }, prefix = ""): FieldError[] {
  return check(value, schema, old, { step: "", prefix }).errors;
}

function check(value: unknown, schema: JsonSchema, old: Old, place: Place): Outcome {
  const result: Outcome = { errors: [], matches: 0, own: false };
  if (value === null || value === undefined) {
    add(result, typeErrors(null, schema, place));
    add(result, enumErrors(null, schema, place));
  } else {
    const typed = typesOf(schema).length > 0 || schema.format !== undefined;
    if (typed) {
      const errors = typeErrors(value, schema, place);
      result.matches += errors.length === 0 ? 2 : 1;
      add(result, errors);
    }
    checkJunctors(result, value, schema, place);
    if (typeof value === "string") checkString(result, value, schema, place);
    if (typeof value === "number") checkNumber(result, value, schema, place);
    if (Array.isArray(value)) checkList(result, value, schema, old, place);
    add(result, enumErrors(value, schema, place));
    if (isJsonObject(value)) checkObject(result, value, schema, old, place);
    result.matches += 2;
  }
  if (result.own && old && sameJson(old.value, value)) return { errors: [], matches: result.matches, own: false };
  return result;
}

function add(result: Outcome, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  result.errors.push(...errors);
  result.own = true;
}

/** Adds a part's outcome. The part of a correlated value has been ratcheted already. */
function addPart(result: Outcome, part: Outcome, correlated: boolean): void {
  for (const error of part.errors) result.errors.push(error);
  result.matches += part.matches;
  if (!correlated && part.errors.length > 0) result.own = true;
}

function typesOf(schema: JsonSchema): string[] {
  if (schema["x-kubernetes-int-or-string"]) return ["integer", "string"];
  return schema.type === undefined || schema.type === "" ? [] : [schema.type];
}

function typeOfValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function typeErrors(value: unknown, schema: JsonSchema, place: Place): FieldError[] {
  const wanted = typesOf(schema);
  const actual = typeOfValue(value);
  if (wanted.length === 0 || wanted.includes(actual)) return [];
  if (actual === "null" && schema.nullable) return [];
  if (actual === "integer" && wanted.includes("number")) return [];
  const isFormatted = schema.format !== undefined && schema.format !== "";
  const numeric = wanted.includes("number") || wanted.includes("integer");
  // Of a format that is none of this type's, the real server asks for the format alone.
  if (isFormatted && !numeric && (actual === "string" || actual === "array")) return [];
  const expected =
    isFormatted && actual !== "string" && actual !== "array" && actual !== "null" ? schema.format! : wanted.join(",");
  const shown = expected === schema.format && isFormatted ? formatOfValue(value) : actual;
  const body = `Invalid value: ${showValue(shown)}: ${nameOf(place)} in body must be of type ${expected}: ${showValue(shown)}`;
  return [{ type: "FieldValueTypeInvalid", field: fieldOf(place), body }];
}

/** Go's name for what a JSON number was read as. */
function formatOfValue(value: unknown): string {
  if (typeof value !== "number") return "";
  return Number.isInteger(value) ? "int64" : "float64";
}

/** As messages name it: `spec.list[0]`. */
function nameOf({ parent, step }: Place): string {
  if (!parent) return "";
  const before = nameOf(parent);
  if (typeof step === "number") return `${before}[${step}]`;
  return before === "" ? step : `${before}.${step}`;
}

function fieldOf(place: Place): string {
  const { prefix } = place;
  const name = nameOf(place);
  if (name === "") return prefix === "" ? "<nil>" : prefix;
  if (prefix === "") return name;
  return name.startsWith("[") ? prefix + name : `${prefix}.${name}`;
}

function invalidAt(place: Place, value: unknown, why: string): FieldError {
  return {
    type: "FieldValueInvalid",
    field: fieldOf(place),
    body: `Invalid value: ${showValue(value)}: ${nameOf(place)} in body ${why}`,
  };
}

/** An error that names no field of its own. */
function unplaced({ prefix }: Place, message: string): FieldError {
  return { type: "FieldValueInvalid", field: prefix === "" ? "<nil>" : prefix, body: `Invalid value: "": ${message}` };
}

function enumErrors(value: unknown, schema: JsonSchema, place: Place): FieldError[] {
  const allowed = schema.enum ?? [];
  if (allowed.length === 0 || allowed.some((each) => sameJson(each, value))) return [];
  const shown = allowed.map((each) => JSON.stringify(typeof each === "string" ? each : JSON.stringify(each)));
  const body = `Unsupported value: ${showValue(value)}: supported values: ${shown.join(", ")}`;
  return [{ type: "FieldValueNotSupported", field: fieldOf(place), body }];
}

function checkString(result: Outcome, text: string, schema: JsonSchema, place: Place): void {
  const error = stringError(text, schema, place);
  result.matches++;
  if (error) add(result, [error]);
  const { format } = schema;
  if (format === undefined || format === "" || hasFormat(text, format)) return;
  const body = `Invalid value: ${showValue(text)}: ${nameOf(place)} in body must be of type ${format}: ${showValue(text)}`;
  add(result, [{ type: "FieldValueTypeInvalid", field: fieldOf(place), body }]);
}

function stringError(text: string, schema: JsonSchema, place: Place): FieldError | undefined {
  const { maxLength, minLength, pattern } = schema;
  if (maxLength !== undefined && lengthOf(text, maxLength) > maxLength) {
    const body = `Too long: may not be more than ${maxLength} bytes`;
    return { type: "FieldValueTooLong", field: fieldOf(place), body };
  }
  if (minLength !== undefined && lengthOf(text, minLength) < minLength)
    return invalidAt(place, text, `should be at least ${minLength} chars long`);
  if (pattern && !compileRegex(pattern).test(text)) return invalidAt(place, text, `should match '${pattern}'`);
  return undefined;
}

/** Letters, not UTF-16 units; counting stops when it is clear that there are more than `enough`. */
function lengthOf(text: string, enough: number): number {
  if (text.length > enough * 2) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function checkNumber(result: Outcome, value: number, schema: JsonSchema, place: Place): void {
  result.matches++;
  const range = rangeError(value, schema, place);
  if (range) add(result, [range]);
  const { multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = schema;
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
    add(result, [invalidAt(place, value, `should be a multiple of ${multipleOf}`)]);
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    add(result, [invalidAt(place, value, `should be less than ${exclusiveMaximum ? "" : "or equal to "}${maximum}`)]);
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    add(result, [
      invalidAt(place, value, `should be greater than ${exclusiveMinimum ? "" : "or equal to "}${minimum}`),
    ]);
}

function isMultiple(value: number, factor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0;
  return Number.isInteger(value / factor);
}

/** Whether a number fits its declared type: `int32` and the like. */
function rangeError(value: number, { type, format }: JsonSchema, place: Place): FieldError | undefined {
  if (type !== "integer") return undefined;
  const words = format ? `with format ${format}` : "(default format)";
  const fits = Number.isInteger(value) && (format !== "int32" || (value | 0) === value);
  return fits ? undefined : unplaced(place, `Checked value must be of type integer ${words} in ${nameOf(place)}`);
}

function checkList(result: Outcome, list: readonly unknown[], schema: JsonSchema, old: Old, place: Place): void {
  result.matches++;
  const items = itemsOf(schema);
  if (items) {
    const oldOf = oldItems(schema, old);
    for (let index = 0; index < list.length; index++) {
      const before = oldOf(list[index]);
      const part = check(list[index], items, before, { parent: place, step: index, prefix: place.prefix });
      if (part.errors.length > 0) addPart(result, part, before !== undefined);
      else result.matches += part.matches;
    }
  }
  const { maxItems, minItems } = schema;
  if (minItems !== undefined && list.length < minItems)
    add(result, [invalidAt(place, list.length, `should have at least ${minItems} items`)]);
  if (maxItems !== undefined && list.length > maxItems) add(result, [tooManyAt(place, list.length, maxItems)]);
}

function tooManyAt(place: Place, actual: number, max: number): FieldError {
  const body = `Too many: ${actual}: must have at most ${max} items`;
  return { type: "FieldValueTooMany", field: fieldOf(place), body };
}

/** Finds what an item was before: only lists of `x-kubernetes-list-type: map` tell. */
function oldItems(schema: JsonSchema, old: Old): (item: unknown) => Old {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (!old || !Array.isArray(old.value) || schema["x-kubernetes-list-type"] !== "map" || keys.length === 0)
    return () => undefined;
  const byKey = new Map<string, unknown>();
  for (const item of old.value) byKey.set(keyOfItem(item, keys), item);
  return (item) => {
    const key = keyOfItem(item, keys);
    return byKey.has(key) ? { value: byKey.get(key) } : undefined;
  };
}

/** An item's identity in a list of type map. */
export function keyOfItem(item: unknown, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => (isJsonObject(item) ? [own(item, key)] : [])));
}

function checkObject(
  result: Outcome,
  object: Record<string, unknown>,
  schema: JsonSchema,
  old: Old,
  place: Place,
): void {
  result.matches++;
  const count = Object.keys(object).length;
  const { minProperties, maxProperties, properties, additionalProperties } = schema;
  if (minProperties !== undefined && count < minProperties) {
    add(result, [invalidAt(place, count, `should have at least ${minProperties} properties`)]);
    return;
  }
  if (maxProperties !== undefined && count > maxProperties) {
    add(result, [tooManyAt(place, count, maxProperties)]);
    return;
  }
  const values = valuesOf(schema);
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  for (const key of Object.keys(object)) {
    const known = own(properties, key) ?? values;
    if (!known) {
      if (additionalProperties === false) add(result, [forbiddenProperty(place, key)]);
      continue;
    }
    const before = atomic ? undefined : oldField(old, key);
    const part = check(object[key], known, before, { parent: place, step: key, prefix: place.prefix });
    addPart(result, part, before !== undefined);
  }
  for (const key of schema.required ?? []) {
    if (Object.hasOwn(object, key)) continue;
    const at = { parent: place, step: key, prefix: place.prefix };
    add(result, [{ type: "FieldValueRequired", field: fieldOf(at), body: "Required value" }]);
  }
}

function forbiddenProperty(place: Place, key: string): FieldError {
  const body = `Invalid value: ${showValue(key)}: ${nameOf(place)}.${key} in body is a forbidden property`;
  return { type: "FieldValueInvalid", field: fieldOf(place), body };
}

function oldField(old: Old, key: string): Old {
  if (!old || !isJsonObject(old.value) || !Object.hasOwn(old.value, key)) return undefined;
  return { value: old.value[key] };
}

/** allOf, anyOf, oneOf and not. */
function checkJunctors(result: Outcome, value: unknown, schema: JsonSchema, place: Place): void {
  result.matches += 2;
  // The alternatives of an unchanged value are forgiven with the value itself.
  const tries = (schemas: readonly JsonSchema[] | undefined) =>
    (schemas ?? []).map((each) => check(value, each, undefined, place));
  if (schema.anyOf?.length) anyOf(result, tries(schema.anyOf), place);
  if (schema.oneOf?.length) oneOf(result, tries(schema.oneOf), place);
  if (schema.allOf?.length) {
    const outcomes = tries(schema.allOf);
    const valid = outcomes.filter(isValid).length;
    for (const each of outcomes) addPart(result, each, false);
    if (valid < outcomes.length) {
      const none = valid === 0 ? ". None validated" : "";
      add(result, [unplaced(place, `"${nameOf(place)}" must validate all the schemas (allOf)${none}`)]);
    }
  }
  if (schema.not && isValid(check(value, schema.not, undefined, place)))
    add(result, [unplaced(place, `"${nameOf(place)}" must not validate the schema (not)`)]);
}

function isValid({ errors }: Outcome): boolean {
  return errors.length === 0;
}

/** The alternative that came closest; the first of equals. */
function closest(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((best, each) => (each.matches > best.matches ? each : best));
}

function anyOf(result: Outcome, outcomes: readonly Outcome[], place: Place): void {
  const valid = outcomes.find(isValid);
  if (!valid) add(result, [unplaced(place, `"${nameOf(place)}" must validate at least one schema (anyOf)`)]);
  addPart(result, valid ?? closest(outcomes), false);
}

function oneOf(result: Outcome, outcomes: readonly Outcome[], place: Place): void {
  const valid = outcomes.filter(isValid);
  if (valid.length === 1) {
    addPart(result, valid[0]!, false);
    return;
  }
  const found = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`;
  add(result, [unplaced(place, `"${nameOf(place)}" must validate one and only one schema (oneOf). ${found}`)]);
  if (valid.length === 0) addPart(result, closest(outcomes), false);
}
