import assert from "node:assert/strict";
import { test } from "node:test";
import { flowSchemas } from "./flowschema.ts";
import { priorityLevelConfigurations } from "./prioritylevelconfiguration.ts";

/** `field: what is wrong` for each, of an object with this name and spec. */
function check(what: string, kind: "schema" | "level", name: string, spec: object, wanted: readonly string[]): void {
  test(what, () => {
    const { validate } = kind === "schema" ? flowSchemas : priorityLevelConfigurations;
    const errors = [...(validate as any)({ metadata: { name }, spec })];
    assert.deepEqual(
      errors.map(({ field, body }) => `${field}: ${body}`),
      wanted,
    );
  });
}

const level = { name: "exempt" };
const everything = {
  subjects: [{ kind: "Group", group: { name: "system:masters" } }],
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
};
const exempt = { priorityLevelConfiguration: level, matchingPrecedence: 1, rules: [everything] };
check("the exempt schema as it must be", "schema", "exempt", exempt, []);
check(
  "and in another order of fields",
  "schema",
  "exempt",
  { rules: [everything], matchingPrecedence: 1, priorityLevelConfiguration: level },
  [],
);
check("others may be anything", "schema", "mine", { ...exempt, matchingPrecedence: 5 }, []);
check("the exempt schema changed", "schema", "exempt", { ...exempt, rules: [] }, [
  `spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"exempt"},"MatchingPrecedence":1,"DistinguisherMethod":null,"Rules":[]}: spec of 'exempt' must equal the fixed value`,
]);

const shares = { nominalConcurrencyShares: 0, lendablePercent: 0 };
check(
  "how much the exempt level lends",
  "level",
  "exempt",
  { type: "Exempt", exempt: { ...shares, lendablePercent: 50 } },
  [],
);
const limited = (queuing?: object) => ({
  type: "Limited",
  limited: {
    nominalConcurrencyShares: 5,
    limitResponse: queuing ? { type: "Queue", queuing } : { type: "Reject" },
    lendablePercent: 0,
  },
});
check("the last level as it must be", "level", "catch-all", limited(), []);
check("the last level changed", "level", "catch-all", limited({ queues: 1, handSize: 1, queueLengthLimit: 1 }), [
  `spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":5,"LimitResponse":{"Type":"Queue","Queuing":{"Queues":1,"HandSize":1,"QueueLengthLimit":1}},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of 'catch-all' must equal the fixed value`,
]);
check("no level of another name is exempt", "level", "mine", { type: "Exempt", exempt: shares }, [
  "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
]);
check(
  "queues that nobody can count",
  "level",
  "mine",
  limited({ queues: 20_000_000, handSize: 1, queueLengthLimit: -1 }),
  [
    "spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive",
    "spec.limited.limitResponse.queuing.queues: Invalid value: 20000000: must not be greater than 10000000",
  ],
);
check("hands that no hash can deal", "level", "mine", limited({ queues: 128, handSize: 10, queueLengthLimit: 1 }), [
  "spec.limited.limitResponse.queuing.handSize: Invalid value: 10: required entropy bits of deckSize 128 and handSize 10 should not be greater than 60",
]);
check(
  "a hand without end",
  "level",
  "mine",
  limited({ queues: 10_000_000, handSize: 9_999_999, queueLengthLimit: 1 }),
  [
    "spec.limited.limitResponse.queuing.handSize: Invalid value: 9999999: required entropy bits of deckSize 10000000 and handSize 9999999 should not be greater than 60",
  ],
);
