import { childrenOf, type Element, elementsOf, oidText, sequence } from "./der.ts";

const basicConstraints = "55:1d:13";
const extensionsTag = 0xa3;
const booleanTag = 0x01;

/** What is wrong with a PEM block as a root that is trusted; undefined if nothing is. */
export function rootError({ type, body }: { type: string; body: string }): string | undefined {
  if (type !== "CERTIFICATE") return `has bad block type: ${type}`;
  if (body.includes(":")) return "has PEM block headers";
  try {
    if (!isAuthority(Uint8Array.from(atob(body.replace(/\s/g, "")), (each) => each.charCodeAt(0))))
      return "does not have the CA bit set";
  } catch {
    return "does not parse as X.509";
  }
  return undefined;
}

/** Whether a certificate (RFC 5280) says that it may sign others. Throws for what is no certificate. */
function isAuthority(der: Uint8Array): boolean {
  const outer = elementsOf(der);
  const [body, algorithm, signature] = childrenOf(outer[0], sequence);
  if (outer.length !== 1 || !algorithm || !signature) throw new Error("x509: malformed certificate");
  const fields = childrenOf(body, sequence);
  if (fields.length < 6) throw new Error("x509: malformed tbs certificate");
  const extensions = fields.find(({ tag }) => tag === extensionsTag);
  if (!extensions) return false;
  return childrenOf(elementsOf(extensions.bytes)[0], sequence).some(grantsAuthority);
}

function grantsAuthority(extension: Element): boolean {
  const parts = childrenOf(extension, sequence);
  if (!parts[0] || oidText(parts[0].bytes) !== basicConstraints) return false;
  const [first] = childrenOf(elementsOf(parts.at(-1)!.bytes)[0], sequence);
  return first?.tag === booleanTag && first.bytes[0] !== 0;
}
