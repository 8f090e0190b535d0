import assert from "node:assert/strict";
import { test } from "node:test";
import { seeds } from "./random.ts";
import { simulate } from "./simulate.ts";

const labels = { app: "agent" };
const name = { namespace: "default", name: "agent" };
const set = (image: string) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: name,
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "c", image }] } },
  },
});

test("a daemon runs once on every node, and rolls out, whatever goes wrong", { timeout: 60_000 }, async () => {
  for (const seed of seeds(20)) {
    await using cluster = await simulate({ seed, nodes: 3, faults: { watchDrop: 0.05, writeFail: 0.05, crash: 0.05 } });
    await cluster.client.create("daemonsets.apps", set("a"));
    await cluster.run(5_000);
    await cluster.client.patch("daemonsets.apps", name, "strategic", { spec: { template: set("b").spec.template } });
    await cluster.runUntilQuiet();
    const pods = await cluster.pods("app=agent");
    const where = pods.map(({ spec }) => `${spec.nodeName} ${spec.containers[0].image}`).sort();
    assert.deepEqual(where, ["node-1 b", "node-2 b", "node-3 b"], `seed ${seed}`);
    const { status }: any = await cluster.client.get("daemonsets.apps", name);
    assert.deepEqual([status.desiredNumberScheduled, status.numberAvailable, status.updatedNumberScheduled], [3, 3, 3]);
  }
});
