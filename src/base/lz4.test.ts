import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lz4 } from "./lz4.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const words = bytes('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"default"}}');

test("lz4: whatever goes in comes out again", () => {
  const codec = lz4(words);
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom("aaaaaaaaaaaaaaaaaaaaaa", '{"kind":"Pod","apiVersion"', "abcabcabc"),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), (parts) => {
      const plain = bytes(parts.join(""));
      assert.deepEqual(codec.decompress(codec.compress(plain), plain.length), plain);
    }),
  );
  const long = bytes("0123456789abcdef".repeat(20_000));
  assert.deepEqual(codec.decompress(codec.compress(long), long.length), long);
});

test("lz4: what the dictionary has takes next to nothing", () => {
  assert.ok(lz4(words).compress(words).length < 20);
  assert.ok(lz4(new Uint8Array(0)).compress(words).length > 60);
});

test("lz4: a block as the format's description has it", () => {
  // Three literals, and nine bytes from three back; five literals to end with.
  const block = new Uint8Array([0x35, ...bytes("abc"), 3, 0, 0x50, ...bytes("vwxyz")]);
  assert.deepEqual(lz4(new Uint8Array(0)).decompress(block, 17), bytes("abcabcabcabcvwxyz"));
});

test("lz4: what is no block is refused, and nothing outside is read or written", () => {
  const codec = lz4(words);
  const block = codec.compress(bytes("hello hello hello hello hello hello, and good-bye"));
  assert.throws(() => codec.decompress(block, 10), /corrupt/);
  assert.throws(() => codec.decompress(block, 1_000), /corrupt/);
  assert.throws(() => codec.decompress(new Uint8Array([0x00, 0xff, 0xff, 0x50, 1, 2, 3, 4, 5]), 9), /corrupt/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(500), (noise, length) => {
      try {
        assert.equal(codec.decompress(noise, length).length, length);
      } catch (error) {
        assert.match(String(error), /corrupt/);
      }
    }),
  );
  assert.deepEqual(codec.decompress(codec.compress(words), words.length), words);
});
