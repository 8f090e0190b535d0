import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGoDuration, humanDuration, parseGoDuration } from "./duration.ts";
import { generateName, stableHash } from "./hash.ts";
import { scaledValue } from "./intstr.ts";
import * as time from "./time.ts";

const [s, m, h, d] = [1, 60, 3600, 86400];

test("ages as kubectl prints them", () => {
  const table: [seconds: number, text: string][] = [
    [-2, "<invalid>"],
    [-1, "0s"],
    [0, "0s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [2 * m + 5, "2m5s"],
    [10 * m + 5, "10m"],
    [179 * m, "179m"],
    [3 * h, "3h"],
    [3 * h + 5 * m, "3h5m"],
    [8 * h + 5 * m, "8h"],
    [47 * h, "47h"],
    [2 * d + 3 * h, "2d3h"],
    [2 * d, "2d"],
    [8 * d + 3 * h, "8d"],
    [99 * d, "99d"],
    [730 * d, "2y"],
    [740 * d, "2y10d"],
    [8 * 365 * d, "8y"],
  ];
  for (const [seconds, text] of table) assert.equal(humanDuration(seconds * 1000), text);
});

test("durations as Go writes them", () => {
  for (const text of ["0s", "1h0m0s", "1m30s", "1.5s", "250ms", "-2s", "15µs"]) {
    assert.equal(formatGoDuration(parseGoDuration(text)!), text);
  }
  assert.equal(parseGoDuration("1h30m"), 5_400_000);
  for (const text of ["", "1", "1d", "s", "1 s"]) assert.equal(parseGoDuration(text), undefined);
});

test("times", () => {
  assert.deepEqual(time.canonicalizeTime("2020-01-01T02:00:00.5+02:00"), { value: "2020-01-01T00:00:00Z" });
  assert.deepEqual(time.canonicalizeMicroTime("2020-01-01T00:00:00.123456Z"), { value: "2020-01-01T00:00:00.123456Z" });
  assert.equal(time.formatMicroTime(1500.25), "1970-01-01T00:00:01.500250Z");
  const micro = `as "2006-01-02T15:04:05.000000Z07:00": cannot parse`;
  assert.deepEqual(time.parseMicroTime("x"), { error: `parsing time "x" ${micro} "x" as "2006"` });
  assert.deepEqual(time.parseMicroTime("2020-01-01T00:00:01Z"), {
    error: `parsing time "2020-01-01T00:00:01Z" ${micro} "Z" as ".000000"`,
  });
  assert.deepEqual(time.parseTime("2020-02-30T00:00:00Z"), {
    error: `parsing time "2020-02-30T00:00:00Z": day out of range`,
  });
});

test("percentages", () => {
  assert.equal(scaledValue("25%", 3, "up"), 1);
  assert.equal(scaledValue("25%", 3, "down"), 0);
  assert.equal(scaledValue("7%", 100, "up"), 7);
  assert.equal(scaledValue(5, 3, "up"), 5);
  assert.throws(() => scaledValue("x", 1, "up"), /invalid type: string is not a percentage/);
});

test("hashes and suffixes", () => {
  assert.equal(stableHash({ a: 1, b: [2] }), stableHash({ b: [2], a: 1, c: undefined }));
  assert.notEqual(stableHash({ a: 1 }), stableHash({ a: 1 }, 1));
  assert.match(stableHash({}), /^[bcdfghjklmnpqrstvwxz2456789]+$/);
  assert.match(
    generateName("x".repeat(80), () => 0.5),
    /^x{58}[a-z0-9]{5}$/,
  );
});
