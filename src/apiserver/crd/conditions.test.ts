import assert from "node:assert/strict";
import { test } from "node:test";
import type { Definition } from "../../api/apiextensions/types.ts";
import { finalizer, planEnd, planStatus } from "./conditions.ts";

const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" };

function definition(
  name: string,
  more: Partial<Definition["spec"]["names"]> = {},
  status?: Definition["status"],
): Definition {
  const metadata = { name } as Definition["metadata"];
  const spec = { group: "example.com", scope: "Cluster", names: { ...names, ...more }, versions: [] };
  return { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata, spec, status };
}

/** What is planned for a definition among others: each condition as `Type=Status Reason`. */
function check(what: string, wanted: Definition, others: Definition[], ...expected: string[]): void {
  test(what, () => {
    const status = planStatus(wanted, [wanted, ...others], 0);
    assert.deepEqual(
      (status?.conditions ?? []).map((each) => `${each.type}=${each.status} ${each.reason}`),
      expected,
    );
  });
}

const taken = (more: Partial<typeof names>) =>
  definition("other", {}, { acceptedNames: { plural: "x", kind: "X", ...more } });
const accepted = ["NamesAccepted=True NoConflicts", "Established=True InitialNamesAccepted"];

check("free names are accepted", definition("w"), [], ...accepted);
check(
  "a plural is taken",
  definition("w"),
  [taken({ plural: "widgets" })],
  "NamesAccepted=False PluralConflict",
  "Established=False NotAccepted",
);
check(
  "a kind is taken",
  definition("w"),
  [taken({ kind: "Widget" })],
  "NamesAccepted=False KindConflict",
  "Established=False NotAccepted",
);
check(
  "another group's names are free",
  definition("w"),
  [{ ...taken({ kind: "Widget" }), spec: { ...taken({}).spec, group: "o.com" } }],
  ...accepted,
);

test("once established, a definition stays so, with the names that it had", () => {
  const first = planStatus(definition("w"), [], 0)!;
  const later = definition("w", { kind: "Gadget" }, first);
  const status = planStatus(later, [later, taken({ kind: "Gadget" })], 60_000)!;
  assert.equal(status.acceptedNames!.kind, "Widget");
  assert.deepEqual(
    status.conditions!.map((each) => each.status),
    ["False", "True"],
  );
  assert.equal(status.conditions![1]!.lastTransitionTime, "1970-01-01T00:00:00Z");
});

test("a sound status is left alone", () => {
  const status = planStatus(definition("w"), [], 0)!;
  assert.equal(planStatus(definition("w", {}, status), [], 60_000), undefined);
});

test("an end: first the objects, then the definition", () => {
  const ending = definition("w", {}, planStatus(definition("w"), [], 0)!);
  assert.deepEqual(planEnd(ending, 3), []);
  ending.metadata = { ...ending.metadata, deletionTimestamp: "1970-01-01T00:00:00Z", finalizers: [finalizer] };
  assert.deepEqual(
    planEnd(ending, 3).map((step) => step.kind),
    ["condition", "delete instances"],
  );
  assert.deepEqual(
    planEnd(ending, 0).map((step) => step.kind),
    ["release"],
  );
});
