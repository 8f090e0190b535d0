// Protobuf's wire format: what stands between the numbers. See protobuf.dev, "Encoding".

import { DecodeError } from "../decode_errors.ts";

/** How a value lies on the wire: a varint, eight bytes, bytes with their length, four bytes. */
export type WireType = 0 | 1 | 2 | 5;

/** A place in a message. `end` is where the innermost open message ends. */
export interface Cursor {
  bytes: Uint8Array;
  view: DataView;
  at: number;
  end: number;
  /** Messages around this place. */
  depth: number;
}

/** Messages in messages: far more than any kind has, few enough for the stack. */
const depthMax = 1000;

/** A cursor over a whole message. */
export function cursorOf(bytes: Uint8Array): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, at: 0, end: bytes.length, depth: 0 };
}

function tooShort(): DecodeError {
  return new DecodeError("unexpected EOF");
}

/** The low and high half of a varint's 64 bits, both as unsigned numbers. */
function readHalves(cursor: Cursor): { low: number; high: number } {
  let low = 0;
  let high = 0;
  for (let shift = 0; ; shift += 7) {
    if (shift > 63) throw new DecodeError("proto: integer overflow");
    if (cursor.at >= cursor.end) throw tooShort();
    const byte = cursor.bytes[cursor.at++]!;
    const part = byte & 0x7f;
    if (shift < 28) low |= part << shift;
    else if (shift === 28) {
      low |= part << 28;
      high |= part >> 4;
    } else high |= part << (shift - 32);
    if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
  }
}

/** A tag or length. Throws a `DecodeError` past four bytes' worth. */
export function readSize(cursor: Cursor): number {
  const { low, high } = readHalves(cursor);
  if (high !== 0) throw new DecodeError("proto: integer overflow");
  return low;
}

/** A signed 32-bit number, which is on the wire as 64 bits. */
export function readInt32(cursor: Cursor): number {
  return readHalves(cursor).low | 0;
}

/** A signed 64-bit number. Beyond 2⁵³ it is as near as a JSON number that was read would be. */
export function readInt64(cursor: Cursor): number {
  const { low, high } = readHalves(cursor);
  return (high | 0) * 0x1_0000_0000 + low;
}

/** Any varint but zero is true. */
export function readBool(cursor: Cursor): boolean {
  const { low, high } = readHalves(cursor);
  return low !== 0 || high !== 0;
}

/** Eight bytes as a double. */
export function readDouble(cursor: Cursor): number {
  if (cursor.end - cursor.at < 8) throw tooShort();
  cursor.at += 8;
  return cursor.view.getFloat64(cursor.at - 8, true);
}

/** Bytes after their length: a view, not a copy. */
export function readBytes(cursor: Cursor): Uint8Array {
  const size = readSize(cursor);
  if (size > cursor.end - cursor.at) throw tooShort();
  cursor.at += size;
  return cursor.bytes.subarray(cursor.at - size, cursor.at);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text after its length. */
export function readText(cursor: Cursor): string {
  return utf8.decode(readBytes(cursor));
}

/**
 * Reads a message after its length: `field` is called with each number and wire type, and says whether it read the
 * value; what it did not read is skipped. Throws a `DecodeError` for a message that is cut or nested too deep.
 */
export function readMessage(cursor: Cursor, field: (number: number, wireType: WireType) => boolean): void {
  const size = readSize(cursor);
  if (size > cursor.end - cursor.at) throw tooShort();
  const outer = cursor.end;
  cursor.end = cursor.at + size;
  if (++cursor.depth > depthMax) throw new DecodeError(`proto: messages are nested more than ${depthMax} deep`);
  readFields(cursor, field);
  cursor.depth--;
  cursor.end = outer;
}

/** `readMessage` for the fields up to the cursor's end, with no length before them. */
export function readFields(cursor: Cursor, field: (number: number, wireType: WireType) => boolean): void {
  while (cursor.at < cursor.end) {
    const tag = readSize(cursor);
    const number = tag >>> 3;
    if (number === 0) throw new DecodeError(`proto: illegal tag 0 (wire type ${tag & 7})`);
    const wireType = (tag & 7) as WireType;
    if (!field(number, wireType)) skip(cursor, wireType);
  }
}

function skip(cursor: Cursor, wireType: number): void {
  if (wireType === 0) readHalves(cursor);
  else if (wireType === 2) readBytes(cursor);
  else if (wireType === 1 || wireType === 5) cursor.at += wireType === 1 ? 8 : 4;
  else if (wireType === 3) skipGroup(cursor);
  else throw new DecodeError(wireType === 4 ? "proto: unexpected end of group" : `proto: illegal wireType ${wireType}`);
  if (cursor.at > cursor.end) throw tooShort();
}

/** Skips what protobuf once had for nested messages: fields up to the tag that ends them. */
function skipGroup(cursor: Cursor): void {
  for (let open = 1; open > 0; ) {
    const wireType = readSize(cursor) & 7;
    if (wireType === 3) open++;
    else if (wireType === 4) open--;
    else skip(cursor, wireType);
  }
}
