import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "./simulate.ts";

const labels = { app: "web" };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 4,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "nginx" }] } },
  },
};

test("the pods of a lost node are marked, evicted after their toleration and replaced", {
  timeout: 30_000,
}, async () => {
  await using cluster = await simulate({ seed: 7, nodes: 2 });
  const { client } = cluster;
  await client.create("deployments.apps", deployment);
  await cluster.runUntilQuiet();
  const onNode = async (name: string): Promise<any[]> =>
    (await cluster.pods("app=web")).filter(({ spec }) => spec.nodeName === name);
  // Nodes of this size look alike with a pod more or less: chance spreads them.
  const spread = [(await onNode("node-1")).length, (await onNode("node-2")).length];
  assert.ok(Math.min(...spread) > 0, `pods on both nodes: ${spread}`);

  await cluster.stop("node-2");
  await cluster.run(60_000);
  const node: any = await client.get("nodes", { name: "node-2" });
  const ready = node.status.conditions.find(({ type }: any) => type === "Ready");
  assert.deepEqual(
    [ready.status, ready.reason, ready.message],
    ["Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."],
  );
  assert.deepEqual(
    node.spec.taints.map(({ key, effect }: any) => `${key}:${effect}`),
    ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"],
  );
  const [lost] = await onNode("node-2");
  assert.equal(lost.status.conditions.find(({ type }: any) => type === "Ready").status, "False");

  await cluster.run(310_000);
  // Nobody is there to end the old ones; new ones run elsewhere.
  assert.ok(
    (await onNode("node-2")).every(({ metadata }) => metadata.deletionTimestamp),
    "old pods are being deleted",
  );
  assert.equal((await onNode("node-1")).length, 4);

  await cluster.restart("node-2");
  await cluster.runUntilQuiet();
  assert.equal((await onNode("node-2")).length, 0);
  const back: any = await client.get("nodes", { name: "node-2" });
  assert.deepEqual(back.spec.taints ?? [], []);
});

test("pods of a node that was deleted are collected", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 8, nodes: 2 });
  await cluster.client.create("deployments.apps", deployment);
  await cluster.runUntilQuiet();
  await cluster.stop("node-2");
  await cluster.client.delete("nodes", { name: "node-2" });
  await cluster.runUntilQuiet();
  const pods = await cluster.pods("app=web");
  assert.deepEqual(
    pods.map(({ spec }) => spec.nodeName),
    ["node-1", "node-1", "node-1", "node-1"],
  );
});

test("deleting a deployment leaves nothing behind", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 9, nodes: 2, faults: { watchDrop: 0.05, writeFail: 0.05 } });
  await cluster.client.create("deployments.apps", deployment);
  await cluster.run(10_000);
  await cluster.client.delete("deployments.apps", { namespace: "default", name: "web" });
  await cluster.runUntilQuiet();
  assert.deepEqual(await cluster.pods("app=web"), []);
  assert.deepEqual((await cluster.client.list("replicasets.apps")).items, []);
});

test("a pod that finds no node says why, and goes when there is one", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 10, nodes: 1 });
  const spec = { containers: [{ name: "c", image: "nginx" }], nodeSelector: { disk: "ssd" } };
  const name = { namespace: "default", name: "picky" };
  await cluster.client.create("pods", { apiVersion: "v1", kind: "Pod", metadata: name, spec });
  await cluster.run(5_000);
  const waiting: any = await cluster.client.get("pods", name);
  const said =
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
  const condition = waiting.status.conditions.find(({ type }: any) => type === "PodScheduled");
  assert.deepEqual([condition.status, condition.reason, condition.message], ["False", "Unschedulable", said]);
  const events = (await cluster.client.list("events", { namespace: "default" })).items;
  const failed = events.find(({ reason }) => reason === "FailedScheduling");
  assert.deepEqual([failed?.source.component, failed?.message], ["default-scheduler", said]);
  await cluster.client.patch("nodes", { name: "node-1" }, "merge", { metadata: { labels: { disk: "ssd" } } });
  await cluster.runUntilQuiet();
  assert.equal((await cluster.client.get<any>("pods", name)).status.phase, "Running");
});
