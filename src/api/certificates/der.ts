// ASN.1 in its distinguished encoding (X.690), as far as certificates and requests for them need it.

/** One element: `bytes` is what it holds. */
export interface Element {
  tag: number;
  bytes: Uint8Array;
}

export const sequence = 0x30;
export const set = 0x31;

/** The elements that follow one another. Throws an Error with Go's words. */
export function elementsOf(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    let length = bytes[at++];
    if (length === undefined) throw new Error("asn1: syntax error: truncated tag or length");
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4) throw new Error("asn1: structure error: length too large");
      length = 0;
      for (let step = 0; step < count; step++) length = length * 256 + (bytes[at++] ?? 0);
    }
    if (at + length > bytes.length) throw new Error("asn1: syntax error: data truncated");
    elements.push({ tag, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** What an element of this tag holds. Throws an Error if it is another. */
export function childrenOf(element: Element | undefined, tag: number): Element[] {
  if (element?.tag !== tag) throw new Error("asn1: structure error: tags don't match");
  return elementsOf(element.bytes);
}

/** An object identifier's bytes in hexadecimal: `55:1d:13`. */
export const oidText = (bytes: Uint8Array): string => [...bytes].map((each) => each.toString(16)).join(":");
