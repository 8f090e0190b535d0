import assert from "node:assert/strict";
import { test } from "node:test";
import { type Amounts, evaluatorOf } from "../../../api/core/quotausage.ts";
import { charge } from "./charge.ts";

const quota = (hard: Amounts, used: Amounts, spec: object = {}): any => ({
  metadata: { name: "q" },
  spec: { hard, ...spec },
  status: { hard, used },
});

/** The usage that a write makes of one quota, or why it may not. */
function check(what: string, id: string, quotas: any[], object: any, wanted: string, previous?: any): void {
  test(`${id}: ${what}`, () => {
    const evaluator = evaluatorOf(id);
    const whole = (each: any) => each && { metadata: {}, ...each };
    const write = { evaluator, object: whole(object), previous: whole(previous), now: 0 };
    const charged = charge(quotas, write);
    const shown = "refused" in charged ? charged.refused : [...charged.used.values()].map(text).join(" ");
    assert.equal(shown, wanted);
  });
}

const text = (amounts: Amounts) =>
  Object.entries(amounts)
    .map(([name, amount]) => `${name}=${amount}`)
    .join(",");

const pod = (requests?: object, limits?: object, spec: object = {}) => ({
  spec: { containers: [{ name: "c", resources: { requests, limits } }], ...spec },
});

check("counted by number", "configmaps", [quota({ configmaps: "2" }, { configmaps: "1" })], {}, "configmaps=2");
check(
  "one too many",
  "configmaps",
  [quota({ configmaps: "1" }, { configmaps: "1" })],
  {},
  "exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1",
);
check("nobody counts it", "configmaps", [quota({ secrets: "0" }, { secrets: "0" })], {}, "");
check("not computed yet", "configmaps", [{ metadata: { name: "q" }, spec: { hard: { configmaps: "0" } } }], {}, "");
check(
  "usage unknown",
  "configmaps",
  [quota({ configmaps: "1" }, {})],
  {},
  "status unknown for quota: q, resources: configmaps",
);
const cpu = { "requests.cpu": "1", "limits.memory": "1Gi" };
check(
  "what is counted must be said",
  "pods",
  [quota(cpu, { "requests.cpu": "0", "limits.memory": "0" })],
  pod(),
  "failed quota: q: must specify limits.memory for: c; requests.cpu for: c",
);
check(
  "requests add up",
  "pods",
  [quota(cpu, { "requests.cpu": "600m", "limits.memory": "0" })],
  pod({ cpu: "400m" }, { memory: "64Mi" }),
  "requests.cpu=1,limits.memory=64Mi",
);
check(
  "extended resources",
  "pods",
  [quota({ "requests.example.com/gpu": "1" }, { "requests.example.com/gpu": "1" })],
  pod({ "example.com/gpu": "1" }),
  "exceeded quota: q, requested: requests.example.com/gpu=1, used: requests.example.com/gpu=1, limited: requests.example.com/gpu=1",
);
const bestEffort = quota({ pods: "0" }, { pods: "0" }, { scopes: ["BestEffort"] });
check("outside of the scope", "pods", [bestEffort], pod({ cpu: "1" }), "");
check(
  "within the scope",
  "pods",
  [bestEffort],
  pod(),
  "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
);
const important = quota(
  { pods: "0" },
  { pods: "0" },
  { scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }] } },
);
check("another priority", "pods", [important], pod(undefined, undefined, { priorityClassName: "low" }), "");
check(
  "that priority",
  "pods",
  [important],
  pod(undefined, undefined, { priorityClassName: "high" }),
  "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
);
check(
  "a resize takes the difference",
  "pods",
  [quota({ "requests.cpu": "3" }, { "requests.cpu": "1" })],
  pod({ cpu: "2" }),
  "requests.cpu=2",
  pod({ cpu: "1" }),
);
check(
  "what shrinks gives nothing back here",
  "pods",
  [quota({ "requests.cpu": "3" }, { "requests.cpu": "2" })],
  pod({ cpu: "1" }),
  "",
  pod({ cpu: "2" }),
);
check(
  "node ports",
  "services",
  [quota({ "services.nodeports": "1" }, { "services.nodeports": "0" })],
  { spec: { type: "NodePort", ports: [{}, {}] } },
  "exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1",
);
check(
  "storage of a class",
  "persistentvolumeclaims",
  [
    quota(
      { "requests.storage": "5Gi", "x.storageclass.storage.k8s.io/requests.storage": "1Gi" },
      { "requests.storage": "0", "x.storageclass.storage.k8s.io/requests.storage": "0" },
    ),
  ],
  { spec: { storageClassName: "x", resources: { requests: { storage: "1Gi" } } } },
  "requests.storage=1Gi,x.storageclass.storage.k8s.io/requests.storage=1Gi",
);
check(
  "alternatives of a claim: the largest",
  "resourceclaims.resource.k8s.io",
  [quota({ "gpu.deviceclass.resource.k8s.io/devices": "9" }, { "gpu.deviceclass.resource.k8s.io/devices": "0" })],
  {
    spec: {
      devices: {
        requests: [
          {
            firstAvailable: [
              { deviceClassName: "gpu", count: 2 },
              { deviceClassName: "gpu", count: 4 },
            ],
          },
          { exactly: { deviceClassName: "gpu" } },
        ],
      },
    },
  },
  "gpu.deviceclass.resource.k8s.io/devices=5",
);
