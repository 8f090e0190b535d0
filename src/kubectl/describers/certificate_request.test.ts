import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCertificateRequest } from "./certificate_request.ts";

/** A DER part with a short length. */
const part = (tag: number, ...content: number[][]) => [tag, content.flat().length, ...content.flat()];
const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const name = (id: number[], value: string) => part(0x31, part(0x30, part(0x06, id), part(0x0c, ascii(value))));

function pem(...info: number[][]): string {
  const bytes = part(0x30, part(0x30, ...info));
  const lines = btoa(String.fromCharCode(...bytes));
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
}

const version = part(0x02, [0]);
const key = part(0x30);
const organisation = [0x55, 4, 10];

test("the subject's values, several of a kind in order", () => {
  const subject = part(0x30, name(organisation, "a"), name(organisation, "b"), name([0x55, 4, 3], "ann"));
  const request = parseCertificateRequest(pem(version, subject, key));
  assert.deepEqual(
    [...request.subject],
    [
      ["2.5.4.10", ["a", "b"]],
      ["2.5.4.3", ["ann"]],
    ],
  );
});

test("other names", () => {
  const names = part(0x30, part(0x82, ascii("a.example.com")), part(0x87, [10, 0, 0, 1]), part(0x81, ascii("x@y")));
  const extension = part(0x30, part(0x06, [0x55, 0x1d, 0x11]), part(0x04, names));
  const request = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
  const attributes = part(0xa0, part(0x30, part(0x06, request), part(0x31, part(0x30, extension))));
  const found = parseCertificateRequest(pem(version, part(0x30), key, attributes));
  assert.deepEqual(found.names, { dns: ["a.example.com"], email: ["x@y"], uri: [], ip: ["10.0.0.1"] });
});

test("what is none is refused", () => {
  assert.throws(() => parseCertificateRequest("nothing"), /PEM block type must be CERTIFICATE REQUEST/);
  const cut = pem([0x30, 0x7f, 1]);
  assert.throws(() => parseCertificateRequest(cut), /wanted a length within the request/);
});
