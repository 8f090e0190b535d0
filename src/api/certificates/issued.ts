// Certificates as a signer puts them into a request's status: PEM blocks and nothing but certificates in them.

import { blockAt } from "./pem.ts";

/** What is wrong with an issued certificate, in the real server's words; undefined if nothing is. `pem` is the text. */
export function issuedCertificateError(pem: string): string | undefined {
  let blocks = 0;
  for (let block = blockAt(pem, 0); block; block = blockAt(pem, block.next)) {
    if (block.type !== "CERTIFICATE") {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(block.type)}`;
    }
    if (block.body.includes(":")) return "no PEM block headers are permitted";
    if (!isSequence(block.body)) return "x509: malformed certificate";
    blocks++;
  }
  return blocks === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined;
}

/** Whether base64 holds a sequence (X.690) at its beginning, which any certificate is. */
function isSequence(base64: string): boolean {
  try {
    return atob(base64.replace(/\s/g, "")).charCodeAt(0) === 0x30;
  } catch {
    return false;
  }
}
