// Certificate requests (PKCS#10, RFC 2986) as far as the API looks into them: who they are for.

import { childrenOf, type Element, elementsOf, oidText, sequence, sequenceOf, set } from "./der.ts";
import { blockAt } from "./pem.ts";

export interface CertificateRequest {
  commonName: string;
  organizations: string[];
  /** The whole subject has no other attributes. */
  isPlain: boolean;
  dnsNames: string[];
  ipAddresses: string[];
  emails: string[];
  uris: string[];
}

const context0 = 0xa0;

const oids = {
  commonName: "55:4:3",
  organization: "55:4:a",
  extensionRequest: "2a:86:48:86:f7:d:1:9:e",
  subjectAltName: "55:1d:11",
};

const decoder = new TextDecoder();

/** What stands in the first block that can be read. */
function derOf(pem: string): Uint8Array {
  for (let block = blockAt(pem, 0); block; block = blockAt(pem, block.next)) {
    const der = bytesOf(block.body);
    if (der && block.type === "CERTIFICATE REQUEST") return der;
    if (der) break;
  }
  throw new Error("PEM block type must be CERTIFICATE REQUEST");
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64.replace(/\s/g, "")), (each) => each.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Reads a PEM block of the type `CERTIFICATE REQUEST`. Throws an Error with Go's words. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const [info] = sequenceOf(derOf(pem), "certificateRequest");
  const [, subject, , ...rest] = childrenOf(info, sequence);
  const request: CertificateRequest = {
    commonName: "",
    organizations: [],
    isPlain: true,
    dnsNames: [],
    ipAddresses: [],
    emails: [],
    uris: [],
  };
  readSubject(childrenOf(subject, sequence), request);
  const attributes = rest.find(({ tag }) => tag === context0);
  if (attributes) readAttributes(elementsOf(attributes.bytes), request);
  return request;
}

function readSubject(names: readonly Element[], request: CertificateRequest): void {
  for (const relative of names) {
    for (const attribute of childrenOf(relative, set)) {
      const [type, value] = childrenOf(attribute, sequence);
      const text = decoder.decode(value?.bytes);
      const oid = oidText(type!.bytes);
      if (oid === oids.commonName) request.commonName = text;
      else if (oid === oids.organization) request.organizations.push(text);
      else request.isPlain = false;
    }
  }
}

function readAttributes(attributes: readonly Element[], request: CertificateRequest): void {
  for (const attribute of attributes) {
    const [type, values] = childrenOf(attribute, sequence);
    if (oidText(type!.bytes) !== oids.extensionRequest) continue;
    for (const list of childrenOf(values, set)) {
      for (const extension of childrenOf(list, sequence)) {
        const parts = childrenOf(extension, sequence);
        if (oidText(parts[0]!.bytes) === oids.subjectAltName) readNames(parts.at(-1)!.bytes, request);
      }
    }
  }
}

/** GeneralNames of RFC 5280. */
function readNames(bytes: Uint8Array, request: CertificateRequest): void {
  for (const { tag, bytes: value } of childrenOf(elementsOf(bytes)[0], sequence)) {
    if (tag === 0x81) request.emails.push(decoder.decode(value));
    else if (tag === 0x82) request.dnsNames.push(decoder.decode(value));
    else if (tag === 0x86) request.uris.push(decoder.decode(value));
    else if (tag === 0x87) request.ipAddresses.push([...value].join("."));
  }
}
