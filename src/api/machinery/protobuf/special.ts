// Messages whose JSON is not an object with the message's fields: times, quantities, raw JSON and the like.

import { DecodeError } from "../decode_errors.ts";
import { formatTime } from "../time.ts";
import type { ValueReader } from "./decode.ts";
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
