// Messages whose JSON is not an object with the message's fields: times, quantities, raw JSON and the like.

import { DecodeError } from "../decode_errors.ts";
import { formatTime } from "../time.ts";
import type { ValueReader } from "./decode.ts";
import type { ValueWriter } from "./encode.ts";
import {
  type Cursor,
  readBool,
  readBytes,
  readInt32,
  readInt64,
  readMessage,
  readText,
  type WireType,
} from "./wire.ts";
import { putBytes, putLengthSince, putText, putVarint, sizeOf, type Tail } from "./writer.ts";

/** Gives the reader of another message; it is asked for only while reading, since messages may contain themselves. */
type ReaderOf = (definition: string) => ValueReader;

/** What to do with a message's fields, by number. */
type Parts = Record<number, { wireType: WireType; read: (cursor: Cursor) => void }>;

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const crd = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

const reads: Record<string, (cursor: Cursor, readerOf: ReaderOf) => unknown> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": readQuantity,
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": readIntOrString,
  "io.k8s.apimachinery.pkg.runtime.RawExtension": readRawJson,
  [`${meta}FieldsV1`]: readRawJson,
  [`${meta}Time`]: (cursor) => readTime(cursor, false),
  [`${meta}MicroTime`]: (cursor) => readTime(cursor, true),
  [`${crd}JSON`]: readRawJson,
  [`${crd}CustomResourceSubresourceStatus`]: (cursor) => {
    readParts(cursor, {});
    return {};
  },
  [`${crd}JSONSchemaPropsOrArray`]: (cursor, readerOf) => readSchemaOr(cursor, readerOf, "schemas"),
  [`${crd}JSONSchemaPropsOrStringArray`]: (cursor, readerOf) => readSchemaOr(cursor, readerOf, "texts"),
  [`${crd}JSONSchemaPropsOrBool`]: readSchemaOrBool,
};

/** The reader of a message that is special, or undefined. */
export function specialMessage(definition: string, readerOf: ReaderOf): ValueReader | undefined {
  const read = reads[definition];
  return read && { wireType: 2, zero: () => null, read: (cursor) => read(cursor, readerOf) };
}

function readParts(cursor: Cursor, parts: Parts): void {
  readMessage(cursor, (number, wireType) => {
    const part = parts[number];
    if (part?.wireType !== wireType) return false;
    part.read(cursor);
    return true;
  });
}

function readQuantity(cursor: Cursor): string {
  let text = "";
  readParts(cursor, { 1: { wireType: 2, read: () => (text = readText(cursor)) } });
  return text === "" ? "0" : text;
}

/** All three fields are on the wire: the first says which of the others counts. */
function readIntOrString(cursor: Cursor): string | number {
  let isText = false;
  let number = 0;
  let text = "";
  readParts(cursor, {
    1: { wireType: 0, read: () => (isText = readBool(cursor)) },
    2: { wireType: 0, read: () => (number = readInt32(cursor)) },
    3: { wireType: 2, read: () => (text = readText(cursor)) },
  });
  return isText ? text : number;
}

/** An empty message is no time: null, as in JSON. Fractions count only where JSON would have them. */
function readTime(cursor: Cursor, withMicros: boolean): string | null {
  let seconds: number | undefined;
  let nanos = 0;
  readParts(cursor, {
    1: { wireType: 0, read: () => (seconds = readInt64(cursor)) },
    2: { wireType: 0, read: () => (nanos = readInt32(cursor)) },
  });
  if (seconds === undefined && nanos === 0) return null;
  const ms = (seconds ?? 0) * 1000;
  if (!(ms >= yearZeroMs && ms < yearTenThousandMs))
    throw new DecodeError("Time.MarshalJSON: year outside of range [0,9999]");
  const text = formatTime(ms);
  return withMicros ? `${text.slice(0, -1)}.${String(Math.trunc(nanos / 1000)).padStart(6, "0")}Z` : text;
}

const yearZeroMs = Date.parse("0000-01-01T00:00:00Z");
const yearTenThousandMs = Date.UTC(10_000, 0);

/** JSON in bytes. None at all is null. */
function readRawJson(cursor: Cursor): unknown {
  let raw: Uint8Array = new Uint8Array(0);
  readParts(cursor, { 1: { wireType: 2, read: () => (raw = readBytes(cursor)) } });
  if (raw.length === 0) return null;
  try {
    return JSON.parse(new TextDecoder().decode(raw));
  } catch (error) {
    throw new DecodeError(`json: error decoding raw value: ${(error as Error).message}`);
  }
}

/** A schema, or a list of schemas or texts. */
function readSchemaOr(cursor: Cursor, readerOf: ReaderOf, list: "schemas" | "texts"): unknown {
  const readSchema = readerOf(`${crd}JSONSchemaProps`).read;
  let schema: unknown;
  const items: unknown[] = [];
  readParts(cursor, {
    1: { wireType: 2, read: () => (schema = readSchema(cursor)) },
    2: { wireType: 2, read: () => items.push(list === "texts" ? readText(cursor) : readSchema(cursor)) },
  });
  return items.length > 0 ? items : (schema ?? null);
}

/** A schema, or whether anything is allowed. */
function readSchemaOrBool(cursor: Cursor, readerOf: ReaderOf): unknown {
  let allows = false;
  let schema: unknown;
  readParts(cursor, {
    1: { wireType: 0, read: () => (allows = readBool(cursor)) },
    2: { wireType: 2, read: () => (schema = readerOf(`${crd}JSONSchemaProps`).read(cursor)) },
  });
  return schema ?? allows;
}

/** Gives the writer of another message; it is asked for only while writing. */
type WriterOf = (definition: string) => ValueWriter;

const writes: Record<string, (tail: Tail, value: any, writerOf: WriterOf) => void> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": (tail, value: string) => putTextField(tail, 1, value),
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": writeIntOrString,
  "io.k8s.apimachinery.pkg.runtime.RawExtension": writeRawJson,
  [`${meta}FieldsV1`]: writeRawJson,
  [`${meta}Time`]: (tail, value: string) => writeTime(tail, value),
  [`${meta}MicroTime`]: (tail, value: string) => writeTime(tail, value),
  [`${crd}JSON`]: writeRawJson,
  [`${crd}CustomResourceSubresourceStatus`]: () => {},
  [`${crd}JSONSchemaPropsOrArray`]: (tail, value, writerOf) => {
    if (Array.isArray(value)) for (const item of value.toReversed()) writeSchema(tail, 2, item, writerOf);
    else writeSchema(tail, 1, value, writerOf);
  },
  [`${crd}JSONSchemaPropsOrStringArray`]: (tail, value, writerOf) => {
    if (Array.isArray(value)) for (const item of value.toReversed()) putTextField(tail, 2, item);
    else writeSchema(tail, 1, value, writerOf);
  },
  [`${crd}JSONSchemaPropsOrBool`]: (tail, value, writerOf) => {
    const isSchema = typeof value === "object";
    if (isSchema) writeSchema(tail, 2, value, writerOf);
    putNumberField(tail, 1, isSchema || value ? 1 : 0);
  },
};

/** The writer of a message that is special, or undefined. */
export function specialWriter(definition: string, writerOf: WriterOf): ValueWriter | undefined {
  const write = writes[definition];
  if (!write) return undefined;
  return {
    wireType: 2,
    write(tail, value) {
      const before = sizeOf(tail);
      write(tail, value, writerOf);
      putLengthSince(tail, before);
    },
  };
}

function putTextField(tail: Tail, number: number, text: string): void {
  putText(tail, text);
  putVarint(tail, number * 8 + 2);
}

function putNumberField(tail: Tail, number: number, value: number): void {
  putVarint(tail, value);
  putVarint(tail, number * 8);
}

function writeIntOrString(tail: Tail, value: string | number): void {
  const isText = typeof value === "string";
  putTextField(tail, 3, isText ? value : "");
  putNumberField(tail, 2, isText ? 0 : value);
  putNumberField(tail, 1, isText ? 1 : 0);
}

/** Times in objects are canonical: UTC, with no digits of a second or six. */
function writeTime(tail: Tail, text: string): void {
  const wholeEnd = "2006-01-02T15:04:05".length;
  putNumberField(tail, 2, Number(text.slice(wholeEnd + 1, -1) || 0) * 1000);
  putNumberField(tail, 1, Date.parse(`${text.slice(0, wholeEnd)}Z`) / 1000);
}

function writeRawJson(tail: Tail, value: unknown): void {
  putBytes(tail, new TextEncoder().encode(JSON.stringify(value)));
  putVarint(tail, 10);
}

function writeSchema(tail: Tail, number: number, value: unknown, writerOf: WriterOf): void {
  writerOf(`${crd}JSONSchemaProps`).write(tail, value);
  putVarint(tail, number * 8 + 2);
}
