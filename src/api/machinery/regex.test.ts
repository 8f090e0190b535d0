import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRegex } from "./regex.ts";

test("Go's syntax, found anywhere", () => {
  assert.equal(compileRegex("b+").test("abbc"), true);
  assert.equal(compileRegex("^b+$").test("abbc"), false);
  assert.equal(compileRegex("(?i)^B+$").test("bb"), true);
  assert.equal(compileRegex("^.$").test("😀"), true);
  assert.equal(compileRegex("b+").find("abbcb"), "bb");
  assert.equal(compileRegex("x").find("abbcb"), undefined);
  assert.deepEqual(compileRegex("b+").findAll("abbcb"), ["bb", "b"]);
  assert.deepEqual(compileRegex("b+").findAll("abbcb", 1), ["bb"]);
});

test("Go's words for what is no pattern", () => {
  const messages: Record<string, string> = {
    "[a": "error parsing regexp: missing closing ]: `[a`",
    "(?=a)": "error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
    "x{1001}": "error parsing regexp: invalid repeat count: `{1001}`",
  };
  for (const [pattern, message] of Object.entries(messages)) assert.throws(() => compileRegex(pattern), { message });
});

test("a pattern that explodes elsewhere takes linear time", () => {
  // A backtracking engine needs 2^100000 steps for this one: the test would never end.
  assert.equal(compileRegex("^(a+)+$").test(`${"a".repeat(100_000)}!`), false);
});
