import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as q from "./quantity.ts";

/** Checks canonical texts. */
function check(title: string, table: Record<string, string>): void {
  test(title, () => {
    for (const [text, wanted] of Object.entries(table)) assert.equal(q.canonicalQuantity(text), wanted, text);
  });
}

check("decimal suffixes", {
  "0.5": "500m",
  "1500m": "1500m",
  "1.5": "1500m",
  "1000": "1k",
  "1000m": "1",
  "0": "0",
  "0Gi": "0",
  "-1.5": "-1500m",
  "+2": "2",
  "100k": "100k",
  "1000k": "1M",
  "0.1m": "100u",
  "0.0000000001": "1n",
  "1.": "1",
  ".5": "500m",
  "00.5": "500m",
  "12345678901234567890": "9223372036854775807",
  "1E": "1E",
  "0.000001": "1u",
  "100000": "100k",
  "1234": "1234",
});
check("binary suffixes", {
  "1024Mi": "1Gi",
  "1.5Gi": "1536Mi",
  "1Ki": "1Ki",
  "0.5Ki": "512",
  "1000Ki": "1000Ki",
  "1025": "1025",
  "0.0001Ki": "102400u",
  "1.00001Ki": "1024010240u",
  "-2048Ki": "-2Mi",
});
check("exponents", {
  "1e3": "1e3",
  "1E3": "1e3",
  "100e1": "1e3",
  "1e-3": "1e-3",
  "2e0": "2",
  "1e99": "9223372036854775807",
  "12e2": "1200",
});

test("what is no quantity", () => {
  const wanted: Record<string, RegExp> = {
    "": /must match the regular expression/,
    x: /must match/,
    "1.2.3": /must match/,
    "1 ": /must match/,
    "1+1": /suffix/,
    "1mi": /suffix/,
    "1i": /suffix/,
    "0.1am": /must match/,
    Ki: /must match/,
    "1e": /suffix/,
    "1Eik": /suffix/,
  };
  for (const [text, message] of Object.entries(wanted)) assert.throws(() => q.parseQuantity(text), message, text);
});

test("arithmetic", () => {
  assert.equal(q.formatQuantity(q.addQuantities("1Gi", "1Mi")), "1025Mi");
  assert.equal(q.formatQuantity(q.addQuantities("0", "1Mi")), "1Mi");
  assert.equal(q.formatQuantity(q.subtractQuantities("1", "100m")), "900m");
  assert.equal(q.compareQuantities("1Gi", "1073741824"), 0);
  assert.ok(q.compareQuantities("999m", 1) < 0);
  assert.equal(q.milliValue("0.0001"), 1);
  assert.equal(q.quantityValue("1.5"), 2);
  assert.equal(q.quantityToNumber("250m"), 0.25);
});

test("a canonical text is its own canonical text and the same amount", () => {
  const suffix = fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e2", "E-4");
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), suffix, (amount, unit) => {
      const canonical = q.canonicalQuantity(`${amount}${unit}`);
      assert.equal(q.canonicalQuantity(canonical), canonical);
      assert.equal(q.compareQuantities(canonical, `${amount}${unit}`), 0);
    }),
  );
});
