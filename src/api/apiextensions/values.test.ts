import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldPath } from "../machinery/field.ts";
import { checkValue } from "./check.ts";
import { dropNulls, fillDefaults } from "./fill.ts";
import { hasFormat } from "./formats.ts";
import { duplicateItems } from "./list_types.ts";
import { findField } from "./paths.ts";
import { prune } from "./prune.ts";
import { ruleChecker } from "./rules.ts";
import { structuralErrors } from "./structural.ts";
import type { JsonSchema } from "./types.ts";

const text: JsonSchema = { type: "string" };
const int: JsonSchema = { type: "integer" };
const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: "object",
  properties,
  ...more,
});

/** A value against a schema; what is wrong, as `field: message`. */
function checks(what: string, schema: JsonSchema, value: unknown, ...expected: string[]): void {
  test(`check: ${what}`, () => {
    assert.deepEqual(
      checkValue(value, schema).map(({ field, body }) => `${field}: ${body}`),
      expected,
    );
  });
}

const typed = (at: string, type: string, actual: string) =>
  `${at}: Invalid value: "${actual}": ${at} in body must be of type ${type}: "${actual}"`;

checks(
  "types",
  object({ a: text, b: int }),
  { a: 1, b: "x" },
  typed("a", "string", "integer"),
  typed("b", "integer", "string"),
);
checks("null where it is not allowed", object({ a: text }), { a: null }, typed("a", "string", "null"));
checks("null where it is", object({ a: { ...text, nullable: true } }), { a: null });
checks(
  "int or string",
  object({ a: { "x-kubernetes-int-or-string": true } }),
  { a: 1.5 },
  typed("a", "integer,string", "number"),
);
checks("length in letters", object({ a: { ...text, maxLength: 2 } }), { a: "😀😀" });
checks(
  "too short",
  object({ a: { ...text, minLength: 2 } }),
  { a: "x" },
  'a: Invalid value: "x": a in body should be at least 2 chars long',
);
checks(
  "enum",
  object({ a: { ...text, enum: ["x", "y"] } }),
  { a: "z" },
  'a: Unsupported value: "z": supported values: "x", "y"',
);
checks("required in a list", { type: "array", items: object({}, { required: ["a"] }) }, [{}], "[0].a: Required value");
checks("fields named as JavaScript's own", object({ constructor: text }), { toString: 1, constructor: "x" });

test("ratcheting: unchanged parts are not complained about, changed ones are", () => {
  const item = object({ key: text, a: { ...text, maxLength: 1 } });
  const list: JsonSchema = {
    type: "array",
    items: item,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["key"],
  };
  const old = {
    value: {
      l: [
        { key: "k", a: "long" },
        { key: "m", a: "x" },
      ],
    },
  };
  const fields = (value: unknown) => checkValue(value, object({ l: list }), old).map(({ field }) => field);
  assert.deepEqual(
    fields({
      l: [
        { key: "m", a: "y" },
        { key: "k", a: "long" },
      ],
    }),
    [],
  );
  assert.deepEqual(fields({ l: [{ key: "k", a: "longer" }] }), ["l[0].a"]);
  assert.deepEqual(fields({ l: [{ key: "new", a: "long" }] }), ["l[0].a"]);
});

test("pruning keeps what the schema has, and all of what it leaves open", () => {
  const schema = object({
    a: object({ x: int }),
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    l: { type: "array", items: object({ x: int }) },
  });
  const dropped: string[] = [];
  const value = JSON.parse('{"a":{"x":1,"y":2},"free":{"z":{}},"l":[{"y":1}],"__proto__":{"q":1},"kind":"K"}');
  assert.deepEqual(prune(value, schema, dropped, true), { a: { x: 1 }, free: { z: {} }, l: [{}], kind: "K" });
  assert.deepEqual(dropped, ["a.y", "l[0].y", "__proto__"]);
});

test("defaults fill in what is absent, or null where null is not allowed", () => {
  const schema = object({
    a: { ...int, default: 1 },
    b: { ...int, default: 2, nullable: true },
    c: int,
    o: object({ x: { ...int, default: 3 } }, { default: {} }),
  });
  const value = { a: null, b: null, c: null };
  dropNulls(value, schema);
  fillDefaults(value, schema);
  assert.deepEqual(value, { a: 1, b: null, o: { x: 3 } });
});

test("doubles in sets and maps are named once, at their second place", () => {
  const set: JsonSchema = { type: "array", items: text, "x-kubernetes-list-type": "set" };
  const found = [...duplicateItems({ s: ["a", "b", "a", "a"] }, object({ s: set }), new FieldPath(""))];
  assert.deepEqual(
    found.map(({ field, body }) => `${field}: ${body}`),
    ['s[2]: Duplicate value: "a"'],
  );
});

test("formats", () => {
  const sound: [string, string][] = [
    ["mac", "00:00:5e:00:53:01"],
    ["duration", "1h30m"],
    ["cidr", "10.0.0.0/8"],
    ["byte", "YQ=="],
    ["isbn", "978-3-16-148410-0"],
    ["unheard-of", "!"],
  ];
  for (const [format, value] of sound) assert.ok(hasFormat(value, format), `${format} ${value}`);
  const wrong: [string, string][] = [
    ["ipv4", "::1"],
    ["date", "2023-02-29"],
    ["date-time", "2020-01-01"],
    ["uuid", "x"],
    ["creditcard", "4111111111111112"],
    ["email", "a@"],
  ];
  for (const [format, value] of wrong) assert.ok(!hasFormat(value, format), `${format} ${value}`);
});

test("paths to fields", () => {
  const schema = object({ a: { type: "object", additionalProperties: object({ b: text }) } });
  const path = (at: string) => findField(at, schema, { lists: true });
  assert.equal((path(".a['x.y'].b") as { text: string }).text, "a[x.y].b");
  assert.deepEqual(path(".a.x.c"), { error: "does not refer to a valid field" });
  assert.deepEqual(findField(".a['x']", schema, { lists: false }), { error: "array notation is not allowed" });
});

test("structural schemas", () => {
  const at = new FieldPath("s");
  const fields = (schema: JsonSchema) => structuralErrors(schema, at).map(({ field }) => field);
  assert.deepEqual(fields(object({ a: {} })), ["s.properties[a].type"]);
  assert.deepEqual(fields(object({ a: { ...text, pattern: "(" } })), ["s.properties[a].pattern"]);
  assert.deepEqual(fields(object({}, { anyOf: [{ properties: { b: {} } }] })), ["s.properties[b]"]);
  assert.deepEqual(fields(object({ a: { ...int, allOf: [{ type: "integer" }] } })), ["s.properties[a].allOf[0].type"]);
});

test("rules: transitions run on changes only, and unchanged errors are forgiven", () => {
  const spec = object(
    { n: int, s: text },
    { "x-kubernetes-validations": [{ rule: "self.n >= oldSelf.n", message: "shrinks" }] },
  );
  const n: JsonSchema = { ...int, "x-kubernetes-validations": [{ rule: "self < 5", message: "big" }] };
  const checker = ruleChecker(object({ spec: { ...spec, properties: { n, s: text } } }));
  const at = (value: object, old?: object) =>
    checker
      .check({ spec: value } as never, old && ({ spec: old } as never), () => 0)
      .map(({ field, body }) => `${field}: ${body}`);
  assert.deepEqual(at({ n: 1 }), []);
  assert.deepEqual(at({ n: 1 }, { n: 2 }), ["spec: Invalid value: shrinks"]);
  assert.deepEqual(at({ n: 9 }), ["spec.n: Invalid value: 9: big"]);
  assert.deepEqual(at({ n: 9, s: "x" }, { n: 9 }), []);
});

test("rules: an expression that never ends is cut off", () => {
  const rule = "self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d >= 0))))";
  const list: JsonSchema = { type: "array", items: int, "x-kubernetes-validations": [{ rule }] };
  const checker = ruleChecker(object({ l: list }));
  const [error] = checker.check({ l: Array.from({ length: 1_000 }, (_, n) => n) } as never, undefined, () => 0);
  assert.match(error!.body, /no further validation rules will be run/);
});
