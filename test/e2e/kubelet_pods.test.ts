import assert from "node:assert/strict";
import { test } from "node:test";
import { testPod } from "./kubelet/api.ts";
import { testCluster } from "./kubelet/cluster.ts";
import { canRunContainers, insideNamespace } from "./kubelet/node.ts";

const { inside, succeeded } = insideNamespace(import.meta.filename);

test("pods live and die with real containers", { skip: !canRunContainers }, async (t) => {
  if (!inside) return assert.ok(succeeded);
  await using cluster = await testCluster();
  const { api, node } = cluster;
  const { client } = api;
  await api.until("nodes", "node-a", (found) =>
    found?.status?.conditions?.some((c: any) => c.type === "Ready" && c.status === "True"),
  );

  await t.test("a pod runs and is deleted", async (t) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      await client.create(
        "pods",
        testPod(`web-${i}`, {
          containers: [{ name: "c", command: ["sleep", "1000"] }],
          terminationGracePeriodSeconds: 1,
        }),
      );
      const pod = await api.until("pods", `web-${i}`, (found) => found?.status?.phase === "Running");
      times.push(performance.now() - began);
      assert.match(pod.status.podIP, /^10\.199\.0\./);
      if (i === 0) console.log(JSON.stringify(pod.status, undefined, 1), api.events("web-0"));
      if (i < 4) await client.delete("pods", { namespace: "default", name: `web-${i}` });
      if (i < 4) await api.until("pods", `web-${i}`, (found) => found === undefined);
    }
    t.diagnostic(`create to Running: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms`);
    await client.delete("pods", { namespace: "default", name: "web-4" });
    await api.until("pods", "web-4", (found) => found === undefined);
    await cluster.kubelet.settled();
    assert.deepEqual(await node.runtime.listSandboxes(), []);
  });
});
