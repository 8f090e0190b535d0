import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultFlowSchemas, defaultPriorityLevels } from "../bootstrap/flow_control.ts";
import { parseRoute } from "../http/route.ts";
import { classify, compileSchemas, distinguish, type FlowSchema } from "./classify.ts";

const levels = new Set(defaultPriorityLevels.map(({ metadata }) => metadata.name));
const defaults = defaultFlowSchemas as unknown as FlowSchema[];

/** `user groups | METHOD url` → `schema distinguisher`, by the default schemas and more. */
function check(what: string, asked: string, wanted: string, more: readonly object[] = []): void {
  test(what, () => {
    const [who = "", request = ""] = asked.split(" | ");
    const [username = "", ...groups] = who.split(" ");
    const [method = "", url = ""] = request.split(" ");
    const user = { username, groups: [...groups, "system:authenticated"] };
    const route = parseRoute(method, url);
    const compiled = compileSchemas([...defaults, ...(more as FlowSchema[])], levels);
    const schema = classify(compiled, user, route)!;
    assert.equal(`${schema.name} ${distinguish(schema, user, route)}`.trim(), wanted);
  });
}

function schema(name: string, precedence: number, level: string, rule: object): object {
  return {
    metadata: { name, uid: name },
    spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence: precedence, rules: [rule] },
  };
}

const pods = "/api/v1/namespaces/n/pods";
const all = { kind: "User", user: { name: "*" } };
const onPods = (more: object) => ({
  subjects: [all],
  resourceRules: [{ verbs: ["list"], apiGroups: [""], resources: ["pods"], ...more }],
});

check("masters are exempt", `admin system:masters | GET ${pods}`, "exempt");
check("anybody's probes", "ann | GET /readyz", "probes");
check("only the probes themselves", "ann | GET /readyz/ping", "global-default ann");
check(
  "a node's lease",
  "n system:nodes | PUT /apis/coordination.k8s.io/v1/namespaces/x/leases/n",
  "system-node-high n",
);
check("a node's status", "n system:nodes | PATCH /api/v1/nodes/n/status", "system-node-high n");
check("what else nodes do", `n system:nodes | GET ${pods}`, "system-nodes n");
check(
  "controllers are told apart by namespace",
  `system:kube-controller-manager | GET ${pods}`,
  "kube-controller-manager n",
);
check("accounts of kube-system", `system:serviceaccount:kube-system:a | GET ${pods}`, "kube-system-service-accounts n");
check(
  "other accounts",
  `system:serviceaccount:x:a system:serviceaccounts | GET ${pods}`,
  "service-accounts system:serviceaccount:x:a",
);
check("the smaller precedence wins", `ann | GET ${pods}`, "mine", [
  schema("mine", 9000, "workload-low", onPods({ namespaces: ["n"] })),
]);
check("a schema without its level is not there", `ann | GET ${pods}`, "global-default ann", [
  schema("mine", 9000, "gone", onPods({ namespaces: ["n"] })),
]);
check("namespaces count", `ann | GET ${pods}`, "global-default ann", [
  schema("mine", 9000, "workload-low", onPods({ namespaces: ["m"] })),
]);
check("the whole cluster is no namespace", "ann | GET /api/v1/pods", "global-default ann", [
  schema("mine", 9000, "workload-low", onPods({ namespaces: ["*"] })),
]);
check("the whole cluster by its own field", "ann | GET /api/v1/pods", "mine", [
  schema("mine", 9000, "workload-low", onPods({ clusterScope: true })),
]);
check("a subresource is a resource of its own", `ann | GET ${pods}/p/log`, "global-default ann", [
  schema("mine", 9000, "workload-low", onPods({ verbs: ["*"], namespaces: ["*"] })),
]);
check("paths below a prefix", "ann | GET /x/y", "mine", [
  schema("mine", 9000, "workload-low", {
    subjects: [all],
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/x/*"] }],
  }),
]);
check("of two with one precedence the name decides", `ann | GET ${pods}`, "a", [
  schema("b", 9000, "workload-low", onPods({ namespaces: ["*"] })),
  schema("a", 9000, "workload-low", onPods({ namespaces: ["*"] })),
]);
