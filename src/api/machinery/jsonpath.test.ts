import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonPathError, parseJsonPath, relaxedPath } from "./jsonpath.ts";

const pod = {
  metadata: { name: "web", labels: { "app.kubernetes.io/name": "x" } },
  items: [
    { n: "a", v: 1, on: true },
    { n: "b", v: 22 },
    { n: "c", v: 3, deep: { n: "d" } },
  ],
};

function check(template: string, wanted: string): void {
  test(template, () => assert.equal(parseJsonPath(template).print(pod), wanted));
}

check("{.metadata.name}", "web");
check("{.metadata.nothing}", "");
check("name: {.metadata.name}!", "name: web!");
check("{.items[0].n} {.items[-1].n}", "a c");
check("{.items[0:2].n}", "a b");
check("{.items[::2].n}", "a c");
check("{.items[*].n}", "a b c");
check("{.items[0,2].n}", "a c");
check("{..n}", "a b c d");
check("{.items[?(@.v>2)].n}", "b c");
check('{.items[?(@.n=="b")].v}', "22");
check("{.items[?(@.on)].n}", "a");
check("{.items[?(@.on==true)].n}", "a");
check('{range .items[*]}{.n}={.v}{"\\n"}{end}', "a=1\nb=22\nc=3\n");
check("{.items[0]}", '{"n":"a","on":true,"v":1}');
check("{.metadata.labels.app\\.kubernetes\\.io/name}", "x");
check("{.metadata.labels['app\\.kubernetes\\.io/name']}", "x");
check("{.items[0]['n','v']}", "a 1");
check("{$.metadata.name}", "web");

function refuse(template: string, wanted: RegExp): void {
  test(`${template} is refused`, () => assert.throws(() => parseJsonPath(template).print(pod), wanted));
}

refuse("{.a", /unclosed action/);
refuse("{range .items[*]}{.n}", /unterminated range/);
refuse("{.items[7].n}", /array index out of bounds: index 7, length 3/);
refuse("{foo}", /unrecognized identifier foo/);

test("paths of columns may do without braces and dots", () => {
  for (const text of ["a.b", ".a.b", "{a.b}", "{.a.b}"]) assert.equal(relaxedPath(text), "{.a.b}");
  assert.throws(() => relaxedPath(""), JsonPathError);
});
