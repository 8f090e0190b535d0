import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplate } from "./template.ts";

const data = {
  name: "web",
  count: 3,
  big: 1234567,
  empty: "",
  list: ["a", "b"],
  map: { x: 1, y: "two" },
  secret: "aGVsbG8=",
};

function check(template: string, wanted: string): void {
  test(template, () => assert.equal(compileTemplate(template, { allowMissing: true })(data), wanted));
}

check("{{.name}}", "web");
check("{{.nothing}}", "<no value>");
check("{{.list}} {{.map}}", "[a b] map[x:1 y:two]");
check("{{.count}} {{.big}}", "3 1.234567e+06");
check("{{range .list}}{{.}};{{end}}", "a;b;");
check("{{range $i, $x := .list}}{{$i}}{{$x}}{{end}}", "0a1b");
check("{{range .nothing}}x{{else}}none{{end}}", "none");
check("{{range $k, $v := .map}}{{$k}}={{$v}} {{end}}", "x=1 y=two ");
check('{{if eq .name "db" "web"}}yes{{else}}no{{end}}', "yes");
check("{{if .empty}}a{{else if .name}}b{{else}}c{{end}}", "b");
check("{{with .map}}{{.y}}{{end}}", "two");
check("a {{- .name -}}  b", "awebb");
check('{{printf "%-5s|%03d|%q" .name .count .name}}', 'web  |003|"web"');
check('{{index .list 1}}{{index .map "y"}}', "btwo");
check("{{.secret | base64decode}}", "hello");
check("{{len .list}} {{len .name | printf `%d`}}", "2 3");
check("{{and .name .empty}}|{{or .empty .name}}|{{not .empty}}", "|web|true");
check("{{/* nothing */}}{{$.name}}", "web");
check('{{define "t"}}<{{.}}>{{end}}{{template "t" .name}}', "<web>");
check("{{range .list}}{{if eq . `b`}}{{break}}{{end}}{{.}}{{end}}", "a");
check("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2");
check("{{(index .list 0) | html}} {{exists .map `x`}} {{lt 1 2}}", "a true true");

function refuse(template: string, wanted: RegExp): void {
  test(`${template} is refused`, () =>
    assert.throws(() => compileTemplate(template, { allowMissing: true })(data), wanted));
}

refuse("{{.name", /unclosed action/);
refuse("{{if .name}}", /unexpected EOF/);
refuse("{{nosuch .name}}", /function "nosuch" not defined/);
refuse("{{.name.first}}", /can't evaluate field first/);
refuse("{{$y}}", /undefined variable/);
