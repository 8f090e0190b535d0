import assert from "node:assert/strict";
import { test } from "node:test";
import { HelpWanted, parseFlags } from "./flags.ts";

const table = {
  name: { type: "string", default: "default", help: "The cluster's name" },
  port: { type: "number", default: 6443, help: "The port" },
  wait: { type: "boolean", help: "Whether to wait" },
} as const;

test("flags: values behind a space or =, switches, and what is no flag", () => {
  const flags = parseFlags(["--name", "a", "file", "--port=7000", "--wait"], table);
  assert.deepEqual([flags.string("name"), flags.number("port"), flags.boolean("wait")], ["a", 7000, true]);
  assert.deepEqual(flags.rest, ["file"]);
  assert.equal(parseFlags([], table).number("port"), 6443);
});

test("flags: what is wrong is named", () => {
  assert.throws(() => parseFlags(["--nome", "a"], table), /^Error: unknown flag: --nome$/);
  assert.throws(() => parseFlags(["--name"], table), /^Error: flag needs an argument: --name$/);
  assert.throws(() => parseFlags(["--port=x"], table).number("port"), /invalid argument "x" for "--port" flag/);
});

test("flags: --help tells what there is", () => {
  for (const asked of ["--help", "-h"])
    assert.throws(() => parseFlags(["--wait", asked], table), new HelpWanted(table));
  const lines = ["  --name string   The cluster's name (default default)", "  --port number   The port (default 6443)"];
  assert.equal(new HelpWanted(table).message, [...lines, "  --wait          Whether to wait"].join("\n"));
});
