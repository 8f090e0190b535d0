import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiServer } from "../apiserver/mod.ts";
import { type Client, inProcess, sharedInformers } from "../client/mod.ts";
import { machineClock as clock, machineNet as net, machineRandom as random } from "../host/mod.ts";
import { openMemoryStore } from "../store/mod.ts";
import { startControllers } from "./mod.ts";

/** A real server with controllers over it, and a way to wait for a state. */
async function cluster(names: string[]) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await createApiServer({ store: await openMemoryStore(), clock, random, net }));
  const client = inProcess(server.handler, { username: "admin", groups: ["system:masters"] });
  const problems: unknown[] = [];
  const report = (error: unknown) => problems.push(error);
  const informers = stack.use(sharedInformers({ client, clock }));
  stack.use(startControllers({ client, clock, random, names, options: { rootCa: "PEM" }, report }));
  return {
    client,
    problems,
    /** Resolves once an object is as wanted; a test that never gets there is ended by the runner's time limit. */
    async until(resource: string, key: string, wanted: (object: any) => boolean) {
      const informer = informers.of(resource);
      await informer.synced;
      await informer.until(key, wanted);
      return informer.get(key) as any;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: { replicas: 3, selector: { matchLabels: labels }, template },
};

async function account(client: Client): Promise<void> {
  const metadata = { name: "default", namespace: "default" };
  await client.create("serviceaccounts", { apiVersion: "v1", kind: "ServiceAccount", metadata }).catch(() => {});
}

/** Does the kubelet's part. */
async function makeReady(client: Client): Promise<void> {
  const pods = await client.list("pods", { namespace: "default" });
  for (const pod of pods.items) {
    const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    const status = { phase: "Running", podIP: "10.244.0.9", podIPs: [{ ip: "10.244.0.9" }], conditions };
    await client.patch("pods", pod.metadata, "merge", { status }, { subresource: "status" });
  }
}

test("a deployment gets its pods and tells of it", { timeout: 20_000 }, async () => {
  await using c = await cluster(["deployment", "replicaset"]);
  await account(c.client);
  await c.client.create("deployments.apps", deployment);
  await c.until("deployments.apps", "default/web", (each) => each?.status?.replicas === 3);
  await makeReady(c.client);
  const done = await c.until("deployments.apps", "default/web", (each) => each?.status?.availableReplicas === 3);
  assert.deepEqual(
    done.status.conditions.map(({ type, status, reason }: any) => `${type}=${status} ${reason}`),
    ["Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable"],
  );
  assert.equal((await c.client.list("pods")).items.length, 3);
  const events = await c.client.list("events", { namespace: "default" });
  const texts = events.items.map(({ reason, message, source }) => `${source.component} ${reason} ${message}`);
  assert.match(texts.join("\n"), /deployment-controller ScalingReplicaSet Scaled up replica set web-\w+ from 0 to 3/);
  assert.equal(
    texts.filter((each) => each.startsWith("replicaset-controller SuccessfulCreate Created pod: web-")).length,
    3,
  );
  assert.deepEqual(c.problems, []);
});

test("a new template rolls out", { timeout: 20_000 }, async () => {
  await using c = await cluster(["deployment", "replicaset"]);
  await account(c.client);
  await c.client.create("deployments.apps", deployment);
  await c.until("deployments.apps", "default/web", (each) => each?.status?.updatedReplicas === 3);
  await makeReady(c.client);
  await c.until("deployments.apps", "default/web", (each) => each?.status?.availableReplicas === 3);
  const spec = { template: { spec: { containers: [{ name: "c", image: "nginx:2" }] } } };
  await c.client.patch("deployments.apps", deployment.metadata, "strategic", { spec });
  for (let round = 1; round <= 3; round++) {
    await c.until("deployments.apps", "default/web", (each) => each?.status?.updatedReplicas === round);
    // Old pods have no kubelet to end them.
    for (const pod of (await c.client.list("pods")).items)
      if (pod.metadata.deletionTimestamp) await c.client.delete("pods", pod.metadata, { gracePeriodSeconds: 0 });
    await makeReady(c.client);
  }
  const done = await c.until("deployments.apps", "default/web", (each) =>
    each?.status?.conditions?.some(
      (one: any) =>
        one.reason === "NewReplicaSetAvailable" &&
        each.status.replicas === 3 &&
        each.status.updatedReplicas === 3 &&
        each.status.availableReplicas === 3,
    ),
  );
  assert.equal(done.metadata.annotations["deployment.kubernetes.io/revision"], "2");
  assert.deepEqual(c.problems, []);
});
