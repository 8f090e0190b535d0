import assert from "node:assert/strict";
import { test } from "node:test";
import { compactRules, type Rule, ruleCells, uncovered } from "./rbac_rules.ts";

/** `get,list pods.apps/x` or `get /path`; names after `=`. */
function parse(text: string): Rule[] {
  return text.split(" | ").map((rule) => {
    const [verbs = "", what = ""] = rule.split(" ");
    if (what.startsWith("/")) return { verbs: verbs.split(","), nonResourceURLs: what.split(",") };
    const [things = "", names] = what.split("=");
    const [resources = "", group = ""] = things.split("@");
    return {
      verbs: verbs.split(","),
      apiGroups: [group],
      resources: resources.split(","),
      ...(names && { resourceNames: names.split(",") }),
    };
  });
}

function checkCompact(name: string, rules: string, wanted: string[]): void {
  test(name, () =>
    assert.deepEqual(
      compactRules(parse(rules)).map((rule) => ruleCells(rule).join(" ").trim()),
      wanted,
    ),
  );
}

checkCompact("each resource has a row", "get,list pods,services", [
  "pods [] [] [get list]",
  "services [] [] [get list]",
]);
checkCompact("verbs on the same thing are gathered", "get pods | list pods", ["pods [] [] [get list]"]);
checkCompact("each name has a row", "get pods=b,a", ["pods [] [a] [get]", "pods [] [b] [get]"]);
checkCompact(
  "paths come after resources with the same verb",
  "get /b,/a | get pods",
  ["[/a] [] [get]", "[/b] [] [get]", "pods [] [] [get]"].sort((a, b) =>
    a.startsWith("pods") ? 1 : b.startsWith("pods") ? -1 : 0,
  ),
);
checkCompact("subresources stand after the group", "get deployments/scale@apps", [
  "deployments.apps/scale [] [] [get]",
]);

function checkUncovered(name: string, owned: string, wanted: string, missing: number): void {
  test(name, () => assert.equal(uncovered(parse(owned), parse(wanted)).length, missing));
}

checkUncovered("the same", "get pods", "get pods", 0);
checkUncovered("a verb more", "get pods", "get,list pods", 1);
checkUncovered("all verbs", "* pods", "get,list pods", 0);
checkUncovered("one name is not all", "get pods=a", "get pods", 1);
checkUncovered("all names are each", "get pods", "get pods=a,b", 0);
checkUncovered("another group", "get pods@apps", "get pods", 1);
checkUncovered("a resource is not its subresource", "get pods", "get pods/log", 1);
checkUncovered("any resource's subresource", "get */log", "get pods/log", 0);
checkUncovered("a path's beginning", "get /logs/*", "get /logs/a,/log", 1);
