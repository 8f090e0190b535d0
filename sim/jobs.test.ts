import assert from "node:assert/strict";
import { test } from "node:test";
import { seeds } from "./random.ts";
import { type Simulation, simulate } from "./simulate.ts";

const name = { namespace: "default", name: "work" };

async function runJob(cluster: Simulation, spec: object, script: string): Promise<any> {
  const annotations = { "hollow.typernetes.io/c": script };
  const template = {
    metadata: { annotations },
    spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox" }] },
  };
  await cluster.client.create("jobs.batch", {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: name,
    spec: { template, ...spec },
  });
  await cluster.runUntilQuiet();
  return (await cluster.client.get("jobs.batch", name)).status;
}

const typesOf = (status: any) => status.conditions.map(({ type, reason }: any) => `${type} ${reason}`);

test("a job runs to its completions, whatever goes wrong", { timeout: 60_000 }, async () => {
  for (const seed of seeds(30)) {
    await using cluster = await simulate({ seed, nodes: 2, faults: { watchDrop: 0.05, writeFail: 0.05, crash: 0.05 } });
    const status = await runJob(cluster, { completions: 5, parallelism: 2 }, "exit=0 after=300");
    assert.deepEqual([status.succeeded, status.active], [5, undefined], `seed ${seed}`);
    assert.deepEqual(typesOf(status), ["SuccessCriteriaMet CompletionsReached", "Complete CompletionsReached"]);
    const left = await cluster.pods("job-name=work");
    assert.ok(
      left.every(({ metadata }) => !metadata.finalizers?.length),
      `seed ${seed}: no pod is held`,
    );
  }
});

test("a job gives up after its backoffLimit", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 1, nodes: 1 });
  const status = await runJob(cluster, { backoffLimit: 2 }, "exit=1 after=100");
  assert.equal(status.failed, 3);
  assert.deepEqual(typesOf(status), ["FailureTarget BackoffLimitExceeded", "Failed BackoffLimitExceeded"]);
});

test("an indexed job completes every index", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 2, nodes: 1 });
  const status = await runJob(
    cluster,
    { completions: 4, parallelism: 3, completionMode: "Indexed" },
    "exit=0 after=100",
  );
  assert.deepEqual([status.succeeded, status.completedIndexes], [4, "0-3"]);
});

test("a job that takes too long is ended", { timeout: 30_000 }, async () => {
  await using cluster = await simulate({ seed: 3, nodes: 1 });
  const status = await runJob(cluster, { activeDeadlineSeconds: 10 }, "");
  assert.deepEqual(typesOf(status), ["FailureTarget DeadlineExceeded", "Failed DeadlineExceeded"]);
  assert.equal(status.active, undefined);
});
