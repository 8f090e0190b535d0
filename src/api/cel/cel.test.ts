import assert from "node:assert/strict";
import { test } from "node:test";
import type { Schema } from "../machinery/schema.ts";
import { compile, newBudget } from "./cel.ts";
import { schemaType } from "./schema_type.ts";
import { toJson } from "./to_json.ts";
import { dynType, optionalOf } from "./types.ts";

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer" };
const schema = {
  type: "object",
  properties: {
    n: whole,
    s: text,
    "a-b": whole,
    namespace: text,
    port: { "x-kubernetes-int-or-string": true },
    when: { type: "string", format: "date-time" },
    span: { type: "string", format: "duration" },
    raw: { type: "string", format: "byte" },
    list: { type: "array", items: text },
    set: { type: "array", items: text, "x-kubernetes-list-type": "set" },
    map: { type: "object", additionalProperties: whole },
    entries: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
      items: { type: "object", properties: { k: text, v: whole } },
    },
    inner: { type: "object", properties: { x: whole } },
  },
} as Schema;
const self = schemaType(schema)!;
const environment = { variables: { self, oldSelf: optionalOf(self), object: dynType } };

/** What an expression comes to: its value as JSON, or the message. */
function run(expression: string, value: object = {}): unknown {
  const compiled = compile(expression, environment);
  if (!compiled.ok) return compiled.message;
  const result = compiled.program.evaluate({ self: value, object: value }, newBudget());
  return result.ok ? toJson(result.value) : `${result.kind}: ${result.message}`;
}

/** Expressions with the values that they are about and what they come to. */
function check(what: string, cases: readonly (readonly [expression: string, wanted: unknown, value?: object])[]): void {
  test(what, () => {
    for (const [expression, wanted, value] of cases) assert.deepEqual(run(expression, value), wanted, expression);
  });
}

check("operators", [
  ["1 + 2 * 3 - 4 / 2 % 3", 5],
  ["-7 / 2 == -3 && -7 % 2 == -1", true],
  ["9223372036854775807 + 1", "error: integer overflow"],
  ["1 / 0 == 1", "error: division by zero"],
  ["1 % 0 == 1", "error: modulus by zero"],
  ["1 / 0 == 1 || true", true],
  ["false && 1 / 0 == 1", false],
  ["1u + 2u == 3u && 0x10 == 16 && 1e3 == 1000.0", true],
  ["1 < 1.5 && 2u > 1 && 1.0 <= 1", true],
  ["'b' > 'a' && b'ab' < b'b' && true > false", true],
  ["[1, 2] + [3] == [1, 2, 3] && {'a': 1} == {'a': 1}", true],
  ["2 in [1, 2] && 'k' in {'k': 1} && !(3 in [1, 2])", true],
  ["[1, 2][2]", "error: index out of bounds: 2"],
  ["{'a': 1}['b']", "error: no such key: b"],
  ["true ? 'yes' : 'no'", "yes"],
  ["'a\\n\\u00e9' + r'\\n' + '''b'''", "a\né\\nb"],
  ["size('é😀') == 2 && 'abc'.size() == 3 && size(b'é') == 2", true],
]);

check("macros", [
  ["[1, 2, 3].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2, 1].exists_one(x, x == 2)", true],
  ["[0, 1].exists(x, 1 / x == 1)", true],
  ["[0, 2].exists(x, 1 / x == 1)", "error: division by zero"],
  ["[1, 2, 3].filter(x, x > 1).map(x, x * 2)", [4, 6]],
  ["[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]],
  ["{'a': 1, 'b': 2}.all(k, k < 'c')", true],
  ["[[1, 2], [3]].map(l, l.map(x, x + 1))", [[2, 3], [4]]],
  ["['a', 'b'].all(i, v, i < 2 && v != '')", true],
  ["['a', 'b'].transformList(i, v, string(i) + v)", ["0a", "1b"]],
  ["{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2)", { b: 4 }],
  ["{'a': 1}.transformMapEntry(k, v, {v: k})", { 1: "a" }],
  ["has({'a': 1}.a) && !has({'a': 1}.b)", true],
]);

check("schemas", [
  ["self.n", "error: no such key: n"],
  ["self.a__dash__b + 1", 2, { "a-b": 1 }],
  ["self.__namespace__", "x", { namespace: "x" }],
  ["type(self.port) == int ? self.port > 1 : self.port == 'x'", true, { port: 5 }],
  ["type(self.port) == int ? self.port > 1 : self.port == 'x'", true, { port: "x" }],
  [
    "self.when.getFullYear() == 2020 && self.when < timestamp('2021-01-01T00:00:00Z')",
    true,
    { when: "2020-02-03T04:05:06Z" },
  ],
  ["self.span > duration('1h') && self.span.getMinutes() == 90", true, { span: "1h30m" }],
  ["self.raw == b'abc'", true, { raw: "YWJj" }],
  ["self.set == ['b', 'a'] && self.list != ['b', 'a']", true, { set: ["a", "b"], list: ["a", "b"] }],
  ["self.set + ['b', 'c']", ["a", "b", "c"], { set: ["a", "b"] }],
  ["self.entries + self.entries == self.entries", true, { entries: [{ k: "a", v: 1 }] }],
  ["has(self.inner) && !has(self.inner.x)", true, { inner: {} }],
  ["self.map.all(k, self.map[k] > 0)", true, { map: { a: 1 } }],
  ["oldSelf.hasValue()", false],
  ["self.?inner.?x.orValue(7)", 7],
  ["self.?inner.x.hasValue()", true, { inner: { x: 1 } }],
  ["object.a.b[0].c", 3, { a: { b: [{ c: 3 }] } }],
  ["object.__proto__ == null", "error: no such key: __proto__"],
  ["'constructor' in object || has(object.toString)", false],
  ["object.a > 'x'", "error: no such overload", { a: 1 }],
]);

check("libraries", [
  ["'a-b-c'.split('-', 2)", ["a", "b-c"]],
  ["'hello'.replace('l', 'L', 1) + ' x '.trim() + 'Ab'.lowerAscii() + 'Ab'.upperAscii()", "heLloxabAB"],
  ["'tacocat'.indexOf('c') == 2 && 'tacocat'.lastIndexOf('c') == 4 && 'abc'.substring(1, 2) == 'b'", true],
  ["'abc'.charAt(3) + ['a', 'b'].join('-')", "a-b"],
  ["'%s %d %.1f %x %b %%'.format([dyn('a'), 1, 2.25, 255, true])", "a 1 2.3 ff 1 %"],
  ["'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1', '22']", true],
  ["'a'.matches('^[a-z]+$')", true],
  ["[3, 1, 2].min() == 1 && [3, 1].max() == 3 && [1, 2].sum() == 3 && [1, 2].isSorted()", true],
  ["[1, 2, 1].lastIndexOf(1)", 2],
  ["sets.contains([1, 2], [2]) && sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])", true],
  ["quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('2').add(1).asInteger() == 3", true],
  ["isQuantity('x') || isIP('1.2.3') || isCIDR('1.2.3.4') || isSemver('1.0') || isURL('x')", false],
  ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && ip('::1').family() == 6 && ip('127.0.0.1').isLoopback()", true],
  ["string(cidr('10.1.2.3/8').masked())", "10.0.0.0/8"],
  ["url('https://a.b:80/c%20d?e=f').getEscapedPath()", "/c%20d"],
  ["url('https://a.b:80/c?e=f&e=g').getQuery()['e']", ["f", "g"]],
  ["semver('1.0.0-alpha').isLessThan(semver('v1.0', true))", true],
  ["format.dns1123Label().validate('ok').hasValue()", false],
  ["format.named('no').hasValue()", false],
  ["jsonpatch.escapeKey('a/b~c')", "a~1b~0c"],
  ["string(timestamp('2020-01-01T00:00:00Z') + duration('1.5s'))", "2020-01-01T00:00:01.500Z".replace("500", "5")],
  ["optional.of(1).optMap(x, x + 1).orValue(0) + optional.none().orValue(1)", 3],
  ["int('12') + int(2.9) + int(timestamp('1970-01-01T00:00:05Z'))", 19],
]);

/** `ERROR: <input>:1:COLUMN: message`, with the pointer below. */
function mistake(expression: string, column: number, message: string): [string, string] {
  const at = [...expression].slice(0, column - 1).map((letter) => (letter > "\u007f" ? "．" : "."));
  return [expression, `ERROR: <input>:1:${column}: ${message}\n | ${expression}\n | ${at.join("")}^`];
}

const operand =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

check("mistakes", [
  mistake("self.n +", 9, `Syntax error: mismatched input '<EOF>' expecting ${operand}`),
  mistake("1 2", 3, "Syntax error: extraneous input '2' expecting <EOF>"),
  mistake("'é' + nope", 7, "undeclared reference to 'nope' (in container '')"),
  mistake("self.x", 5, "undefined field 'x'"),
  mistake("self.n > 'a'", 8, "found no matching overload for '_>_' applied to '(int, string)'"),
  mistake("self.n.startsWith('a')", 18, "found no matching overload for 'startsWith' applied to 'int.(string)'"),
  mistake("self.n.x", 7, "type 'int' does not support field selection"),
  mistake("[1, 'a']", 5, "expected type 'int' but found 'string'"),
  mistake(
    "self.n.all(x, true)",
    5,
    "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
  ),
  mistake("self.list.all(1, true)", 15, "argument must be a simple name"),
  mistake("has(self)", 5, "invalid argument to has() macro"),
  mistake("'a'.matches('(')", 13, "invalid matches argument"),
  mistake("duration('1')", 10, "invalid duration argument"),
  mistake("namespace", 1, "reserved identifier: namespace"),
  mistake("Object{a: 1}", 7, "undeclared reference to 'Object' (in container '')"),
]);

test("a second line of an expression, and several mistakes", () => {
  const message = run("self.x ||\n  nope");
  assert.match(String(message), /<input>:1:5: undefined field 'x'[\s\S]*<input>:2:3: undeclared reference to 'nope'/);
});

test("what an expression may cost is bounded, and nothing blows up", () => {
  const many = { list: Array.from({ length: 1000 }, (_, at) => `item ${at}`) };
  const nested = "self.list.all(a, self.list.all(b, self.list.all(c, a + b + c != '')))";
  assert.equal(run(nested, many), "cost: operation cancelled: actual cost limit exceeded");
  const big = { s: "x".repeat(1_000_000), list: Array.from({ length: 1_000_000 }, () => "x") };
  assert.equal(
    run("self.s.replace('', self.s).size() > 0", big),
    "cost: operation cancelled: actual cost limit exceeded",
  );
  assert.equal(run("self.list.join(self.s).size() > 0", big), "cost: operation cancelled: actual cost limit exceeded");
  const doubled = Array.from({ length: 40 }, () => "self.list").join(" + ");
  assert.equal(run(`size(${doubled}) > 0`, big), "cost: operation cancelled: actual cost limit exceeded");
  assert.equal(run("self.s.matches('^(x+x+)+y$')", { s: "x".repeat(5_000) }), false);
  assert.match(String(run(`${"(".repeat(300)}1${")".repeat(300)}`)), /expression recursion limit exceeded: 250/);
  assert.match(String(run(`1${" + 1".repeat(30_000)} > 0`)), /^(true|ERROR|error)/);
  assert.match(
    String(run("x".repeat(100_001))),
    /expression code point size exceeds limit: size: 100001, limit 100000/,
  );
});

test("a large expression is read in time in proportion to its size", () => {
  assert.equal(run(`size([${"[],".repeat(33_000)}[]])`), 33_001);
  const doubling = Array.from({ length: 40 }, (_, at) => `.map(x${at}, {x${at}: x${at}})`).join("");
  assert.match(String(run(`[1]${doubling} == []`)), /type has more than 1000 parts/);
  assert.match(String(run(`[${"x,".repeat(30_000)}x]`)), /29901 more errors were truncated$/);
});

test("a value that shares its parts may be huge, but nobody writes it out", () => {
  const steps = Array.from({ length: 30 }, (_, at) => `.map(x${at}, [x${at}, x${at}])`).join("");
  const huge = `[1]${steps}`;
  const refused = /^cost: operation cancelled: actual cost limit exceeded$/;
  for (const expression of [
    `${huge} == ${huge}`,
    `${huge.replace("[1]", "[[]]")}.indexOf([]) < 0`,
    `${huge}.indexOf([]) < 0`,
    `sets.contains(${huge}, ${huge})`,
    `'%s'.format([${huge}]) == ''`,
  ]) {
    assert.match(String(run(expression)), refused, expression.slice(0, 20));
  }
  assert.throws(() => run(huge), /cost limit exceeded/);
});

test("time ends an expression too", () => {
  const compiled = compile("self.list.all(a, self.list.all(b, a != b || a == b))", environment);
  assert.ok(compiled.ok);
  let now = 0;
  const budget = { remaining: 1e9, perCall: 1e9, now: () => now++, deadline: 3 };
  const list = Array.from({ length: 1000 }, (_, at) => String(at));
  const result = compiled.program.evaluate({ self: { list } }, budget);
  assert.deepEqual(result, { ok: false, kind: "time", message: "operation interrupted" });
});

test("expressions over one object share a budget", () => {
  const compiled = compile("self.list.all(a, a != '')", environment);
  assert.ok(compiled.ok);
  const budget = newBudget(10);
  const variables = { self: { list: ["a", "b"] } };
  assert.equal(compiled.program.evaluate(variables, budget).ok, false);
  assert.ok(budget.remaining < 0);
});

test("costs are estimated by the limits of the schema", () => {
  const estimate = (expression: string, of: Schema) => {
    const compiled = compile(expression, { variables: { self: schemaType(of)! } });
    assert.ok(compiled.ok);
    return compiled.program.estimate();
  };
  const short = { type: "string", maxLength: 10 } as Schema;
  assert.deepEqual(estimate("self.a <= self.b", { type: "object", properties: { a: whole, b: whole } }), {
    min: 5,
    max: 5,
  });
  assert.deepEqual(estimate("self.contains('x')", short), { min: 1, max: 5 });
  assert.deepEqual(estimate("self.matches('^[a-z]+$')", short), { min: 3, max: 11 });
  const list = { type: "array", items: short, maxItems: 5 } as Schema;
  assert.deepEqual(estimate("self.all(x, x.startsWith('a'))", list), { min: 2, max: 27 });
  assert.ok(estimate("self.all(x, self.all(y, x != y))", { type: "array", items: text }).max > 1e12);
});
