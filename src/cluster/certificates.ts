import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { TlsIdentity } from "../base/http.ts";

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** How long certificates last, in milliseconds: ten years for authorities, one for the rest, as kubeadm's do. */
const yearMs = 365 * 24 * 3_600_000;

/** A certificate authority of the cluster's own. */
export interface Authority extends TlsIdentity {}

/** Makes an authority. `nowMs` is the time that it is valid from, less a little for clocks that differ. */
export async function createAuthority(commonName: string, nowMs: number): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    serialNumber: serialNumber(),
    signingAlgorithm: algorithm,
    notBefore: new Date(nowMs - 300_000),
    notAfter: new Date(nowMs + 10 * yearMs),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await privateKeyPem(keys.privateKey) };
}

export interface CertificateRequest {
  commonName: string;
  organizations?: readonly string[];
  /** DNS names and IP addresses that a server is reached by; a client certificate has none. */
  names?: readonly string[];
}

/** Issues a certificate: for a server if there are names, and for a client in any case. */
export async function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
  nowMs: number,
): Promise<TlsIdentity> {
  const ca = new x509.X509Certificate(authority.certificate);
  const signingKey = await importPrivateKey(authority.key);
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = request.names ?? [];
  const usages = [x509.ExtendedKeyUsage.clientAuth, ...(names.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : [])];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name([
      { CN: [request.commonName] },
      ...(request.organizations ?? []).map((each) => ({ O: [each] })),
    ]).toString(),
    issuer: ca.subject,
    serialNumber: serialNumber(),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(nowMs - 300_000),
    notAfter: new Date(nowMs + yearMs),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(usages),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names.map(alternativeName))] : []),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await privateKeyPem(keys.privateKey) };
}

const keyUsages: Record<string, x509.KeyUsageFlags> = {
  "digital signature": x509.KeyUsageFlags.digitalSignature,
  "key encipherment": x509.KeyUsageFlags.keyEncipherment,
};
const extendedKeyUsages: Record<string, x509.ExtendedKeyUsage> = {
  "client auth": x509.ExtendedKeyUsage.clientAuth,
  "server auth": x509.ExtendedKeyUsage.serverAuth,
};

/**
 * Issues the certificate that a PKCS#10 request asks for, for at most a year. Of the request, its subject, its key and its
 * other names count; usages are those of the API (`client auth`). Throws if the request is not signed by its own key.
 */
export async function signRequest(
  authority: Authority,
  request: { pem: string; usages: readonly string[]; seconds?: number },
  nowMs: number,
): Promise<string> {
  const asked = new x509.Pkcs10CertificateRequest(request.pem);
  if (!(await asked.verify())) throw new Error("sign certificate request: wanted one that is signed by its own key");
  const ca = new x509.X509Certificate(authority.certificate);
  const names = asked.getExtension("2.5.29.17");
  const flags = request.usages.reduce((all, each) => all | (keyUsages[each] ?? 0), 0);
  const extended = request.usages.map((each) => extendedKeyUsages[each]).filter((each) => each !== undefined);
  const endMs = nowMs + Math.min(yearMs, (request.seconds ?? Number.POSITIVE_INFINITY) * 1000);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: asked.subject,
    issuer: ca.subject,
    serialNumber: serialNumber(),
    publicKey: asked.publicKey,
    signingKey: await importPrivateKey(authority.key),
    signingAlgorithm: algorithm,
    notBefore: new Date(nowMs - 300_000),
    // Never longer than whoever signs it.
    notAfter: new Date(Math.min(endMs, ca.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      // An extension that names no usage makes the certificate invalid.
      ...(flags > 0 ? [new x509.KeyUsagesExtension(flags, true)] : []),
      ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(names ? [names] : []),
    ],
  });
  return certificate.toString("pem");
}

const tokenAlgorithm = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};

/** A key to sign service account tokens with, as kubeadm makes it: RS256, which every verifier knows. PKCS #8 PEM. */
export async function createSigningKey(): Promise<string> {
  return privateKeyPem((await crypto.subtle.generateKey(tokenAlgorithm, true, ["sign", "verify"])).privateKey);
}

function alternativeName(name: string): { type: "dns" | "ip"; value: string } {
  return { type: /^[\d.]+$|:/.test(name) ? "ip" : "dns", value: name };
}

function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0]! &= 0x7f;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  const base64 = btoa(String.fromCharCode(...der));
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{64}/g, "$&\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

async function importPrivateKey(pem: string): Promise<CryptoKey> {
  const base64 = pem.replace(/-----[^-]+-----|\s/g, "");
  const der = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return crypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
}
