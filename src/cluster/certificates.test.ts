import "reflect-metadata";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import * as x509 from "@peculiar/x509";
import { createAuthority, signRequest } from "./certificates.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const now = Date.parse("2026-01-01T00:00:00Z");

async function requestFor(name: string): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const names = new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "n.example.com" }]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: [names],
  });
  return request.toString("pem");
}

test("a request becomes a certificate with its subject, its names and the usages that were asked for", async () => {
  const authority = await createAuthority("ca", now);
  const pem = await requestFor("CN=system:node:n,O=system:nodes");
  const issued = await signRequest(authority, { pem, usages: ["digital signature", "client auth"], seconds: 600 }, now);
  const certificate = new X509Certificate(issued);
  assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
  assert.equal(certificate.subject, "CN=system:node:n\nO=system:nodes");
  assert.equal(certificate.subjectAltName, "DNS:n.example.com");
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
  assert.equal(Date.parse(certificate.validTo), now + 600_000);
});

test("a request for a client's certificate alone gets one without other usages", async () => {
  const authority = await createAuthority("kubernetes", now);
  const issued = await signRequest(authority, { pem: await requestFor("CN=a"), usages: ["client auth"] }, now);
  const { keyUsage } = new X509Certificate(issued);
  assert.deepEqual(keyUsage, ["1.3.6.1.5.5.7.3.2"]);
  assert.equal(new x509.X509Certificate(issued).getExtension("2.5.29.15"), null);
});

test("nobody gets a certificate for a key that is not theirs", async () => {
  const authority = await createAuthority("ca", now);
  const pem = await requestFor("CN=eve");
  const der = new Uint8Array(new x509.Pkcs10CertificateRequest(pem).rawData);
  // Another name under the same signature.
  const at = der.findIndex((byte, index) => byte === 0x65 && der[index + 1] === 0x76 && der[index + 2] === 0x65);
  der[at] = 0x66;
  const forged = new x509.Pkcs10CertificateRequest(der).toString("pem");
  await assert.rejects(signRequest(authority, { pem: forged, usages: ["client auth"] }, now), /signed by its own key/);
});

test("no certificate outlives a year or its authority", async () => {
  const authority = await createAuthority("ca", now);
  const usages = ["client auth"];
  const yearMs = 365 * 24 * 3_600_000;
  const endOf = async (nowMs: number) =>
    Date.parse(
      new X509Certificate(await signRequest(authority, { pem: await requestFor("CN=a"), usages }, nowMs)).validTo,
    );
  assert.equal(await endOf(now), now + yearMs);
  assert.equal(await endOf(now + 9.5 * yearMs), now + 10 * yearMs);
});
