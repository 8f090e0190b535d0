import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeEvent } from "../../src/kubelet/cri/runtime.ts";
import { canRunContainers, insideNamespace, testNode } from "./kubelet/node.ts";

const { inside, succeeded } = insideNamespace(import.meta.filename);

test("a container runs, exits and is removed over CRI", { skip: !canRunContainers }, async (t) => {
  if (!inside) return assert.ok(succeeded);
  await using node = await testNode();
  const { runtime } = node;
  t.diagnostic(`containerd answers after ${node.startMs.toFixed(0)} ms`);
  assert.equal((await runtime.version()).runtimeName, "containerd");
  const ended = new AbortController();
  const events: RuntimeEvent[] = [];
  let seen = () => {};
  const exited = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const reading = (async () => {
    for await (const event of runtime.events(ended.signal)) {
      events.push(event);
      if (event.type === "exited" && event.exitCode === 3) seen();
    }
  })();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    const sandbox = {
      metadata: { name: `p${i}`, uid: `u${i}`, namespace: "default", attempt: 0 },
      hostname: `p${i}`,
      logDirectory: `${node.directory}/logs/p${i}`,
      labels: {},
      annotations: {},
      linux: { cgroupParent: `/${node.cgroupParent}/u${i}` },
    };
    const sandboxId = await runtime.runSandbox(sandbox, "");
    const container = {
      metadata: { name: "c", attempt: 0 },
      image: { image: "docker.io/library/busybox:latest" },
      command: ["sh", "-c", "echo hello; exit 3"],
      args: [],
      envs: [],
      mounts: [],
      labels: {},
      annotations: {},
      logPath: "c/0.log",
      linux: {},
    };
    const id = await runtime.createContainer(sandboxId, container, sandbox);
    await runtime.startContainer(id);
    times.push(performance.now() - began);
  }
  t.diagnostic(`sandbox + create + start: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  await exited;
  const status = await runtime.sandboxStatus((await runtime.listSandboxes())[0]!.id);
  assert.match(status.network!.ip, /^10\.199\.0\./);
  assert.equal(events[0]!.type, "relist");
  ended.abort();
  await reading;
});
