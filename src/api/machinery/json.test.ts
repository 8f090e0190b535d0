import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson, parseJsonChecked } from "./json.ts";
import { scanJson } from "./json_scan.ts";
import { dumpYaml, parseYaml, parseYamlDocuments, scanYaml } from "./yaml.ts";

test("what is wrong, in Go's words", () => {
  const table: Record<string, string> = {
    "": "unexpected end of JSON input",
    "{": "unexpected end of JSON input",
    hello: "invalid character 'h' looking for beginning of value",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    "// x": "invalid character '/' looking for beginning of value",
    '\uFEFF{"a":1}': "invalid character 'ï' looking for beginning of value",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b"}': `invalid character '"' after object key:value pair`,
    "[1 2]": "invalid character '2' after array element",
    "1 2": "invalid character '2' after top-level value",
    tru: "unexpected end of JSON input",
    nul1: "invalid character '1' in literal null (expecting 'l')",
    "1.x": "invalid character 'x' after decimal point in numeric literal",
    '"\\x"': "invalid character 'x' in string escape code",
    '"a\n"': "invalid character '\\n' in string literal",
    "01": "invalid character '1' after top-level value",
  };
  for (const [text, message] of Object.entries(table)) assert.throws(() => parseJson(text), { message }, text);
  assert.throws(() => parseJson(new TextEncoder().encode("\uFEFF{}")), {
    message: "invalid character 'ï' looking for beginning of value",
  });
});

test("duplicate keys", () => {
  const text = '{"a":{"b":1},"l":[{"x":"\\"q\\":","x" : 2}],"a":{"c":2,"c":{"d":1},"c":{"e":2}}}';
  assert.deepEqual(parseJsonChecked(text), {
    value: { a: { b: 1, c: { d: 1, e: 2 } }, l: [{ x: 2 }] },
    duplicates: ["l[0].x", "a", "a.c", "a.c"],
  });
});

test("the slow reader reads what the native one writes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 1);
      assert.deepEqual(scanJson(text), { value: JSON.parse(text), duplicates: [] });
      assert.deepEqual(parseJsonChecked(text), { value: JSON.parse(text), duplicates: [] });
    }),
  );
});

test("YAML scalars", () => {
  const text =
    "a: yes\nb: 017\nc: 0o17\nd: 2020-01-01\ne: 12:30\nf: 1_000\ng: 1e3\nh: ~\ni: '1'\nj: +1\nk: 0x1F\nl: off\n5: x\nm: -.5";
  assert.deepEqual(parseYaml(text).value, {
    a: true,
    b: 15,
    c: 15,
    d: "2020-01-01",
    e: "12:30",
    f: 1000,
    g: 1000,
    h: null,
    i: "1",
    j: 1,
    k: 31,
    l: false,
    5: "x",
    m: -0.5,
  });
});

test("YAML documents, duplicates and mistakes", () => {
  assert.equal(parseYaml("").value, null);
  assert.deepEqual(parseYamlDocuments("a: 1\n---\nb: &x 2\nc: *x\n"), [{ a: 1 }, { b: 2, c: 2 }]);
  assert.deepEqual(scanYaml("data:\n  a: 1\n  a: 2\n"), {
    documents: [{ data: { a: 2 } }],
    duplicates: ['line 3: key "a" already set in map'],
  });
  assert.throws(() => parseYamlDocuments("a: 1\na: 2"), {
    message: 'yaml: unmarshal errors:\n  line 2: key "a" already set in map',
  });
  assert.throws(() => parseYaml("a:\n\tb: 1\n"), {
    message: "yaml: line 2: found character that cannot start any token",
  });
  assert.throws(() => parseYaml("a: *b\n"), { message: "yaml: unknown anchor 'b' referenced" });
});

test("YAML as kubectl writes it", () => {
  const value = {
    b: ["1", 1, "true", true, "", "a: b", "12:30", "2024-01-01T00:00:00Z", "x\ny\n", "1e3", "plain"],
    a: {},
    y: null,
  };
  const lines = [
    "a: {}",
    "b:",
    '- "1"',
    "- 1",
    '- "true"',
    "- true",
    '- ""',
    "- 'a: b'",
    '- "12:30"',
    '- "2024-01-01T00:00:00Z"',
    "- |",
    "  x",
    "  y",
    '- "1e3"',
    "- plain",
    '"y": null',
    "",
  ];
  assert.equal(dumpYaml(value), lines.join("\n"));
});

test("what is written is read as it was", () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("0777", "0o17", "1_0", "~", "no", "1.", ".5", "+1", "0b1", "<<", "- a", "a #b"),
  );
  fc.assert(
    fc.property(fc.array(fc.dictionary(text, text)), (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      assert.deepEqual(parseYaml(dumpYaml(plain)).value, plain);
    }),
  );
});
