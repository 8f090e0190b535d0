import assert from "node:assert/strict";
import { test } from "node:test";
import * as zlib from "node:zlib";
import { acceptsGzip, gzipParts } from "./gzip.ts";

test("parts make one gzip stream, a big one compressed once", async () => {
  const big = new TextEncoder().encode(JSON.stringify(Array.from({ length: 20_000 }, (_, index) => `item ${index}`)));
  const text = (part: string) => new TextEncoder().encode(part);
  const [first, second] = [await gzipParts([text("{a:"), big, text("}")]), await gzipParts([text("{b:"), big])];
  const unpacked = (parts: Uint8Array[]) => zlib.gunzipSync(Buffer.concat(parts)).toString();
  assert.equal(unpacked(first), `{a:${Buffer.from(big)}}`);
  assert.equal(unpacked(second), `{b:${Buffer.from(big)}`);
  assert.equal(first[2], second[2]);
});

test("who reads gzip", () => {
  for (const [header, expected] of [
    ["gzip", true],
    ["deflate, gzip;q=0.5", true],
    ["gzip, br", true],
    ["gzip;q=0", false],
    ["gzip;q=0.0, br", false],
    ["identity", false],
    ["xgzip", false],
    [undefined, false],
  ] as const)
    assert.equal(acceptsGzip(header), expected, String(header));
});
