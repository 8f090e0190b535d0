import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "./pod.ts";
import { statusPatch } from "./report.ts";
import { podStatus } from "./status.ts";
import { podOf, worldOf } from "./worlds.ts";

/** `phase | Condition=… | container: state` of a world. */
function statusText(pod: Pod, text: string, ended = false, waiting: Record<string, string> = {}): string {
  const waits = new Map(Object.entries(waiting).map(([name, reason]) => [name, { reason }]));
  const status = podStatus({ ...worldOf(pod, text), waiting: waits, ended, hostIps: ["10.1.1.1"] });
  const conditions = status.conditions!.filter(({ type }) => type !== "PodScheduled");
  const shown = conditions.map(
    ({ type, status: is, reason }) =>
      `${type.replace(/[a-z]/g, "")}${is === "True" ? "+" : "-"}${reason ? `(${reason})` : ""}`,
  );
  const containers = [...(status.initContainerStatuses ?? []), ...status.containerStatuses!].map((one) => {
    const { waiting: w, terminated } = one.state;
    const state = w ? w.reason : terminated ? `${terminated.reason} ${terminated.exitCode}` : "Running";
    const last = one.lastState.terminated ? ` after ${one.lastState.terminated.exitCode}` : "";
    return `${one.name}: ${state}${last}${one.ready ? " ready" : ""}${one.restartCount ? ` #${one.restartCount}` : ""}`;
  });
  return [status.phase, shown.join(" "), ...containers].join(" | ");
}

const check = (
  what: string,
  pod: Pod,
  world: string,
  want: string,
  ended?: boolean,
  waiting?: Record<string, string>,
) => test(what, () => assert.equal(statusText(pod, world, ended, waiting), want));

const notReady = "(ContainersNotReady)";
const plain = podOf({});
const never = podOf({ restartPolicy: "Never" });
const init = podOf({ initContainers: ["i"] });

check("a new pod", plain, "", `Pending | PRTSC- I+ R-${notReady} CR-${notReady} | c: ContainerCreating`);
check(
  "a pod with a sandbox",
  plain,
  "sandbox",
  `Pending | PRTSC+ I+ R-${notReady} CR-${notReady} | c: ContainerCreating`,
);
check("a pod that runs", plain, "sandbox | c running", "Running | PRTSC+ I+ R+ CR+ | c: Running ready");
check(
  "a pod that waits for an image",
  plain,
  "sandbox",
  `Pending | PRTSC+ I+ R-${notReady} CR-${notReady} | c: ImagePullBackOff`,
  false,
  { c: "ImagePullBackOff" },
);
check(
  "a pod that crashes",
  plain,
  "sandbox | c exited 1 #3",
  `Running | PRTSC+ I+ R-${notReady} CR-${notReady} | c: CrashLoopBackOff after 1 #3`,
  false,
  { c: "CrashLoopBackOff" },
);
check(
  "a pod that initializes",
  init,
  "sandbox | i running",
  `Pending | PRTSC+ I-(ContainersNotInitialized) R-${notReady} CR-${notReady} | i: Running | c: PodInitializing`,
);
check(
  "a pod that initialized",
  init,
  "sandbox | i exited 0 | c running",
  "Running | PRTSC+ I+ R+ CR+ | i: Completed 0 ready | c: Running ready",
);
check(
  "a pod that succeeded",
  never,
  "sandbox down | c exited 0",
  "Succeeded | PRTSC- I+(PodCompleted) R-(PodCompleted) CR-(PodCompleted) | c: Completed 0",
);
check(
  "a pod that failed",
  never,
  "sandbox down | c exited 3",
  "Failed | PRTSC- I+ R-(PodFailed) CR-(PodFailed) | c: Error 3",
);
check(
  "a pod that was ended in time",
  plain,
  "sandbox down | c exited 0",
  "Succeeded | PRTSC- I+(PodCompleted) R-(PodCompleted) CR-(PodCompleted) | c: Completed 0",
  true,
);
check(
  "a pod that was ended by force",
  plain,
  "sandbox down | c exited 137",
  "Failed | PRTSC- I+ R-(PodFailed) CR-(PodFailed) | c: Error 137",
  true,
);
check(
  "a probe that has not succeeded",
  podOf({ containers: [{ name: "c", readinessProbe: {} }] }),
  "sandbox | c running",
  `Running | PRTSC+ I+ R-${notReady} CR-${notReady} | c: Running`,
);
check(
  "a probe that has",
  podOf({ containers: [{ name: "c", readinessProbe: {} }] }),
  "sandbox | c running | probe ready c",
  "Running | PRTSC+ I+ R+ CR+ | c: Running ready",
);
check(
  "a gate that nobody opened",
  podOf({ readinessGates: [{ conditionType: "x/y" }] }),
  "sandbox | c running",
  "Running | PRTSC+ I+ R-(ReadinessGatesNotReady) CR+ | c: Running ready",
);
check(
  "a pod that the node failed",
  plain,
  "sandbox | c running | failed Evicted",
  "Failed | PRTSC+ I+ R-(PodFailed) CR-(PodFailed) | c: Running",
);

test("a condition keeps its time while its status stays", () => {
  const world = { ...worldOf(plain, "sandbox | c running"), waiting: new Map(), ended: false, hostIps: [] };
  const first = podStatus(world);
  const later = podStatus({ ...world, now: world.now + 60_000, pod: { ...plain, status: first } });
  assert.deepEqual(later.conditions, first.conditions);
});

test("a final phase is never left", () => {
  const world = { ...worldOf(plain, ""), waiting: new Map(), ended: false, hostIps: [] };
  assert.equal(podStatus({ ...world, pod: { ...plain, status: { phase: "Failed" } } }).phase, "Failed");
});

test("a patch takes away what went", () => {
  const before = {
    reason: "R",
    podIPs: [{ ip: "1" }],
    conditions: [{ type: "Ready", status: "False" as const, reason: "X" }],
  };
  const after = { podIPs: [{ ip: "2" }], conditions: [{ type: "Ready", status: "True" as const }] };
  assert.deepEqual(statusPatch(before, after), {
    reason: null,
    podIPs: [{ ip: "2" }, { $patch: "delete", ip: "1" }],
    conditions: [{ type: "Ready", status: "True", reason: null }],
  });
});
