// Reads protobuf bodies into the JSON value that the same client would have sent: types come from the schemas, field
// numbers from `numbers.ts`. The ordinary decoder runs on the result, so defaults, empty values and canonical forms are
// its business.

import { base64 } from "../../../base/bytes.ts";
import { DecodeError } from "../decode_errors.ts";
import type { Definitions, Schema } from "../schema.ts";
import { fieldNumbers, type NamedField } from "./numbers.ts";
import { type ScalarKind, scalarKind } from "./scalars.ts";
import { specialMessage } from "./special.ts";
import {
  type Cursor,
  cursorOf,
  readBool,
  readBytes,
  readDouble,
  readFields,
  readInt32,
  readInt64,
  readMessage,
  readText,
  type WireType,
} from "./wire.ts";

type JsonObject = Record<string, unknown>;

/** How one value is read. */
export interface ValueReader {
  wireType: WireType;
  /** What it is if the other side left it out of a map entry. */
  zero: () => unknown;
  /** A message goes on with what an earlier one of the same field said: `before`. */
  read(cursor: Cursor, before?: unknown): unknown;
}

/** Reads one occurrence of a field into the object. */
type FieldReader = (cursor: Cursor, wireType: WireType, object: JsonObject) => void;

type StructReader = ReadonlyMap<number, FieldReader>;

const compiled = new WeakMap<Definitions, Map<string, ValueReader>>();
const structs = new WeakMap<Definitions, Map<string, StructReader>>();

/** Whether a definition's field numbers are known, so that `protobufDecoder` can read it. */
export function hasProtobuf(definition: string): boolean {
  return fieldNumbers(definition) !== undefined;
}

/**
 * A reader of a definition's message, compiled once: `protobufDecoder("io.k8s.api.core.v1.Pod", definitions)(bytes)`.
 *
 * Unknown numbers are skipped. The reader throws a `DecodeError` for bytes that are no such message, and
 * for a message in it whose numbers are not known.
 */
export function protobufDecoder(definition: string, definitions: Definitions): (bytes: Uint8Array) => JsonObject {
  const fields = lazyStruct(definition, definitions);
  return (bytes) => {
    const cursor = cursorOf(bytes);
    const object: JsonObject = {};
    readFields(cursor, (number, wireType) => readField(fields(), number, wireType, cursor, object));
    return object;
  };
}

function readField(
  fields: StructReader,
  number: number,
  wireType: WireType,
  cursor: Cursor,
  object: JsonObject,
): boolean {
  const field = fields.get(number);
  if (!field) return false;
  field(cursor, wireType, object);
  return true;
}

/** Structs may contain themselves: they are compiled when first read. */
function lazyStruct(definition: string, definitions: Definitions): () => StructReader {
  const known = structs.get(definitions) ?? new Map<string, StructReader>();
  structs.set(definitions, known);
  return () => {
    const struct =
      known.get(definition) ?? makeStruct(definition, definitions(definition).properties ?? {}, definitions);
    known.set(definition, struct);
    return struct;
  };
}

/** `properties` are those of the object that the message's fields stand in, which for an inlined message is the outer one. */
function makeStruct(message: string, properties: Record<string, Schema>, definitions: Definitions): StructReader {
  const numbers = fieldNumbers(message);
  if (!numbers) throw new DecodeError(`not supported yet: protobuf of ${message}`);
  const fields = new Map<number, FieldReader>();
  for (const field of numbers) {
    if ("inline" in field) fields.set(field.number, inlineField(field.inline, properties, definitions));
    else {
      const schema = properties[field.name];
      if (schema) fields.set(field.number, makeField(field, schema, definitions));
    }
  }
  return fields;
}

function inlineField(message: string, properties: Record<string, Schema>, definitions: Definitions): FieldReader {
  const fields = makeStruct(message, properties, definitions);
  return (cursor, wireType, object) => {
    checkWireType(wireType, 2, message.slice(message.lastIndexOf(".") + 1));
    readMessage(cursor, (number, inner) => readField(fields, number, inner, cursor, object));
  };
}

function makeField({ name, wrapped }: NamedField, schema: Schema, definitions: Definitions): FieldReader {
  if (schema.type === "array" && !wrapped) return listField(name, valueReader(schema.items!, definitions));
  if (typeof schema.additionalProperties === "object")
    return mapField(name, valueReader(schema.additionalProperties, definitions));
  const value = valueReader(schema, definitions);
  return (cursor, wireType, object) => {
    checkWireType(wireType, value.wireType, name);
    object[name] = value.read(cursor, object[name]);
  };
}

/** Go's message names the field as Go does. */
function checkWireType(actual: WireType, wanted: WireType, name: string): void {
  if (actual === wanted) return;
  throw new DecodeError(`proto: wrong wireType = ${actual} for field ${name[0]!.toUpperCase()}${name.slice(1)}`);
}

/** Numbers may come one by one or packed. */
function listField(name: string, item: ValueReader): FieldReader {
  return (cursor, wireType, object) => {
    object[name] ??= [];
    const list = object[name] as unknown[];
    if (wireType !== 2 || item.wireType === 2) {
      checkWireType(wireType, item.wireType, name);
      list.push(item.read(cursor));
      return;
    }
    const inner = cursorOf(readBytes(cursor));
    while (inner.at < inner.end) list.push(item.read(inner));
  };
}

/** A map is a list of messages with a key (1) and a value (2). Keys are text everywhere in Kubernetes. */
function mapField(name: string, values: ValueReader): FieldReader {
  return (cursor, wireType, object) => {
    checkWireType(wireType, 2, name);
    let key = "";
    let value: unknown;
    readMessage(cursor, (number, inner) => {
      if (number > 2) return false;
      checkWireType(inner, number === 1 ? 2 : values.wireType, name);
      if (number === 1) key = readText(cursor);
      else value = values.read(cursor);
      return true;
    });
    object[name] ??= {};
    Object.defineProperty(object[name], key, {
      value: value ?? values.zero(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  };
}

const scalars: Record<ScalarKind, ValueReader> = {
  text: { wireType: 2, zero: () => "", read: readText },
  bytes: { wireType: 2, zero: () => "", read: (cursor) => base64(readBytes(cursor)) },
  bool: { wireType: 0, zero: () => false, read: readBool },
  int32: { wireType: 0, zero: () => 0, read: readInt32 },
  int64: { wireType: 0, zero: () => 0, read: readInt64 },
  double: { wireType: 1, zero: () => 0, read: readDouble },
};

function valueReader(schema: Schema, definitions: Definitions): ValueReader {
  const scalar = scalarKind(schema);
  if (scalar) return scalars[scalar];
  if (schema.$ref !== undefined) return messageReader(schema.$ref, definitions);
  if (schema.type === "array") return wrappedList(valueReader(schema.items!, definitions));
  throw new DecodeError(`not supported yet: protobuf of a value of type ${schema.type ?? "any"}`);
}

/** Protobuf has no list in a map or list: there it is a message whose first field is the list. */
function wrappedList(item: ValueReader): ValueReader {
  const field = listField("items", item);
  const read = (cursor: Cursor): unknown => {
    const message: JsonObject = { items: [] };
    readMessage(cursor, (number, wireType) => {
      if (number === 1) field(cursor, wireType, message);
      return number === 1;
    });
    return message.items;
  };
  return { wireType: 2, zero: () => [], read };
}

function messageReader(definition: string, definitions: Definitions): ValueReader {
  const readers = compiled.get(definitions) ?? new Map<string, ValueReader>();
  compiled.set(definitions, readers);
  const known = readers.get(definition);
  if (known) return known;
  const reader = specialMessage(definition, (name) => messageReader(name, definitions)) ?? structReader();
  readers.set(definition, reader);
  return reader;

  function structReader(): ValueReader {
    const fields = lazyStruct(definition, definitions);
    const read = (cursor: Cursor, before?: unknown): unknown => {
      const object = (before ?? {}) as JsonObject;
      readMessage(cursor, (number, wireType) => readField(fields(), number, wireType, cursor, object));
      return object;
    };
    return { wireType: 2, zero: () => ({}), read };
  }
}
