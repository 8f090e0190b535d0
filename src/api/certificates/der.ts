// ASN.1 in its distinguished encoding (X.690), as far as certificates and requests for them need it.

/** One element: `bytes` is what it holds. */
export interface Element {
  tag: number;
  bytes: Uint8Array;
}

export const sequence = 0x30;
export const set = 0x31;

const lengthMax = 2 ** 23;

/** What an element begins with: its tag, the length of what it holds, and where that begins. */
interface Head {
  tag: number;
  length: number;
  start: number;
}

function headAt(bytes: Uint8Array, at: number): Head {
  const [tag, first] = [bytes[at]!, bytes[at + 1]];
  if (first === undefined) throw new Error("asn1: syntax error: truncated tag or length");
  const start = at + 2;
  if (first < 0x80) return { tag, length: first, start };
  const count = first & 0x7f;
  if (count === 0) throw new Error("asn1: syntax error: indefinite length found (not DER)");
  return { tag, length: longLength(bytes, start, count), start: start + count };
}

/** A length that is written with this many bytes. */
function longLength(bytes: Uint8Array, start: number, count: number): number {
  let length = 0;
  for (let at = start; at < start + count; at++) {
    if (at >= bytes.length) throw new Error("asn1: syntax error: truncated tag or length");
    if (length >= lengthMax) throw new Error("asn1: structure error: length too large");
    length = length * 256 + bytes[at]!;
    if (length === 0) throw new Error("asn1: structure error: superfluous leading zeros in length");
  }
  if (length < 0x80) throw new Error("asn1: structure error: non-minimal length");
  return length;
}

/** The elements that follow one another. Throws an Error with Go's words. */
export function elementsOf(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { tag, length, start } = headAt(bytes, at);
    if (start + length > bytes.length) throw new Error("asn1: syntax error: data truncated");
    elements.push({ tag, bytes: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

const noParameters =
  "{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}";

/** What the one sequence holds that these bytes are. `what` is Go's name of it. Throws an Error with Go's words. */
export function sequenceOf(bytes: Uint8Array, what: string): Element[] {
  if (bytes.length === 0) throw new Error("asn1: syntax error: sequence truncated");
  const { tag, length, start } = headAt(bytes, 0);
  if (tag !== sequence) {
    const found = `{class:${tag >> 6} tag:${tag & 0x1f} length:${length} isCompound:${(tag & 0x20) !== 0}}`;
    throw new Error(`asn1: structure error: tags don't match (16 vs ${found}) ${noParameters} ${what} @${start}`);
  }
  const [outer, ...more] = elementsOf(bytes);
  if (more.length > 0) throw new Error("asn1: syntax error: trailing data");
  return elementsOf(outer!.bytes);
}

/** What an element of this tag holds. Throws an Error if it is another. */
export function childrenOf(element: Element | undefined, tag: number): Element[] {
  if (element?.tag !== tag) throw new Error("asn1: structure error: tags don't match");
  return elementsOf(element.bytes);
}

/** An object identifier's bytes in hexadecimal: `55:1d:13`. */
export const oidText = (bytes: Uint8Array): string => [...bytes].map((each) => each.toString(16)).join(":");
