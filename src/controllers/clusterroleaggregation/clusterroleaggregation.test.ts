import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/machinery/object.ts";
import { worldView } from "../../client/mod.ts";
import { planAggregation } from "./clusterroleaggregation.ts";

/** `name label=value: verb verb`: a role with one rule for each verb. `*name` gathers roles with `into=name`. */
function role(text: string): KubeObject {
  const [head = "", verbs = ""] = text.split(":");
  const [word = "", label] = head.trim().split(" ");
  const gathers = word.startsWith("*");
  const name = gathers ? word.slice(1) : word;
  const [key, value] = (label ?? "").split("=");
  const rules = verbs
    .split(" ")
    .filter(Boolean)
    .map((verb) => ({ verbs: [verb], apiGroups: [""], resources: ["pods"] }));
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { into: name } }] };
  const metadata = { name, labels: key ? { [key]: value } : {} };
  return { metadata, rules, ...(gathers ? { aggregationRule } : {}) } as unknown as KubeObject;
}

/** The verbs that the first role of a world is planned to have; `as it is` for no change. */
function check(what: string, world: string[], wanted: string): void {
  test(what, () => {
    const roles = world.map(role);
    const [action] = planAggregation(roles[0]!, worldView({ "clusterroles.rbac.authorization.k8s.io": roles }));
    const object = action && action.do === "update" ? action.object : undefined;
    const shown = object ? object.rules.map((rule: any) => rule.verbs.join()).join(" ") : "as it is";
    assert.equal(shown, wanted);
  });
}

check(
  "gathers what is labelled, by name, each rule once",
  ["*view:", "b into=view: list get", "a into=view: get"],
  "get list",
);
check("leaves what is right", ["*view: get", "a into=view: get"], "as it is");
check("lets go what is gathered no more", ["*view: get list", "a into=view: get"], "get");
check("takes nothing from others", ["*view:", "a into=edit: get"], "as it is");
check("does not gather itself", ["*view into=view: get"], "");
check("a role without a rule for it stays as it was written", ["plain: get", "a into=plain: list"], "as it is");
