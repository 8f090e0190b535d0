import assert from "node:assert/strict";
import { test } from "node:test";
import { describePlan, worldView } from "../../client/mod.ts";
import { deploymentController, planDeployment } from "./deployment.ts";
import { nameOfNew, nextRevision, revisionAnnotation } from "./replicasets.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "c", image }] },
});

/** `v2 size=5 available=3 revision=2 desired=5` → the replica set of that image. */
function setOf(text: string, index: number): any {
  const [image = "", ...words] = text.trim().split(/\s+/);
  const value = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const replicas = Number(value("size") ?? 0);
  const counts = { replicas, availableReplicas: Number(value("available") ?? replicas), observedGeneration: 1 };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `web-${image}`,
      namespace: "default",
      uid: image,
      generation: 1,
      creationTimestamp: new Date(now - (100 - index) * 60_000).toISOString(),
      labels: { app: "web", "pod-template-hash": image },
      annotations: {
        "deployment.kubernetes.io/revision": value("revision") ?? String(index + 1),
        "deployment.kubernetes.io/desired-replicas": value("desired") ?? "10",
        "deployment.kubernetes.io/max-replicas": value("max") ?? "13",
      },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "d", controller: true }],
    },
    spec: { replicas, minReadySeconds: 0, template: template(image) },
    status: { ...counts, readyReplicas: counts.availableReplicas },
  };
}

function deploymentOf(spec: any): any {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      namespace: "default",
      uid: "d",
      generation: 1,
      annotations: { "deployment.kubernetes.io/revision": spec.shown ?? "2" },
    },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: "web" } },
      template: template("v2"),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
      ...spec,
    },
    status: {},
  };
}

/** Without the status, which has tests of its own. */
function check(name: string, spec: any, sets: string, wanted: string, pods: any[] = []): void {
  test(name, () => {
    const deployment = deploymentOf(spec);
    const world = {
      "deployments.apps": [deployment],
      "replicasets.apps": sets
        .split("|")
        .filter((each) => each.trim())
        .map(setOf),
      pods,
    };
    const view = worldView(world, { now, indexes: deploymentController.indexes });
    const plan = planDeployment(deployment, view).filter((each) => !describePlan([each]).startsWith("status"));
    assert.equal(describePlan(plan), wanted);
  });
}

const created = nameOfNew(deploymentOf({}));
check("makes the new set with room for the surge", {}, "v1 size=10", `create replicasets.apps ${created}`);
check("scales up as far as the surge goes", {}, "v1 size=10 | v2 size=0", "update replicasets.apps web-v2 replicas=3");
check(
  "scales down what availability spares",
  {},
  "v1 size=10 | v2 size=3 available=3",
  "update replicasets.apps web-v1 replicas=5",
);
check("waits for new pods", {}, "v1 size=5 | v2 size=8 available=3", "");
check(
  "takes pods that serve nobody first",
  {},
  "v1 size=10 available=4 | v2 size=3 available=0",
  "update replicasets.apps web-v1 replicas=8",
);
check(
  "recreate scales down before anything else",
  { strategy: { type: "Recreate" } },
  "v1 size=10",
  "update replicasets.apps web-v1 replicas=0",
);
check(
  "recreate makes the new set once nothing is left",
  { strategy: { type: "Recreate" } },
  "v1 size=0",
  `create replicasets.apps ${created}`,
);
const leftPod = {
  kind: "Pod",
  metadata: {
    name: "p",
    namespace: "default",
    uid: "p",
    ownerReferences: [{ kind: "ReplicaSet", name: "web-v1", uid: "v1", controller: true }],
  },
  status: { phase: "Running" },
};
check("recreate waits for the last old pod", { strategy: { type: "Recreate" } }, "v1 size=0", "", [leftPod]);
check(
  "numbers a set that is rolled back to",
  {},
  "v2 size=0 revision=1 | v1 size=10 revision=2",
  "update replicasets.apps web-v2 replicas=0",
);
check(
  "shows the revision on the deployment",
  { shown: "1" },
  "v1 size=0 | v2 size=10 revision=2",
  "update deployments.apps web replicas=10",
);
check(
  "scales the only active set",
  { replicas: 4 },
  "v1 size=0 | v2 size=10",
  "update replicasets.apps web-v2 replicas=4",
);
check(
  "scales in proportion in the middle of a rollout",
  { replicas: 20 },
  "v1 size=8 | v2 size=5 available=2",
  "update replicasets.apps web-v1 replicas=14 | update replicasets.apps web-v2 replicas=9",
);
check(
  "a paused deployment makes no new set but scales",
  { paused: true, replicas: 12 },
  "v1 size=10",
  "update replicasets.apps web-v1 replicas=12",
);

test("keeps only so much history", () => {
  const deployment = deploymentOf({ revisionHistoryLimit: 1, replicas: 2, shown: "4" });
  deployment.status = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, observedGeneration: 1 };
  const sets = ["a", "b", "c", "v2 size=2 desired=2"].map(setOf);
  const view = worldView({ "replicasets.apps": sets }, { now, indexes: deploymentController.indexes });
  assert.match(
    describePlan(planDeployment(deployment, view)),
    /^delete replicasets.apps web-a \| delete replicasets.apps web-b \| status/,
  );
});

test("a hash that is taken raises the collision count", () => {
  const deployment = deploymentOf({});
  const taken = {
    ...setOf("x", 0),
    metadata: {
      name: created,
      namespace: "default",
      uid: "x",
      ownerReferences: [{ controller: true, uid: "?", kind: "X" }],
    },
  };
  const view = worldView({ "replicasets.apps": [taken] }, { now, indexes: deploymentController.indexes });
  assert.match(describePlan(planDeployment(deployment, view)), /^status .*collisionCount=1/);
});

/** The status alone, from a rollout of 10. */
function checkStatus(name: string, sets: string, before: any, wanted: RegExp, spec: any = {}): void {
  test(name, () => {
    const deployment = { ...deploymentOf({ progressDeadlineSeconds: 600, ...spec }), status: before };
    const view = worldView(
      { "replicasets.apps": sets.split("|").map(setOf) },
      { now, indexes: deploymentController.indexes },
    );
    const status = planDeployment(deployment, view).filter((each) => describePlan([each]).startsWith("status"));
    assert.match(describePlan(status), wanted);
  });
}

const progressing = (secondsAgo: number, reason = "ReplicaSetUpdated") => ({
  updatedReplicas: 3,
  replicas: 8,
  readyReplicas: 5,
  availableReplicas: 5,
  conditions: [
    { type: "Progressing", status: "True", reason, lastUpdateTime: new Date(now - secondsAgo * 1000).toISOString() },
  ],
});
checkStatus("tells of a complete rollout", "v1 size=0 | v2 size=10", {}, /Progressing=True\(NewReplicaSetAvailable\)/);
checkStatus(
  "tells of progress",
  "v1 size=5 | v2 size=4 available=3",
  progressing(10),
  /Progressing=True\(ReplicaSetUpdated\)/,
);
checkStatus(
  "tells of the deadline",
  "v1 size=5 | v2 size=3 available=0",
  progressing(601),
  /Available=False\(MinimumReplicasUnavailable\) Progressing=False\(ProgressDeadlineExceeded\)/,
);
checkStatus("tells of a pause", "v1 size=5 | v2 size=5", progressing(10), /Progressing=Unknown\(DeploymentPaused\)/, {
  paused: true,
});

test("revisions have 64 bits", () => {
  const numbered = (...revisions: string[]) =>
    nextRevision(revisions.map((each) => ({ metadata: { annotations: { [revisionAnnotation]: each } } }) as any));
  assert.equal(numbered("2", "3546343826724305832", "x"), 3_546_343_826_724_305_833n);
  assert.equal(numbered(), 1n);
});
