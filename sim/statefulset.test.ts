import assert from "node:assert/strict";
import { test } from "node:test";
import { seeds } from "./random.ts";
import { simulate } from "./simulate.ts";

const labels = { app: "db" };
const name = { namespace: "default", name: "db" };
const templateOf = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: "c", image }] } });
const set = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: name,
  spec: { serviceName: "db", replicas: 3, selector: { matchLabels: labels }, template: templateOf("a") },
};

test("a stateful set comes up, rolls out and shrinks, whatever goes wrong", { timeout: 60_000 }, async () => {
  for (const seed of seeds(20)) {
    await using cluster = await simulate({ seed, nodes: 2, faults: { watchDrop: 0.05, writeFail: 0.05, crash: 0.05 } });
    const { client } = cluster;
    const shown = async () =>
      (await cluster.pods("app=db")).map(({ metadata, spec }) => `${metadata.name} ${spec.containers[0].image}`);
    await client.create("statefulsets.apps", set);
    await cluster.runUntilQuiet();
    assert.deepEqual(await shown(), ["db-0 a", "db-1 a", "db-2 a"], `seed ${seed}`);
    await client.patch("statefulsets.apps", name, "strategic", { spec: { template: templateOf("b") } });
    await cluster.runUntilQuiet();
    assert.deepEqual(await shown(), ["db-0 b", "db-1 b", "db-2 b"], `seed ${seed}`);
    await client.patch("statefulsets.apps", name, "merge", { spec: { replicas: 1 } });
    await cluster.runUntilQuiet();
    assert.deepEqual(await shown(), ["db-0 b"], `seed ${seed}`);
    const { status }: any = await client.get("statefulsets.apps", name);
    assert.equal(status.currentRevision, status.updateRevision);
    assert.deepEqual([status.replicas, status.readyReplicas, status.availableReplicas], [1, 1, 1]);
  }
});
