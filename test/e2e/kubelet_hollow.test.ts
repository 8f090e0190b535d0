import assert from "node:assert/strict";
import { test } from "node:test";
import { machine, rpcClient, spdyClient } from "../../src/host/mod.ts";
import { hollowRuntime, startKubelet } from "../../src/kubelet/mod.ts";
import { testApi, testPod } from "./kubelet/api.ts";

test("hollow pods live as real ones do", async (t) => {
  await using api = await testApi();
  const { client } = api;
  const start = () =>
    startKubelet({
      client,
      clock: machine.clock,
      random: machine.random,
      net: machine.net,
      rpc: rpcClient,
      spdy: spdyClient,
      runtime: hollowRuntime({ clock: machine.clock }),
      nodeName: "node-a",
      nodeIps: ["10.1.1.1"],
      port: 10250,
    });
  let kubelet = await start();
  await api.until(
    "nodes",
    "node-a",
    (node) => node?.status?.conditions?.some((c: any) => c.type === "Ready" && c.status === "True") === true,
  );

  await t.test("a hundred run and go", async (t) => {
    const began = performance.now();
    const names = Array.from({ length: 100 }, (_, index) => `pod-${index}`);
    await Promise.all(names.map((name) => client.create("pods", testPod(name, { containers: [{ name: "c" }] }))));
    await Promise.all(names.map((name) => api.until("pods", name, (pod) => pod?.status?.phase === "Running")));
    t.diagnostic(`100 pods run after ${(performance.now() - began).toFixed(0)} ms`);
    const { items } = await client.list("pods", { namespace: "default" });
    assert.equal(new Set(items.map(({ status }) => status.podIP)).size, 100);
    await client.deleteCollection("pods", { namespace: "default" });
    await Promise.all(names.map((name) => api.until("pods", name, (pod) => pod === undefined)));
  });

  await t.test("scripts decide how they end", async () => {
    const script = (words: string) => ({ annotations: { "hollow.typernetes.io/c": words } });
    await client.create(
      "pods",
      testPod("job", { restartPolicy: "Never", containers: [{ name: "c" }] }, script("exit=0")),
    );
    await client.create(
      "pods",
      testPod("bad", { restartPolicy: "Never", containers: [{ name: "c" }] }, script("exit=5 after=10")),
    );
    await client.create("pods", testPod("once", { containers: [{ name: "c" }] }, script("exit=1 attempts=1")));
    await client.create("pods", testPod("loop", { containers: [{ name: "c" }] }, script("exit=1")));
    assert.equal(
      (await api.until("pods", "job", (pod) => /Succeeded|Failed/.test(pod?.status?.phase))).status.phase,
      "Succeeded",
    );
    const bad = await api.until("pods", "bad", (pod) => pod?.status?.phase === "Failed");
    assert.equal(bad.status.containerStatuses[0].state.terminated.exitCode, 5);
    await api.until(
      "pods",
      "once",
      (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1 && pod.status.containerStatuses[0].ready,
    );
    await api.until(
      "pods",
      "loop",
      (pod) => pod?.status?.containerStatuses?.[0]?.state.waiting?.reason === "CrashLoopBackOff",
    );
  });

  await t.test("a machine that lost everything runs its pods anew, with other addresses", async () => {
    const running = (pod: any) => pod?.status?.containerStatuses?.[0]?.state.running !== undefined;
    const { podIP: earlier } = (await api.until("pods", "once", running)).status;
    await kubelet.stop();
    kubelet = await start();
    const { status } = await api.until("pods", "once", (pod) => running(pod) && pod?.status?.podIP !== earlier);
    assert.deepEqual(status.podIPs, [{ ip: status.podIP }]);
  });

  await t.test("a report on a status that others changed meanwhile gets through", async () => {
    await client.create("pods", testPod("changed", { containers: [{ name: "c" }] }));
    const { podIP: own } = (await api.until("pods", "changed", (pod) => pod?.status?.phase === "Running")).status;
    const name = { namespace: "default", name: "changed" };
    const foreign = { podIP: "10.9.9.9", podIPs: [{ ip: own, $patch: "delete" }, { ip: "10.9.9.9" }] };
    await client.patch("pods", name, "strategic", { status: foreign }, { subresource: "status" });
    await client.patch("pods", name, "merge", { spec: { activeDeadlineSeconds: 1 } });
    const { status } = await api.until("pods", "changed", (pod) => pod?.status?.phase === "Failed");
    assert.deepEqual([status.podIP, status.podIPs], [own, [{ ip: own }]]);
    const events = await api.events("changed");
    assert.match(events.join("\n"), /FailedSync error syncing pod: status: .*may specify no more than one IP/);
  });
  await kubelet.stop();
});
