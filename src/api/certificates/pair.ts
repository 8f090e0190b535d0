import { blockAt } from "./pem.ts";

/** What a text in PEM has: whether a block that is wanted, and the types of those that stand before it. */
function lookFor(text: string, isWanted: (type: string) => boolean): { found: boolean; skipped: string[] } {
  const skipped: string[] = [];
  for (let block = blockAt(text, 0); block; block = blockAt(text, block.next)) {
    if (isWanted(block.type)) return { found: true, skipped };
    skipped.push(block.type);
  }
  return { found: false, skipped };
}

const isKey = (type: string): boolean => type === "PRIVATE KEY" || type.endsWith(" PRIVATE KEY");

/**
 * Why two texts in PEM are no certificate and key, in the words of Go's TLS. Whether the two belong together is not looked
 * at.
 */
export function pairProblem(certificate: string, key: string): string | undefined {
  const first = lookFor(certificate, (type) => type === "CERTIFICATE");
  if (!first.found) {
    if (first.skipped.length === 0) return "tls: failed to find any PEM data in certificate input";
    if (first.skipped.length === 1 && first.skipped[0]!.endsWith("PRIVATE KEY"))
      return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched";
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${first.skipped.join(" ")}]`;
  }
  const second = lookFor(key, isKey);
  if (second.found) return undefined;
  if (second.skipped.length === 0) return "tls: failed to find any PEM data in key input";
  if (second.skipped.length === 1 && second.skipped[0] === "CERTIFICATE")
    return "tls: found a certificate rather than a key in the PEM for the private key";
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${second.skipped.join(" ")}]`;
}
