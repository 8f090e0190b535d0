import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFieldSelector, formatFieldSelector, parseFieldSelector } from "./field_selector.ts";
import * as s from "./selector.ts";

const objects: Record<string, Record<string, string>> = {
  a: { tier: "odd", only: "" },
  b: { tier: "even" },
  c: { tier: "odd", n: "7" },
  d: {},
};

/** Checks what a selector selects of `objects`, and its canonical text. */
function check(text: string, selected: string, canonical = text): void {
  test(`labels ${text}`, () => {
    const requirements = s.parseLabelSelector(text);
    const matches = s.compileLabelSelector(requirements);
    assert.equal(
      Object.keys(objects)
        .filter((name) => matches(objects[name]))
        .join(""),
      selected,
    );
    assert.equal(s.formatLabelSelector(requirements), canonical);
  });
}

check("", "abcd");
check("tier=odd", "ac");
check(" tier == even ", "b", "tier==even");
check("tier!=odd", "bd");
check("tier", "abc");
check("!tier", "d");
check("tier in ( odd , even )", "abc", "tier in (even,odd)");
check("tier notin (odd,)", "bd", "tier notin (,odd)");
check("x in ()", "", "x in ()");
check("tier in (odd),!only", "c", "!only,tier in (odd)");
check("n>6", "c");
check("n<7", "");
check("only=", "a");
check("constructor", "");

/** Checks a refused selector's message. */
function refuse(text: string, message: string): void {
  test(`labels ${text} are refused`, () => assert.throws(() => s.parseLabelSelector(text), { message }));
}

refuse("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
refuse("tier=a b", "found 'b', expected: ',' or 'end of string'");
refuse("=x", "found '=', expected: !, identifier, or 'end of string'");
refuse("tier in even", "unable to parse requirement: found 'even' expected: '('");
refuse("tier=even,", "found '', expected: identifier after ','");
refuse(
  "n>x",
  "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
);

test("LabelSelector objects", () => {
  const selector = { matchLabels: { tier: "odd" }, matchExpressions: [{ key: "only", operator: "DoesNotExist" }] };
  assert.equal(s.formatLabelSelector(s.selectorRequirements(selector)), "!only,tier=odd");
  assert.ok(s.selects(selector, objects.c));
  assert.ok(!s.selects(selector, objects.a));
  assert.ok(s.selects({}, undefined));
  assert.ok(!s.selects(undefined, {}));
});

test("field selectors", () => {
  const requirements = parseFieldSelector("a=b\\,c,,d!=e,f==g");
  assert.equal(formatFieldSelector(requirements), "a=b\\,c,d!=e,f=g");
  const matches = compileFieldSelector<Record<string, string>>(requirements, (object, field) => object[field]);
  assert.ok(matches({ a: "b,c", f: "g" }));
  assert.ok(!matches({ a: "b,c", d: "e", f: "g" }));
  assert.throws(() => parseFieldSelector("a=b\\"), {
    message: "invalid field selector: invalid escape sequence: \\",
  });
  assert.throws(() => parseFieldSelector("metadata.name"), {
    message: "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
  });
});
