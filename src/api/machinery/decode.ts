// Decodes a request's JSON by a schema as the real server does: unknown fields go (and are reported), wrong types are
// refused in its words, quantities and times become canonical, null and empty optional values go.

import { DecodeError, goType, jsonKind, type Place, typeMismatch } from "./decode_errors.ts";
import { canonicalAmount, canonicalQuantity } from "./quantity.ts";
import type { Definitions, Schema } from "./schema.ts";
import { canonicalizeMicroTime, canonicalizeTime } from "./time.ts";

export interface Decoded {
  /** A fresh copy: the caller may change it. */
  object: any;
  /** `unknown field "spec.foo"` for every field that was dropped. */
  problems: string[];
}

/** Decodes one value. Throws a `DecodeError` for a wrong type. */
export type Decoder = (value: unknown) => Decoded;

type JsonObject = Record<string, unknown>;

/** Where a decoder is, for messages: kept by pushing and popping, so that a sound object costs no text. */
interface Walk extends Place {
  problems: string[];
}

type Step = (value: unknown, walk: Walk) => unknown;

interface Field {
  step: Step;
  /** Left out when it is "", 0, false, [] or {}. */
  omitZero: boolean;
  /** A struct that is there even if nobody wrote it. */
  struct: boolean;
}

const compiled = new WeakMap<Definitions, Map<string, Step>>();

/**
 * A decoder for a definition, compiled once: `decoder("io.k8s.api.core.v1.Pod", definitions)`.
 *
 * Structs that the real server always writes (`metadata`, `spec`, `status`) are in the result as `{}` at least.
 */
export function decoder(definition: string, definitions: Definitions): Decoder {
  const step = definitionStep(definition, definitions);
  return (value) => {
    const walk: Walk = { problems: [], path: [], struct: goType({ $ref: definition }) };
    return { object: step(value, walk), problems: walk.problems };
  };
}

function definitionStep(name: string, definitions: Definitions): Step {
  const steps = compiled.get(definitions) ?? new Map<string, Step>();
  compiled.set(definitions, steps);
  const known = steps.get(name);
  if (known) return known;
  // Definitions may contain themselves: until this one is compiled, it is looked up again.
  steps.set(name, (value, walk) => steps.get(name)!(value, walk));
  const step = specialSteps[name] ?? choiceStep(name, definitions) ?? makeStep(definitions(name), name, definitions);
  steps.set(name, step);
  return step;
}

function makeStep(schema: Schema, definition: string | undefined, definitions: Definitions): Step {
  if (schema.$ref !== undefined) return definitionStep(schema.$ref, definitions);
  const type = goType(definition === undefined ? schema : { $ref: definition });
  switch (schema.type) {
    case "string":
      return schema.format === "byte" ? bytesStep : scalarStep("string", type);
    case "boolean":
      return scalarStep("boolean", type);
    case "integer":
      return integerStep(schema.format === "int32", type);
    case "number":
      return scalarStep("number", type);
    case "array":
      return listStep(makeStep(schema.items!, undefined, definitions), zeroOf(schema.items!, definitions), type);
    case "object":
      if (schema.properties) return structStep(schema, definition ?? "", type, definitions);
      if (typeof schema.additionalProperties === "object") {
        const values = schema.additionalProperties;
        return mapStep(makeStep(values, undefined, definitions), zeroOf(values, definitions), type);
      }
      return definition !== undefined && !definition.endsWith("FieldsV1") && !definition.endsWith("RawExtension")
        ? structStep(schema, definition, type, definitions)
        : anyStep;
    default:
      return anyStep;
  }
}

/** What Go has for null in a list or map: the type's empty value. */
function zeroOf(schema: Schema, definitions: Definitions): unknown {
  const target = schema.$ref === undefined ? schema : definitions(schema.$ref);
  if (target.type === "string") return "";
  if (target.type === "integer" || target.type === "number") return 0;
  if (target.type === "boolean") return false;
  return target.properties ? {} : null;
}

/** A copy of any JSON. */
function anyStep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(anyStep);
  if (value === null || typeof value !== "object") return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setOwn(copy, key, anyStep((value as JsonObject)[key]));
  return copy;
}

/** Assigns even `__proto__` as an ordinary key. */
function setOwn(target: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function scalarStep(type: "string" | "boolean" | "number", go: string): Step {
  return (value, walk) => {
    const actual = typeof value;
    if (actual === type) return value;
    throw typeMismatch(value, go, walk);
  };
}

function integerStep(small: boolean, go: string): Step {
  return (value, walk) => {
    if (typeof value === "number" && Number.isInteger(value) && (!small || (value | 0) === value)) return value;
    throw typeMismatch(value, go, walk, true);
  };
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Base64, which may have line breaks in it: they go. */
function bytesStep(value: unknown, walk: Walk): unknown {
  if (typeof value !== "string") throw typeMismatch(value, "[]uint8", walk);
  if (base64.test(value)) return value;
  const text = value.replace(/[\r\n]/g, "");
  if (base64.test(text)) return text;
  throw new DecodeError(`illegal base64 data at input byte ${firstBadByte(text)}`);
}

/** Where Go's decoder stops: at a letter that is none, at the end if padding is missing, at the last whole group else. */
function firstBadByte(text: string): number {
  const letters = /^[A-Za-z0-9+/]*/.exec(text)![0].length;
  if (letters === text.length) return letters - (letters % 4);
  return text[letters] === "=" && letters % 4 > 1 ? text.length : letters;
}

function listStep(items: Step, zero: unknown, go: string): Step {
  return (value, walk) => {
    if (!Array.isArray(value)) throw typeMismatch(value, go, walk);
    const list: unknown[] = new Array(value.length);
    for (let index = 0; index < value.length; index++) {
      walk.path.push(index);
      const item = value[index];
      list[index] = item === null ? structuredClone(zero) : items(item, walk);
      walk.path.pop();
    }
    return list;
  };
}

function mapStep(values: Step, zero: unknown, go: string): Step {
  return (value, walk) => {
    if (!isObject(value)) throw typeMismatch(value, go, walk);
    const map: JsonObject = {};
    for (const key of Object.keys(value)) {
      walk.path.push({ key });
      const each = value[key];
      setOwn(map, key, each === null ? structuredClone(zero) : values(each, walk));
      walk.path.pop();
    }
    return map;
  };
}

function structStep(schema: Schema, definition: string, go: string, definitions: Definitions): Step {
  const fields = new Map<string, Field>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const always = property["x-typernetes-always"];
    const struct = always !== undefined && always !== null && typeof always === "object";
    const omitZero = property["x-typernetes-omit-zero"] === true;
    const step = holdsAmounts(definition, property)
      ? mapStep(quantityStep(canonicalAmount), null, goType(property))
      : makeStep(property, undefined, definitions);
    fields.set(name, { step, omitZero, struct });
  }
  const structs = [...fields].filter(([, field]) => field.struct);
  const name = definition.slice(definition.lastIndexOf(".") + 1);
  return (value, walk) => {
    if (!isObject(value)) throw typeMismatch(value, go, walk);
    const outer = walk.struct;
    walk.struct = name;
    const object: JsonObject = {};
    for (const key of Object.keys(value)) decodeField(fields.get(key), key, value[key], object, walk);
    for (const [key, field] of structs) if (object[key] === undefined) object[key] = field.step({}, walk);
    walk.struct = outer;
    return object;
  };
}

function decodeField(field: Field | undefined, key: string, value: unknown, object: JsonObject, walk: Walk): void {
  if (!field) {
    walk.problems.push(`unknown field ${JSON.stringify(strictPath(walk.path, key))}`);
    return;
  }
  if (value === null || value === undefined) return;
  walk.path.push(key);
  const decoded = field.step(value, walk);
  walk.path.pop();
  if (decoded === undefined || (field.omitZero && isZero(decoded))) return;
  object[key] = decoded;
}

function isZero(value: unknown): boolean {
  if (value === "" || value === 0 || value === false) return true;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `spec.containers[0].prots`. */
function strictPath(path: Place["path"], last: string): string {
  let text = "";
  for (const part of [...path, last]) {
    if (typeof part === "number") text += `[${part}]`;
    else text += (text === "" ? "" : ".") + (typeof part === "string" ? part : part.key);
  }
  return text;
}

function quantityStep(canonicalize: (text: string | number) => string): Step {
  return (value) => {
    // Anything else fails as text that is no quantity, as the real server has it.
    const text = typeof value === "string" ? value.trim() : typeof value === "number" ? value : "?";
    try {
      return canonicalize(text);
    } catch (error) {
      throw new DecodeError((error as Error).message);
    }
  };
}

/** Whether a field holds amounts of resources: of cpu, memory and the like. Others are quantities of their own. */
function holdsAmounts(definition: string, { additionalProperties: values }: Schema): boolean {
  return typeof values === "object" && values.$ref === quantity && /\.api\.(core|node)\./.test(definition);
}

function timeStep(canonicalize: typeof canonicalizeTime): Step {
  return (value) => {
    if (typeof value !== "string")
      throw new DecodeError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type string`);
    const result = canonicalize(value);
    if ("error" in result) throw new DecodeError(result.error);
    return result.value;
  };
}

function intOrStringStep(value: unknown): unknown {
  if (typeof value === "string") return value;
  if (typeof value === "number" && (value | 0) === value) return value;
  const shown = typeof value === "number" ? `number ${value}` : jsonKind(value);
  throw new DecodeError(`json: cannot unmarshal ${shown} into Go value of type int32`);
}

const jsonSchema = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

/** A schema, or something else in its place: a list of schemas or texts, or a truth. */
function choiceStep(name: string, definitions: Definitions): Step | undefined {
  if (!name.startsWith(`${jsonSchema}Or`)) return undefined;
  const one = definitionStep(jsonSchema, definitions);
  const list = (value: unknown, walk: Walk): unknown =>
    name.endsWith("OrStringArray") ? anyStep(value) : (value as unknown[]).map((each) => one(each, walk));
  return (value, walk) => {
    if (Array.isArray(value)) return list(value, walk);
    return typeof value === "boolean" ? value : one(value, walk);
  };
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";

const specialSteps: Record<string, Step> = {
  [quantity]: quantityStep(canonicalQuantity),
  [`${meta}Time`]: timeStep(canonicalizeTime),
  [`${meta}MicroTime`]: timeStep(canonicalizeMicroTime),
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": intOrStringStep,
};
