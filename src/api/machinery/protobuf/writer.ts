// Protobuf's wire format, written from the end to the beginning: a length stands before what it counts, so that is there
// first. See protobuf.dev, "Encoding".

/** Bytes that grow at the front: `bytes` from `at` on are written. */
export interface Tail {
  bytes: Uint8Array;
  at: number;
}

const utf8 = new TextEncoder();

/** The longest varint, in bytes: 64 bits, seven in each. */
const varintBytesMax = 10;

export function tailOf(capacity: number): Tail {
  return { bytes: new Uint8Array(capacity), at: capacity };
}

/** How many bytes are written. */
export function sizeOf({ bytes, at }: Tail): number {
  return bytes.length - at;
}

/** Makes room for so many bytes more. */
function reserve(tail: Tail, count: number): void {
  if (tail.at >= count) return;
  const size = sizeOf(tail);
  const bytes = new Uint8Array(Math.max(tail.bytes.length * 2, size + count));
  bytes.set(tail.bytes.subarray(tail.at), bytes.length - size);
  tail.bytes = bytes;
  tail.at = bytes.length - size;
}

/** A whole number of up to 53 bits and a sign. A negative one is written as 64 bits, as Go does. */
export function putVarint(tail: Tail, value: number): void {
  reserve(tail, varintBytesMax);
  if (value < 0) {
    putNegative(tail, BigInt.asUintN(64, BigInt(value)));
    return;
  }
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  tail.at -= length;
  let rest = value;
  for (let index = tail.at; index < tail.at + length - 1; index++, rest = Math.floor(rest / 128))
    tail.bytes[index] = (rest % 128) | 0x80;
  tail.bytes[tail.at + length - 1] = rest;
}

function putNegative(tail: Tail, value: bigint): void {
  tail.at -= varintBytesMax;
  let rest = value;
  for (let index = 0; index < varintBytesMax; index++, rest >>= 7n)
    tail.bytes[tail.at + index] = Number(rest & 0x7fn) | (index === varintBytesMax - 1 ? 0 : 0x80);
}

/** Eight bytes of a double. */
export function putDouble(tail: Tail, value: number): void {
  reserve(tail, 8);
  tail.at -= 8;
  new DataView(tail.bytes.buffer, tail.bytes.byteOffset).setFloat64(tail.at, value, true);
}

/** Bytes behind their length. */
export function putBytes(tail: Tail, bytes: Uint8Array): void {
  reserve(tail, bytes.length);
  tail.at -= bytes.length;
  tail.bytes.set(bytes, tail.at);
  putVarint(tail, bytes.length);
}

/** Text behind its length. */
export function putText(tail: Tail, text: string): void {
  reserve(tail, text.length);
  const { bytes } = tail;
  let at = tail.at;
  for (let index = text.length - 1; index >= 0; index--) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) {
      putBytes(tail, utf8.encode(text));
      return;
    }
    bytes[--at] = code;
  }
  tail.at = at;
  putVarint(tail, text.length);
}

/** The length of all that was written since there were `before` bytes. */
export function putLengthSince(tail: Tail, before: number): void {
  putVarint(tail, sizeOf(tail) - before);
}

/** What is written, as bytes of its own. */
export function writtenOf({ bytes, at }: Tail): Uint8Array {
  return bytes.slice(at);
}

/** What stands before a field of so many bytes: its tag and their number. */
export function fieldHead(number: number, length: number): Uint8Array {
  const tail = tailOf(2 * varintBytesMax);
  putVarint(tail, length);
  putVarint(tail, number * 8 + 2);
  return writtenOf(tail);
}
