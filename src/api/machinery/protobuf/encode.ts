// Writes objects as protobuf, the mirror of `decode.ts`: types come from the schemas, field numbers from `numbers.ts`. What
// JSON leaves out is left out here too: to Go both are the same.

import { fromLatin1 } from "../../../base/bytes.ts";
import type { Definitions, Schema } from "../schema.ts";
import { fieldNumbers, type NamedField } from "./numbers.ts";
import { type ScalarKind, scalarKind } from "./scalars.ts";
import { specialWriter } from "./special.ts";
import type { WireType } from "./wire.ts";
import {
  putBytes,
  putDouble,
  putLengthSince,
  putText,
  putVarint,
  sizeOf,
  type Tail,
  tailOf,
  writtenOf,
} from "./writer.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** How one value is written, without its tag. */
export interface ValueWriter {
  wireType: WireType;
  write(tail: Tail, value: any): void;
}

/** Writes what an object has of one field, with its tag. */
type FieldWriter = (tail: Tail, object: JsonObject) => void;

const compiled = new WeakMap<Definitions, Map<string, ValueWriter>>();

/** What messages are put together in, one at a time. One that has become larger than this is not kept. */
const keptBytesMax = 1024 * 1024;
let shared = tailOf(64 * 1024);

/**
 * A writer of a definition's message, compiled once: `protobufEncoder("io.k8s.api.core.v1.Pod", definitions)(pod)`. `kind`
 * and `apiVersion` are not in it: the envelope has them. Throws for a message whose numbers are not known.
 */
export function protobufEncoder(definition: string, definitions: Definitions): (object: object) => Uint8Array {
  const fields = lazyStruct(definition, definitions);
  return (object) => {
    const tail = shared;
    tail.at = tail.bytes.length;
    putFields(tail, fields(), object as JsonObject);
    const bytes = writtenOf(tail);
    if (tail.bytes.length > keptBytesMax) shared = tailOf(64 * 1024);
    return bytes;
  };
}

/** From the last field to the first: so they come out in the order of their numbers. */
function putFields(tail: Tail, fields: readonly FieldWriter[], object: JsonObject): void {
  for (let index = fields.length - 1; index >= 0; index--) fields[index]!(tail, object);
}

function putMessage(tail: Tail, fields: readonly FieldWriter[], object: JsonObject): void {
  const before = sizeOf(tail);
  putFields(tail, fields, object);
  putLengthSince(tail, before);
}

/** Structs may contain themselves: they are compiled when first written. */
function lazyStruct(definition: string, definitions: Definitions): () => readonly FieldWriter[] {
  let fields: FieldWriter[] | undefined;
  return () => {
    fields ??= makeStruct(definition, definitions(definition).properties ?? {}, definitions);
    return fields;
  };
}

function makeStruct(message: string, properties: Record<string, Schema>, definitions: Definitions): FieldWriter[] {
  const numbers = fieldNumbers(message);
  if (!numbers) throw new Error(`not supported yet: protobuf of ${message}`);
  return numbers
    .toSorted((a, b) => a.number - b.number)
    .flatMap((field) => {
      if ("inline" in field) return [inlineField(field.number, field.inline, properties, definitions)];
      const schema = properties[field.name];
      return schema ? [makeField(field, schema, definitions)] : [];
    });
}

/** A message whose fields stand in the object itself: written if the object has any of them. */
function inlineField(
  number: number,
  message: string,
  properties: Record<string, Schema>,
  definitions: Definitions,
): FieldWriter {
  const fields = makeStruct(message, properties, definitions);
  const tag = number * 8 + 2;
  return (tail, object) => {
    const before = sizeOf(tail);
    putFields(tail, fields, object);
    if (sizeOf(tail) === before) return;
    putLengthSince(tail, before);
    putVarint(tail, tag);
  };
}

function makeField(field: NamedField, schema: Schema, definitions: Definitions): FieldWriter {
  const { name, number, wrapped } = field;
  if (schema.type === "array" && !wrapped) return listField(name, number, valueWriter(schema.items!, definitions));
  if (typeof schema.additionalProperties === "object")
    return mapField(name, number, valueWriter(schema.additionalProperties, definitions));
  const { wireType, write } = valueWriter(schema, definitions);
  const tag = number * 8 + wireType;
  return (tail, object) => {
    const value = object[name];
    if (value === undefined || value === null) return;
    write(tail, value);
    putVarint(tail, tag);
  };
}

/** Each item with a tag of its own, as Go writes them. */
function listField(name: string, number: number, { wireType, write }: ValueWriter): FieldWriter {
  const tag = number * 8 + wireType;
  return (tail, object) => {
    const list = object[name] as readonly unknown[] | undefined | null;
    if (!list) return;
    for (let index = list.length - 1; index >= 0; index--) {
      write(tail, list[index]);
      putVarint(tail, tag);
    }
  };
}

/** A map is a list of messages with a key (1) and a value (2), by key. */
function mapField(name: string, number: number, { wireType, write }: ValueWriter): FieldWriter {
  const tag = number * 8 + 2;
  return (tail, object) => {
    const map = object[name] as JsonObject | undefined | null;
    if (!map) return;
    const keys = Object.keys(map).sort();
    for (let index = keys.length - 1; index >= 0; index--) {
      const before = sizeOf(tail);
      const value = map[keys[index]!];
      if (value !== null) {
        write(tail, value);
        putVarint(tail, 16 + wireType);
      }
      putText(tail, keys[index]!);
      putVarint(tail, 10);
      putLengthSince(tail, before);
      putVarint(tail, tag);
    }
  };
}

const scalars: Record<ScalarKind, ValueWriter> = {
  text: { wireType: 2, write: putText },
  bytes: { wireType: 2, write: (tail, value: string) => putBytes(tail, fromLatin1(atob(value))) },
  bool: { wireType: 0, write: (tail, value: boolean) => putVarint(tail, value ? 1 : 0) },
  int32: { wireType: 0, write: putVarint },
  int64: { wireType: 0, write: putVarint },
  double: { wireType: 1, write: putDouble },
};

function valueWriter(schema: Schema, definitions: Definitions): ValueWriter {
  const scalar = scalarKind(schema);
  if (scalar) return scalars[scalar];
  if (schema.$ref !== undefined) return messageWriter(schema.$ref, definitions);
  if (schema.type === "array") return wrappedList(valueWriter(schema.items!, definitions));
  throw new Error(`not supported yet: protobuf of a value of type ${schema.type ?? "any"}`);
}

function wrappedList(item: ValueWriter): ValueWriter {
  const fields = [listField("items", 1, item)];
  return { wireType: 2, write: (tail, items) => putMessage(tail, fields, { items }) };
}

function messageWriter(definition: string, definitions: Definitions): ValueWriter {
  const writers = compiled.get(definitions) ?? new Map<string, ValueWriter>();
  compiled.set(definitions, writers);
  const known = writers.get(definition);
  if (known) return known;
  const writer = specialWriter(definition, (name) => messageWriter(name, definitions)) ?? structWriter();
  writers.set(definition, writer);
  return writer;

  function structWriter(): ValueWriter {
    const fields = lazyStruct(definition, definitions);
    return { wireType: 2, write: (tail, value) => putMessage(tail, fields(), value) };
  }
}
