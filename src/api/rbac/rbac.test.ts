import { checksOf } from "../../../test/declarations.ts";
import { roleBindings } from "./bindings.ts";
import { clusterRoles, roles } from "./roles.ts";

const binding = (name: string, ...subjects: object[]) => ({ roleRef: { kind: "Role", name }, subjects });
const { check, checkMade, checkUpdate } = checksOf(roleBindings);
check("a name that is a place", binding(".."), "roleRef.name: Invalid value: \"..\": may not be '..'");
checkMade(
  "group of users",
  binding("r", { kind: "User", name: "u" }),
  ({ subjects }) => subjects[0].apiGroup,
  "rbac.authorization.k8s.io",
);
check(
  "group of accounts",
  binding("r", { kind: "ServiceAccount", name: "a", apiGroup: "x" }),
  'subjects[0].apiGroup: Unsupported value: "x": supported values: ""',
);
checkUpdate(
  "another role",
  binding("r"),
  binding("s"),
  'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}: cannot change roleRef',
);
checksOf(roles).check(
  "verbs",
  { rules: [{ apiGroups: [""], resources: ["pods"] }] },
  "rules[0].verbs: Required value: verbs must contain at least one value",
);
checksOf(clusterRoles).check(
  "a selector that selects nothing",
  { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: "a", operator: "x" }] }] } },
  'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "x": not a valid selector operator',
  "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
);
