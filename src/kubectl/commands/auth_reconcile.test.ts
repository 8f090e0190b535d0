import assert from "node:assert/strict";
import { test } from "node:test";
import { planBinding, planRole } from "./auth_reconcile.ts";

const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const secrets = { apiGroups: [""], resources: ["secrets"], verbs: ["get"] };
const role = (rules: object[], labels?: object) => ({ metadata: { name: "r", ...(labels && { labels }) }, rules });

test("a role that allows more is left alone", () => {
  const { operation } = planRole(role([pods]), role([pods, secrets]), false);
  assert.equal(operation, undefined);
});

test("what a role allows too much goes when that is asked for", () => {
  const { operation, object, extra } = planRole(role([pods]), role([pods, secrets]), true);
  assert.deepEqual(
    { operation, rules: object.rules, extra: extra.length },
    { operation: "update", rules: [pods], extra: 1 },
  );
});

test("what is missing is added, labels that are there stay", () => {
  const { object } = planRole(role([secrets], { a: "new", b: "new" }), role([pods], { a: "old" }), false);
  assert.deepEqual([object.rules, object.metadata.labels], [[pods, secrets], { a: "old", b: "new" }]);
});

const ann = { kind: "User", name: "ann" };
const bob = { name: "bob", kind: "User" };
const binding = (name: string, subjects: object[]) => ({ metadata: { name: "b" }, roleRef: { name }, subjects });

test("a binding to another role is made anew", () => {
  assert.equal(planBinding(binding("x", [ann]), binding("y", [ann]), false).operation, "recreate");
});

test("subjects are added, and removed when that is asked for", () => {
  const added = planBinding(binding("x", [ann]), binding("x", [bob]), false);
  assert.deepEqual(added.object.subjects, [bob, ann]);
  const removed = planBinding(binding("x", [ann]), binding("x", [bob, ann]), true);
  assert.deepEqual([removed.object.subjects, removed.extra.length], [[ann], 1]);
});
