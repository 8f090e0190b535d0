// Rules of what belongs to the cluster and its administrators: nodes, quotas, endpoints. A row each.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checksOf } from "../../../test/declarations.ts";
import { endpoints } from "./endpoints.ts";
import { finalizerErrors } from "./namespace.ts";
import { nodes } from "./node.ts";
import { resourceQuotas } from "./resourcequota.ts";

const node = checksOf(nodes);
node.check(
  "has amounts that can be",
  { status: { capacity: { pods: "1500m", cpu: "-1" }, allocatable: { "a.b/gpu": "500m" } } },
  'status.capacity.pods: Invalid value: "1500m": must be an integer',
  'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
  'status.allocatable.a.b/gpu: Invalid value: "500m": must be an integer',
);
node.check(
  "has taints with a key, a value and an effect",
  { spec: { taints: [{ key: "a", value: "-", effect: "" }] } },
  "metadata.taints[0].value: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  "metadata.taints[0].effect: Required value",
);
node.check(
  "knows the effects of taints",
  { spec: { taints: [{ key: "a", effect: "x" }] } },
  'metadata.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
);
node.check(
  "has ranges that can be read",
  { spec: { podCIDRs: ["10.0.0.0/24", "x"] } },
  'spec.podCIDRs[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  "spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x)",
  'spec.podCIDRs: Invalid value: ["10.0.0.0/24","x"]: may specify no more than one CIDR for each IP family',
);
node.check(
  "can do what it says in order, each once",
  { status: { declaredFeatures: ["B", "A", "A", "a"] } },
  'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
  'status.declaredFeatures[2]: Duplicate value: "A"',
  'status.declaredFeatures[3]: Invalid value: "a": invalid feature name "a": must start with an UpperCamelCase segment, with subsequent segments separated by \'/\' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes',
);
const avoiding = (text: string) => ({
  metadata: { annotations: { "scheduler.alpha.kubernetes.io/preferAvoidPods": text } },
});
node.check(
  "avoids pods of controllers",
  avoiding('{"preferAvoidPods":[{"podSignature":{}}]}'),
  "metadata.annotations.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature: Required value",
);
node.check("avoids nothing", avoiding('{"preferAvoidPods":5}'));
const tainted = (text: string) => ({ metadata: { annotations: { "scheduler.alpha.kubernetes.io/taints": text } } });
node.check(
  "has old taints by the same rules",
  tainted('[{"key":"a"},null]'),
  "metadata.annotations.scheduler.alpha.kubernetes.io/taints[0].effect: Required value",
  'metadata.annotations.scheduler.alpha.kubernetes.io/taints[1].key: Invalid value: "": name part must be non-empty',
  `metadata.annotations.scheduler.alpha.kubernetes.io/taints[1].key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
  "metadata.annotations.scheduler.alpha.kubernetes.io/taints[1].effect: Required value",
);
node.check(
  "has a list of old taints",
  tainted("{}"),
  'metadata.annotations: Invalid value: "scheduler.alpha.kubernetes.io/taints": json: cannot unmarshal object into Go value of type []core.Taint',
);
node.check(
  "swaps onto something",
  { status: { nodeInfo: { swap: { capacity: 0 } } } },
  "metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero",
);
node.checkMade("takes no configuration", { spec: { configSource: { configMap: {} } } }, ({ spec }) => spec, {});
node.checkUpdate(
  "keeps all ranges that it has",
  { spec: { podCIDRs: ["10.0.0.0/24", "fd00::/64"] } },
  { spec: { podCIDRs: ["10.0.1.0/24", "fd01::/64"] } },
  'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
);
node.checkUpdate(
  "keeps its name elsewhere",
  { spec: { externalID: "a" } },
  { spec: { externalID: "b" } },
  "spec.externalID: Forbidden: may not be updated",
);
node.checkStatus(
  "has an address once",
  {},
  {},
  { addresses: [1, 2].map(() => ({ type: "InternalIP", address: "10.0.0.1" })), capacity: { cpu: "-1" } },
  'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
  'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
);

test("namespaces: a finalizer has a place and a name", () => {
  const errors = finalizerErrors({ spec: { finalizers: ["kubernetes", "x", "a.b/c"] } } as any);
  assert.deepEqual(
    errors.map(({ field, body }) => `${field}: ${body}`),
    ['spec.finalizers[1]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified'],
  );
});

const quota = checksOf(resourceQuotas);
const limited = (hard: object, more: object = {}) => ({ spec: { hard, ...more } });
const selected = (...matchExpressions: object[]) => ({ scopeSelector: { matchExpressions } });
const selectorPath = "spec.scopeSelector.matchExpressions";
quota.check(
  "counts anything by name",
  limited({ "count/jobs.batch": "1", "requests.a.b/gpu": "2" }, { scopes: ["Terminating"] }),
);
quota.check(
  "knows what it limits",
  limited({ storage: "1", "hugepages-2Mi": "1", "requests.hugepages-2Mi": "1" }),
  'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
);
quota.check(
  "counts whole things",
  limited({ pods: "500m", "count/pods": "1500m", cpu: "-1" }),
  'spec.hard[pods]: Invalid value: "500m": must be an integer',
  'spec.hard[count/pods]: Invalid value: "1500m": must be an integer',
  'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
);
quota.check(
  "limits what its scope is of, each on its own",
  limited({ services: "1", "requests.storage": "1" }, { scopes: ["NotTerminating"] }),
  'spec.scopes: Invalid value: ["NotTerminating"]: unsupported scope applied to resource',
  'spec.scopes: Invalid value: ["NotTerminating"]: unsupported scope applied to resource',
);
quota.check(
  "of claims with attributes limits claims",
  limited(
    { pods: "1", persistentvolumeclaims: "1" },
    selected({ scopeName: "VolumeAttributesClass", operator: "Exists" }),
  ),
  `${selectorPath}: Invalid value: {"MatchExpressions":[{"ScopeName":"VolumeAttributesClass","Operator":"Exists","Values":null}]}: unsupported scope applied to resource`,
);
quota.check(
  "selects by what can be",
  limited({}, selected({ scopeName: "X", operator: "Maybe", values: ["a"] })),
  `${selectorPath}.scopeName: Invalid value: "X": unsupported scope`,
  `${selectorPath}.operator: Invalid value: "Maybe": not a valid selector operator`,
);
quota.check(
  "selects by values where there are some",
  limited(
    {},
    selected(
      { scopeName: "PriorityClass", operator: "In" },
      { scopeName: "PriorityClass", operator: "Exists", values: ["a"] },
    ),
  ),
  `${selectorPath}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
  `${selectorPath}.values: Invalid value: ["a"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
);
quota.check(
  "selects nothing and its contrary",
  limited(
    {},
    selected({ scopeName: "BestEffort", operator: "Exists" }, { scopeName: "NotBestEffort", operator: "Exists" }),
  ),
  `${selectorPath}: Invalid value: null: conflicting scopes`,
);
quota.checkUpdate(
  "may have its scopes in another order",
  limited({}, { scopes: ["BestEffort", "Terminating"] }),
  limited({}, { scopes: ["Terminating", "BestEffort"] }),
);
quota.checkUpdate(
  "keeps its scopes",
  limited({}, { scopes: ["BestEffort"] }),
  limited({}),
  "spec.scopes: Invalid value: null: field is immutable",
);
quota.checkStatus(
  "uses what can be limited",
  {},
  {},
  { hard: { x: "1" }, used: { pods: "-1" } },
  'status.hard[x]: Invalid value: "x": must be a standard resource type or fully qualified',
  'status.hard[x]: Invalid value: "x": must be a standard resource for quota',
  'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
);

const points = checksOf(endpoints);
const at = (address: object) => ({ subsets: [{ addresses: [address] }] });
const addressPath = "subsets[0].addresses[0]";
for (const [ip, ...why] of [
  ["010.0.0.1", "must not have leading 0s"],
  ["::ffff:10.0.0.1", "must not be an IPv4-mapped IPv6 address"],
  [
    "::ffff:127.0.0.1",
    "must not be an IPv4-mapped IPv6 address",
    "may not be in the loopback range (127.0.0.0/8, ::1/128)",
  ],
  ["0.0.0.0", "may not be unspecified (0.0.0.0)"],
  ["::", "may not be unspecified (::)"],
  ["0:0::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
  ["169.254.1.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
  ["febf::1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
  ["224.0.0.9", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
  ["ff02::1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
  ["224.0.1.9"],
  ["fec0::1"],
] as const) {
  const wanted = why.map((each) => `${addressPath}.ip: Invalid value: "${ip}": ${each}`);
  points.check(`have addresses of others, like ${ip}`, at({ ip }), ...wanted);
}
