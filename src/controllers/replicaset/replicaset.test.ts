import assert from "node:assert/strict";
import { test } from "node:test";
import { describePlan, worldView } from "../../client/mod.ts";
import { planReplicaSet, replicaSetController } from "./replicaset.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

/** `name Running ready node=n1 label=other orphan terminating age=5` → a pod of the replica set `web`. */
function podOf(text: string): any {
  const [name = "", phase = "Pending", ...words] = text.trim().split(/\s+/);
  const value = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const time = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "rs", controller: true };
  return {
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: name,
      labels: { app: value("label") ?? "web" },
      creationTimestamp: time(Number(value("age") ?? 10)),
      annotations: { "controller.kubernetes.io/pod-deletion-cost": value("cost") ?? "0" },
      ...(words.includes("terminating") ? { deletionTimestamp: time(0) } : {}),
      ...(words.includes("orphan") ? {} : { ownerReferences: [owner] }),
    },
    spec: { nodeName: value("node") },
    status: {
      phase,
      conditions: words.includes("ready") ? [{ type: "Ready", status: "True", lastTransitionTime: time(5) }] : [],
    },
  };
}

function check(name: string, spec: object, pods: string, wanted: string, more: object = {}): void {
  test(name, () => {
    const rs: any = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web", namespace: "default", uid: "rs", generation: 1, ...more },
      spec: {
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: {} },
        ...spec,
      },
      status: {},
    };
    const world = { "replicasets.apps": [rs], pods: pods.split("|").filter(Boolean).map(podOf) };
    const view = worldView(world, { now, indexes: replicaSetController.indexes, ...more });
    assert.equal(describePlan(planReplicaSet(rs, view)), wanted);
  });
}

const none = "terminatingReplicas=0 observedGeneration=1";
check(
  "creates what is missing",
  { replicas: 2 },
  "a Running ready",
  `create pods web-* | status replicas=1 fullyLabeledReplicas=1 readyReplicas=1 availableReplicas=1 ${none}`,
);
check(
  "deletes the pending pod first",
  { replicas: 1 },
  "a Running ready node=n | b Pending node=n",
  `delete pods b | status replicas=2 fullyLabeledReplicas=2 readyReplicas=1 availableReplicas=1 ${none}`,
);
check(
  "an unassigned pod goes before an assigned one",
  { replicas: 1 },
  "a Running node=n | b Running",
  `delete pods b | status replicas=2 fullyLabeledReplicas=2 ${none}`,
);
check(
  "the lower deletion cost goes",
  { replicas: 1 },
  "a Running node=n cost=5 | b Running node=n cost=-1",
  `delete pods b | status replicas=2 fullyLabeledReplicas=2 ${none}`,
);
check(
  "crowded nodes are thinned",
  { replicas: 2 },
  "a Running node=n | b Running node=m | c Running node=m",
  `delete pods b | status replicas=3 fullyLabeledReplicas=3 ${none}`,
);
check(
  "the younger goes",
  { replicas: 1 },
  "a Running node=n age=100 | b Running node=n age=3",
  `delete pods b | status replicas=2 fullyLabeledReplicas=2 ${none}`,
);
check(
  "finished and leaving pods do not count",
  { replicas: 1 },
  "a Failed | b Succeeded | c Running terminating",
  "create pods web-* | status replicas=0 terminatingReplicas=1 observedGeneration=1",
);
check(
  "adopts matching orphans before it counts",
  { replicas: 1 },
  "a Running orphan | b Running orphan label=x",
  `patch pods a {"metadata":{"uid":"a","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"rs","controller":true,"blockOwnerDeletion":true}]}} | status replicas=0 ${none}`,
);
check(
  "lets go of what it matches no more",
  { replicas: 0 },
  "a Running label=x",
  `patch pods a {"metadata":{"uid":"a","ownerReferences":[]}} | status replicas=0 ${none}`,
);
check(
  "a set on its way out only counts",
  { replicas: 3 },
  "a Running",
  `status replicas=1 fullyLabeledReplicas=1 ${none}`,
  { deletionTimestamp: "2026-01-01T00:00:00Z" },
);
check(
  "waits for minReadySeconds",
  { replicas: 1, minReadySeconds: 400 },
  "a Running ready",
  `status replicas=1 fullyLabeledReplicas=1 readyReplicas=1 ${none} | requeueAfter 100000`,
);
check(
  "tells of creates that failed",
  { replicas: 1 },
  "",
  `create pods web-* | status replicas=0 ${none} ReplicaFailure=True(FailedCreate)`,
  { lastFailure: { action: "create pods", message: "quota" } },
);
