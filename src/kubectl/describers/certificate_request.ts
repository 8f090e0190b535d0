// Reads what a PKCS#10 request (RFC 2986) asks for: DER, as far as that takes.

export interface CertificateRequest {
  /** Values by object identifier: `2.5.4.3` → the common name. */
  subject: Map<string, string[]>;
  names: { dns: string[]; email: string[]; uri: string[]; ip: string[] };
}

interface Part {
  tag: number;
  bytes: Uint8Array;
}

const tags = { objectIdentifier: 0x06, bmpString: 0x1e, octetString: 0x04, attributes: 0xa0 };

const extensionRequest = "1.2.840.113549.1.9.14";
const subjectAlternativeName = "2.5.29.17";

/** Reads a request in PEM. Throws an Error for what is none. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const body = /-----BEGIN [A-Z ]*CERTIFICATE REQUEST-----([^-]*)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new Error("PEM block type must be CERTIFICATE REQUEST");
  const der = Uint8Array.from(atob(body.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  const [whole] = parts(der);
  const [info] = parts(whole!.bytes);
  const [, name, , ...rest] = parts(info!.bytes);
  const subject = new Map<string, string[]>();
  for (const set of parts(name!.bytes)) {
    for (const pair of parts(set.bytes)) {
      const [type, value] = parts(pair.bytes);
      const id = identifier(type!.bytes);
      subject.set(id, [...(subject.get(id) ?? []), text(value!)]);
    }
  }
  const attributes = rest.find(({ tag }) => tag === tags.attributes);
  return { subject, names: namesOf(attributes) };
}

function namesOf(attributes: Part | undefined): CertificateRequest["names"] {
  const names: CertificateRequest["names"] = { dns: [], email: [], uri: [], ip: [] };
  for (const attribute of attributes ? parts(attributes.bytes) : []) {
    const [type, values] = parts(attribute.bytes);
    if (identifier(type!.bytes) !== extensionRequest) continue;
    for (const extension of parts(parts(values!.bytes)[0]!.bytes)) {
      const [id, ...more] = parts(extension.bytes);
      const value = more.find(({ tag }) => tag === tags.octetString);
      if (identifier(id!.bytes) !== subjectAlternativeName || !value) continue;
      for (const each of parts(parts(value.bytes)[0]!.bytes)) addName(names, each);
    }
  }
  return names;
}

/** GeneralName, RFC 5280, 4.2.1.6. */
function addName(names: CertificateRequest["names"], part: Part): void {
  const kinds: Record<number, keyof CertificateRequest["names"]> = { 1: "email", 2: "dns", 6: "uri", 7: "ip" };
  const kind = kinds[part.tag & 0x1f];
  if (kind === "ip") names.ip.push(address(part.bytes));
  else if (kind) names[kind].push(text(part));
}

function address(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** The parts that stand one after another. Throws for lengths that lead outside. */
function parts(bytes: Uint8Array): Part[] {
  const found: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!;
    let length = bytes[at++] ?? 0;
    if (length > 0x80) {
      let count = length & 0x7f;
      for (length = 0; count > 0; count--) length = length * 256 + (bytes[at++] ?? 0);
    }
    if (at + length > bytes.length) throw new Error("DER: wanted a length within the request");
    found.push({ tag, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function identifier(bytes: Uint8Array): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    numbers.push(
      ...(numbers.length === 0
        ? [Math.min(2, Math.trunc(value / 40)), value - 40 * Math.min(2, Math.trunc(value / 40))]
        : [value]),
    );
    value = 0;
  }
  return numbers.join(".");
}

function text({ tag, bytes }: Part): string {
  return new TextDecoder(tag === tags.bmpString ? "utf-16be" : "utf-8").decode(bytes);
}
