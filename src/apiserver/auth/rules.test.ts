import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRules } from "../bootstrap/parse_rules.ts";
import { missingRights, ruleAllows, showRule } from "./rules.ts";

const user = { username: "u", groups: [] };

/** Whether rules (as in bootstrap/) allow `verb group/plural[/subresource] [name]` or `verb path`. */
function check(rules: string, question: string, allowed: boolean): void {
  test(`${rules} | ${question} | ${allowed}`, () => {
    const [verb = "", what = "", name] = question.split(" ");
    const [group = "", plural = "", subresource] = what.split("/");
    const attributes = what.startsWith("/")
      ? { user, verb, path: what }
      : { user, verb, resource: { group: group === "core" ? "" : group, version: "v1", plural, subresource, name } };
    assert.equal(
      parseRules(rules).some((rule) => ruleAllows(rule, attributes)),
      allowed,
    );
  });
}

check("get core: pods", "get core/pods x", true);
check("get core: pods", "list core/pods", false);
check("get core: pods", "get apps/pods x", false);
check("get core: pods", "get core/pods/log x", false);
check("get core: pods/log", "get core/pods/log x", true);
check("get core: pods/*", "get core/pods/log x", false);
check("get core: */log", "get core/pods/log x", true);
check("get core: */scale", "get core/pods/log x", false);
check("get core: *", "get core/pods/log x", true);
check("* *: *", "delete apps/deployments x", true);
check("* *: *", "get /metrics", false);
check("get core: pods = a b", "get core/pods b", true);
check("get core: pods = a b", "get core/pods c", false);
check("get core: pods = a b", "list core/pods", false);
check("get url: /healthz", "get /healthz", true);
check("get url: /healthz", "get /healthz/etcd", false);
check("get url: /healthz/*", "get /healthz/etcd", true);
check("get url: /apis*", "get /apis/apps", true);
check("get url: *", "get /anything", true);
check("get url: *", "post /anything", false);

/** What `wanted` gives beyond `owned`, as messages show it. */
function checkMissing(owned: string, wanted: string, ...missing: string[]): void {
  test(`${owned} | wants ${wanted}`, () => {
    assert.deepEqual(missingRights(parseRules(owned), parseRules(wanted)).map(showRule), missing);
  });
}

checkMissing("get,list core: pods", "get core: pods");
checkMissing("get core: pods", "get,list core: pods", '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}');
checkMissing("get core: pods = a", "get core: pods", '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}');
checkMissing("get core: pods", "get core: pods = a");
checkMissing(
  "get core: pods = a",
  "get core: pods = a b",
  '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}',
);
checkMissing("get core: */scale", "get core: pods/scale");
checkMissing("get core: pods", "get core: pods/log", '{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}');
checkMissing("get url: /a/*", "get url: /a/b");
checkMissing("get url: /a", "get url: /a/*", '{NonResourceURLs:["/a/*"], Verbs:["get"]}');
checkMissing("get core: *", "* *: *", '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}');

test("a rule whose lists multiply without end is refused at once", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `r${index}`);
  const rule = { verbs: many, apiGroups: many, resources: many };
  assert.throws(() => missingRights([], [rule]), /more than 100000 single rights/);
});
