import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCertificateRequest } from "./request.ts";

/** `O=dev, CN=alice`, made with openssl. */
const body =
  "MIHYMIGAAgEAMB4xDDAKBgNVBAoMA2RldjEOMAwGA1UEAwwFYWxpY2UwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS06Vsg8n4DBtHw7LgOGCkhQnK2xBU00bPtRPxiQ41CZ4Sf0Q7Gr+NDFD1xUYAReg4RquuOcr2Ij0iL+ImlaKGTYoAAwCgYIKoZIzj0EAwIDRwAwRAIgGmK5sdz2f/mfKzBWpxbLghRIXZIKy1OkiXKIeZRpGSYCIBt27KWh5bZPwCrykGLuuHnxfFch7TvpWD4HoNXB3K7S";
const pem = (type: string, base64: string) => `-----BEGIN ${type}-----\n${base64}\n-----END ${type}-----\n`;

/** A request that nobody could have made is refused, in Go's words. */
function check(what: string, text: string, wanted: RegExp): void {
  test(what, () => assert.throws(() => parseCertificateRequest(text), wanted));
}

check("another type", pem("CERTIFICATE", body), /^Error: PEM block type must be CERTIFICATE REQUEST/);
check("no block", "hello", /PEM block type/);
check("no base64", pem("CERTIFICATE REQUEST", "***"), /PEM block type/);
check("behind another one", pem("CERTIFICATE", "MAA=") + pem("CERTIFICATE REQUEST", "MAA="), /PEM block type/);
check("nothing in it", pem("CERTIFICATE REQUEST", ""), /^Error: asn1: syntax error: sequence truncated$/);
check(
  "a text",
  pem("CERTIFICATE REQUEST", btoa("hello")),
  /^Error: asn1: structure error: tags don't match \(16 vs \{class:1 tag:8 length:101 isCompound:true\}\) \{optional:false .* omitEmpty:false\} certificateRequest @2$/,
);
check("more behind it", pem("CERTIFICATE REQUEST", btoa("\x30\x00\x05\x00")), /asn1: syntax error: trailing data/);
check("no end", pem("CERTIFICATE REQUEST", btoa("\x30\x80")), /indefinite length found \(not DER\)/);
check("a length longer than needed", pem("CERTIFICATE REQUEST", btoa("\x30\x81\x01x")), /non-minimal length/);
check("cut off", pem("CERTIFICATE REQUEST", body.slice(0, 80)), /asn1: syntax error: data truncated/);
check("something else", pem("CERTIFICATE REQUEST", btoa("\x02\x01\x00")), /asn1: structure error/);
check("a length beyond all", pem("CERTIFICATE REQUEST", btoa("\x30\x85\x01\x01\x01\x01\x01")), /length too large/);

test("very much white space costs no more than its length", () => {
  const text = `-----BEGIN CERTIFICATE REQUEST-----${" \n".repeat(500_000)}`;
  assert.throws(() => parseCertificateRequest(text), /PEM block type/);
});
