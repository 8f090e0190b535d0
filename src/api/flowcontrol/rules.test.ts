import { checksOf } from "../../../test/declarations.ts";
import { flowSchemas } from "./flowschema.ts";
import { priorityLevelConfigurations } from "./prioritylevelconfiguration.ts";

const all = { verbs: ["*"], nonResourceURLs: ["*"] };
const user = { kind: "User", user: { name: "u" } };
const schema = (rule: object, spec: object = {}) => ({
  spec: { priorityLevelConfiguration: { name: "l" }, rules: [{ subjects: [user], ...rule }], ...spec },
});
const schemas = checksOf(flowSchemas);
schemas.check("a schema", schema({ nonResourceRules: [all] }));
schemas.check(
  "precedence of the exempt one",
  schema({ nonResourceRules: [all] }, { matchingPrecedence: 1 }),
  "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
);
schemas.check(
  "precedence",
  schema({ nonResourceRules: [all] }, { matchingPrecedence: 10001 }),
  "spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000",
);
schemas.check(
  "no rules",
  schema({}),
  "spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty",
);
schemas.check(
  "subjects",
  schema({
    nonResourceRules: [all],
    subjects: [{ kind: "x" }, { kind: "User", group: {} }, { kind: "ServiceAccount", serviceAccount: { name: "*" } }],
  }),
  'spec.rules[0].subjects[0].kind: Unsupported value: "x": supported values: "Group", "ServiceAccount", "User"',
  "spec.rules[0].subjects[1].user: Required value: user is required when subject kind is 'User'",
  "spec.rules[0].subjects[1].group: Forbidden: group is forbidden when subject kind is not 'Group'",
  "spec.rules[0].subjects[2].serviceAccount.namespace: Required value: must specify namespace for service account",
);
schemas.check(
  "resources",
  schema({ resourceRules: [{ verbs: ["*", "get"], apiGroups: [], resources: ["*", "pods"], namespaces: ["*", "a"] }] }),
  'spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
  "spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group",
  'spec.rules[0].resourceRules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources',
  'spec.rules[0].resourceRules[0].namespaces: Invalid value: ["*","a"]: if \'*\' is present, must not specify other namespaces',
);
const url = (text: string, why: string) =>
  schemas.check(
    `url ${text}`,
    schema({ nonResourceRules: [{ verbs: ["get"], nonResourceURLs: [text] }] }),
    `spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: ${JSON.stringify(text)}: ${why}`,
  );
url("", "must not be empty");
url("a", "must start with slash");
url("/a b", "must not contain white-space");
url("//a", "must not contain double slash");
url("/a*", "wildcard can only do suffix matching");

const limited = (fields: object) => ({
  spec: { type: "Limited", limited: { limitResponse: { type: "Reject" }, ...fields } },
});
const levels = checksOf(priorityLevelConfigurations);
levels.checkMade("shares", limited({}), ({ spec }) => spec.limited.nominalConcurrencyShares, 30);
levels.check("type", { spec: {} }, 'spec.type: Unsupported value: "": supported values: "Exempt", "Limited"');
levels.check(
  "response",
  limited({ limitResponse: {} }),
  'spec.limited.limitResponse.type: Unsupported value: "": supported values: "Queue", "Reject"',
);
levels.check(
  "percents",
  limited({ lendablePercent: 101, borrowingLimitPercent: -1 }),
  "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
  "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
);
levels.checkStatus(
  "conditions",
  limited({}),
  {},
  { conditions: [{ type: "A" }, { type: "A" }] },
  'status.conditions[1].type: Duplicate value: "A"',
);
