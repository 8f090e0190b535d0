import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { machineClock, machineDisk } from "../../host/mod.ts";
import { podOf } from "../pods/worlds.ts";
import { cpuWeight, podCgroup, podSlice } from "./cgroups.ts";
import { rotateLog } from "./log_rotation.ts";
import type { NodeFacts } from "./status.ts";
import { nodeConditions, nodeImages, nodeResources } from "./status.ts";

test("cgroups of pods", () => {
  const limits = { cpu: "1", memory: "1Gi" };
  const check = (resources: object, path: string, slice: string) => {
    const pod = podOf({ containers: [{ name: "c", resources }] }, { uid: "a-b" });
    assert.equal(podCgroup("/top", pod), path);
    assert.equal(podSlice(pod), slice);
  };
  check({}, "/top/kubepods/besteffort/poda-b", "kubepods-besteffort-poda_b.slice");
  check({ requests: { cpu: "1" } }, "/top/kubepods/burstable/poda-b", "kubepods-burstable-poda_b.slice");
  check({ limits }, "/top/kubepods/poda-b", "kubepods-poda_b.slice");
  assert.deepEqual([2, 1024, 262_144].map(cpuWeight), [1, 39, 10_000]);
});

test("a node's conditions keep their times", () => {
  const calm = { memory: false, disk: false, pids: false };
  const up = [
    { type: "RuntimeReady", status: true, reason: "", message: "" },
    { type: "NetworkReady", status: true, reason: "", message: "" },
  ];
  const ready = (conditions: { type: string; status: string }[]) => conditions.find(({ type }) => type === "Ready");
  const first = nodeConditions(up, calm, [], "t1");
  assert.equal(ready(first)?.status, "True");
  const later = nodeConditions(up, calm, first, "t2");
  assert.deepEqual(
    later.map((one) => [one.lastTransitionTime, one.lastHeartbeatTime]),
    Array(4).fill(["t1", "t2"]),
  );
  const noNetwork = [
    up[0]!,
    { ...up[1]!, status: false, reason: "NetworkPluginNotReady", message: "cni plugin not initialized" },
  ];
  const down = nodeConditions(noNetwork, { ...calm, disk: true }, later, "t3");
  assert.equal(
    down[3]!.message,
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized",
  );
  assert.deepEqual(
    [down[1]!.reason, down[1]!.message, down[1]!.lastTransitionTime],
    ["KubeletHasDiskPressure", "kubelet has disk pressure", "t3"],
  );
});

test("a node's resources", () => {
  const facts = {
    cpus: 2,
    memoryBytes: 2 ** 30,
    ephemeralBytes: 1000 * 1024,
    podsMax: 110,
    reserved: { cpuMilli: 500 },
  } as NodeFacts;
  const { capacity, allocatable } = nodeResources(facts);
  assert.deepEqual([capacity.cpu, capacity.memory, capacity["ephemeral-storage"]], ["2", "1048576Ki", "1000Ki"]);
  assert.deepEqual([allocatable.cpu, allocatable.memory, allocatable.pods], ["1500m", "946176Ki", "110"]);
});

test("the largest images come first", () => {
  const image = (name: string, size: number) => ({
    id: name,
    repoTags: [name],
    repoDigests: [`${name}@d`],
    size,
    username: "",
    pinned: false,
  });
  assert.deepEqual(nodeImages([image("a", 1), image("b", 2)]), [
    { names: ["b@d", "b"], sizeBytes: 2 },
    { names: ["a@d", "a"], sizeBytes: 1 },
  ]);
});

test("a full log is put aside, and comes back if the runtime still writes to it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tn-rotate-"));
  try {
    const path = join(directory, "0.log");
    const rotate = (runtime: { reopenLog(): Promise<void> }) =>
      rotateLog("id", path, { disk: machineDisk, clock: machineClock, runtime }, 3);
    const reopen = { reopenLog: async () => {} };
    writeFileSync(path, "abc");
    await rotate(reopen);
    assert.equal(readFileSync(path, "utf8"), "abc");
    for (let i = 0; i < 6; i++) writeFileSync(`${path}.2020010${i}-000000`, "");
    writeFileSync(path, "abcd");
    await rotate(reopen);
    assert.ok(!existsSync(path));
    assert.equal(readdirSync(directory).length, 4);
    writeFileSync(path, "efgh");
    await assert.rejects(rotate({ reopenLog: () => Promise.reject(new Error("no")) }));
    assert.equal(readFileSync(path, "utf8"), "efgh");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
