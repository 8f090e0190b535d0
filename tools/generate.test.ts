import assert from "node:assert/strict";
import { before, test } from "node:test";
import { loadDefinitions } from "../src/api/machinery/definitions.ts";
import type { Schema } from "../src/api/machinery/schema.ts";
import { atomicDefinitions, fieldDefaults, mergeRules, unions } from "./generate/merge_rules.ts";
import { alwaysWritten, keptWhenEmpty, omittedWhenZero } from "./generate/zero_values.ts";
import { generate } from "./generate.ts";

const byShortName = new Map<string, Schema>();

before(async () => {
  generate(false);
  for (const [name, schema] of Object.entries(await loadDefinitions())) {
    byShortName.set(name.split(".").slice(-3).join("."), schema);
  }
});

/** Every definition and field that a table names must exist: what doesn't is a slip of the pen or has left Kubernetes. */
function check(title: string, table: Record<string, readonly string[]>): void {
  test(`${title} names what is there`, () => {
    for (const [definition, fields] of Object.entries(table)) {
      const schema = byShortName.get(definition);
      assert.ok(schema, definition);
      for (const field of fields) assert.ok(schema.properties?.[field], `${definition}.${field}`);
    }
  });
}

const keysOf = (table: Record<string, object>) =>
  Object.fromEntries(Object.entries(table).map(([name, fields]) => [name, Object.keys(fields)]));
const wordsOf = (table: Record<string, string>) =>
  Object.fromEntries(Object.entries(table).map(([name, words]) => [name, words.split(" ")]));

check("mergeRules", keysOf(mergeRules));
check("fieldDefaults", keysOf(fieldDefaults));
check("alwaysWritten", keysOf(alwaysWritten));
check("omittedWhenZero", wordsOf(omittedWhenZero));
check("keptWhenEmpty", wordsOf(keptWhenEmpty));
check("atomicDefinitions", Object.fromEntries(atomicDefinitions.map((name) => [name, []])));
check(
  "unions",
  Object.fromEntries(
    Object.entries(unions).map(([name, union]) => [name, Object.keys(union["fields-to-discriminateBy"])]),
  ),
);

test("a schema, as a whole", () => {
  assert.deepEqual(byShortName.get("core.v1.ContainerPort"), {
    type: "object",
    properties: {
      containerPort: { type: "integer", format: "int32" },
      hostIP: { type: "string", "x-typernetes-omit-zero": true },
      hostPort: { type: "integer", format: "int32", "x-typernetes-omit-zero": true },
      name: { type: "string", "x-typernetes-omit-zero": true },
      protocol: { type: "string", enum: ["SCTP", "TCP", "UDP"], default: "TCP", "x-typernetes-omit-zero": true },
    },
    required: ["containerPort"],
  });
});

test("a second run writes nothing", () => assert.equal(generate(false), false));
