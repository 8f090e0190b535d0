import assert from "node:assert/strict";
import { test } from "node:test";
import { seeds } from "./random.ts";
import { simulate } from "./simulate.ts";

const labels = { app: "web" };

function deployment(replicas: number, annotations: Record<string, string> = {}) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: { containers: [{ name: "web", image: "nginx" }] } },
    },
  };
}

const isRunning = ({ status, metadata }: any) =>
  !metadata.deletionTimestamp &&
  status.conditions?.some(({ type, status: is }: any) => type === "Ready" && is === "True");

test("a deployment converges when nothing goes wrong", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 1, nodes: 3 });
  await cluster.client.create("deployments.apps", deployment(5));
  await cluster.runUntilQuiet();
  assert.equal((await cluster.pods("app=web")).filter(isRunning).length, 5);
});

test("a deployment converges when watches drop, writes fail, processes crash and containers fail", {
  timeout: 120_000,
}, async () => {
  for (const seed of seeds(Number(process.env.SEEDS ?? 100))) {
    const faults = { watchDrop: 0.05, writeFail: 0.05, crash: 0.05 };
    await using cluster = await simulate({ seed, nodes: 3, faults });
    // Every third time the containers fail twice before they go on.
    const failing = seed % 3 === 0 ? { "hollow.typernetes.io/web": "exit=1 after=500 attempts=2" } : undefined;
    await cluster.client.create("deployments.apps", deployment(5, failing));
    await cluster.runUntilQuiet();
    const pods = await cluster.pods("app=web");
    assert.equal(pods.filter(isRunning).length, 5, `seed ${seed}: running`);
    assert.equal(pods.length, 5, `seed ${seed}: pods`);
    const status = (await cluster.client.get("deployments.apps", { namespace: "default", name: "web" })).status;
    assert.equal(status.availableReplicas, 5, `seed ${seed}: available`);
  }
});
