import assert from "node:assert/strict";
import { test } from "node:test";
import { type FlagTable, parseFlags } from "./flags.ts";

const table: FlagTable = {
  output: { type: "string", short: "o", help: "" },
  all: { type: "bool", short: "A", help: "" },
  stdin: { type: "bool", short: "i", help: "" },
  tty: { type: "bool", short: "t", help: "" },
  replicas: { type: "int", short: "r", default: "1", help: "" },
  filename: { type: "strings", short: "f", help: "" },
  literal: { type: "array", help: "" },
  "dry-run": { type: "string", default: "none", bare: "unchanged", help: "" },
  timeout: { type: "duration", help: "" },
};

/** What `words` mean, as `name=value` of those given and the arguments. */
function check(words: string, wanted: string): void {
  test(words, () => {
    const { flags, args, dashAt } = parseFlags(words.split(" "), table);
    const given = Object.entries(table)
      .filter(([name]) => flags.given(name))
      .map(
        ([name, { type }]) =>
          `${name}=${type === "strings" || type === "array" ? flags.list(name).join("+") : flags.string(name)}`,
      );
    assert.equal([...given, ...args, ...(dashAt >= 0 ? [`dash ${dashAt}`] : [])].join(" "), wanted);
  });
}

check("-owide pods", "output=wide pods");
check("-o wide pods", "output=wide pods");
check("-o=wide pods", "output=wide pods");
check("pods --output=wide", "output=wide pods");
check("pods --output wide", "output=wide pods");
check("-it pod -- sh -c x", "stdin=true tty=true pod sh -c x dash 1");
check("-itowide", "output=wide stdin=true tty=true");
check("--all=false x", "all=false x");
check("--all false", "all=true false");
check("-f a,b -f c", "filename=a+b+c");
check("--literal a,b --literal c", "literal=a,b+c");
check("--dry-run server", "dry-run=unchanged server");
check("--dry-run=server", "dry-run=server");
check("--dry_run=server", "dry-run=server");
check("-", "-");

function refuse(words: string, wanted: string): void {
  test(`${words} is refused`, () => assert.throws(() => parseFlags(words.split(" "), table), { message: wanted }));
}

refuse("--nonsense", "unknown flag: --nonsense");
refuse("-Ax", "unknown shorthand flag: 'x' in -Ax");
refuse("pods -o", "flag needs an argument: 'o' in -o");
refuse("--output", "flag needs an argument: --output");
refuse(
  "--all=maybe",
  'invalid argument "maybe" for "-A, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
);
refuse("-r x", 'invalid argument "x" for "-r, --replicas" flag: strconv.ParseInt: parsing "x": invalid syntax');
refuse("--timeout 5", 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"');

test("defaults stand where nothing is given", () => {
  const { flags } = parseFlags([], table);
  assert.equal(flags.int("replicas"), 1);
  assert.equal(flags.string("dry-run"), "none");
  assert.equal(flags.given("replicas"), false);
});
