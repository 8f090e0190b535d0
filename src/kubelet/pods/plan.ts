import type { Backoff } from "./backoff.ts";
import { backoffUntilMs, goSeconds, nextBackoff } from "./backoff.ts";
import { specHash } from "./hash.ts";
import type { Container, ContainerKind, Pod, Resources } from "./pod.ts";
import { containersOf, isSidecar, isTerminalPhase, podLabel } from "./pod.ts";
import { mayRestart } from "./restart.ts";
import type { ContainerState, PodRuntime } from "./state.ts";
import { newest } from "./state.ts";

/** What a container's probes found so far. Absent means: no such probe, or no result yet. */
export interface ProbeResults {
  /** False while a startup probe has not succeeded. */
  started?: boolean;
  ready?: boolean;
  /** Set when liveness or startup failed as often as allowed. */
  failed?: { probe: "liveness" | "startup"; graceSeconds?: number };
}

/** A failed start that will be tried again. */
export interface Retry {
  untilMs: number;
  reason: string;
  message: string;
  /** For image pulls: what to show while waiting, once the failure itself was shown. */
  backingOff?: { reason: string; message: string };
}

/** Everything that the plan for one pod depends on. Times are milliseconds since the epoch. */
export interface PodWorld {
  pod: Pod;
  runtime: PodRuntime;
  now: number;
  /** By container id. */
  probes: ReadonlyMap<string, ProbeResults>;
  /** Restart back-offs by container name. */
  backoffs: ReadonlyMap<string, Backoff>;
  /** Starts that failed, by container name; "" is the sandbox, "/volumes" the volumes. */
  retries: ReadonlyMap<string, Retry>;
  /** What is under way. A kill's value is when it ends by force. */
  jobs: {
    mounting?: boolean;
    sandbox?: "creating" | "stopping";
    starting?: string;
    killing: ReadonlyMap<string, number>;
  };
  /** Set when the kubelet itself ended the pod: evicted, rejected, past its deadline. */
  failed?: { reason: string; message: string };
  /** The pod is no longer at the API (or another of the same name took its place). */
  gone: boolean;
  /** When the pod began to end, if it did. */
  endingSinceMs?: number;
  /** When the kubelet first saw the pod. */
  startedAtMs: number;
  /** False while the volumes are not mounted. */
  volumesReady: boolean;
}

export type Action =
  | { do: "mount" }
  | { do: "createSandbox"; attempt: number; replaces: string[] }
  | { do: "start"; name: string; kind: ContainerKind; attempt: number; backoff?: Backoff }
  | { do: "kill"; id: string; name: string; graceSeconds: number; reason: string; message: string }
  | { do: "abortStart" }
  | { do: "stopSandboxes"; ids: string[] }
  | { do: "removeContainer"; id: string }
  | { do: "removeSandbox"; id: string }
  | { do: "resize"; id: string; name: string }
  | { do: "fail"; reason: string; message: string }
  /** Nothing runs any more: release the volumes, tell the final status and, if it is deleted, that it may go. */
  | { do: "finish" }
  /** The API has forgotten the pod and nothing runs: remove every trace. */
  | { do: "cleanUp" };

export interface PodPlan {
  actions: Action[];
  /** Why containers wait, by name; for the status. */
  waiting: Map<string, { reason: string; message: string }>;
  /** When to plan again if nothing happens before. */
  wakeAtMs?: number;
}

/** Grace for what was deleted without any: Kubernetes gives a second. */
const graceSecondsMin = 1;

/** Plans one step for one pod. Pure: the worker carries it out and plans again with what came of it. */
export function planPod(world: PodWorld): PodPlan {
  const plan: PodPlan = { actions: [], waiting: new Map() };
  const { pod, runtime } = world;
  const deadline = deadlineMs(world);
  const ended = world.failed ?? isTerminalPhase(pod.status?.phase);
  if (!ended && !isEnding(world) && deadline !== undefined) {
    if (deadline <= world.now) plan.actions.push({ do: "fail", ...deadlineExceeded });
    else wakeAt(plan, deadline);
  }
  const fails = plan.actions.some((action) => action.do === "fail");
  if (ended || fails || isEnding(world) || isFinished(pod, runtime)) planEnd(world, plan);
  else planRun(world, plan);
  collectGarbage(world, plan);
  return plan;
}

const deadlineExceeded = {
  reason: "DeadlineExceeded",
  message: "Pod was active on the node longer than the specified deadline",
};

function isEnding({ pod, gone }: PodWorld): boolean {
  return gone || pod.metadata.deletionTimestamp !== undefined;
}

function deadlineMs({ pod, startedAtMs }: PodWorld): number | undefined {
  const { activeDeadlineSeconds } = pod.spec;
  return activeDeadlineSeconds === undefined ? undefined : startedAtMs + activeDeadlineSeconds * 1000;
}

function wakeAt(plan: PodPlan, atMs: number): void {
  plan.wakeAtMs = Math.min(plan.wakeAtMs ?? Number.POSITIVE_INFINITY, atMs);
}

/** True when every main container has ended for good, or an init container has failed for good. Pure. */
export function isFinished(pod: Pod, runtime: PodRuntime): boolean {
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) continue;
    const state = newest(runtime, container.name);
    if (state?.state === "exited" && state.exitCode !== 0 && !mayRestart(pod, container, "init", state)) return true;
  }
  return pod.spec.containers.every((container) => {
    const state = newest(runtime, container.name);
    return state?.state === "exited" && !mayRestart(pod, container, "main", state);
  });
}

/** Ends the pod: main containers, then sidecars from the last to the first, then the sandbox, then everything else. */
function planEnd(world: PodWorld, plan: PodPlan): void {
  const { jobs, runtime } = world;
  if (jobs.starting !== undefined || jobs.sandbox === "creating") plan.actions.push({ do: "abortStart" });
  const running = runtime.containers.filter(({ state }) => state === "running" || state === "unknown");
  if (running.length > 0) {
    const grace = endGraceSeconds(world);
    for (const container of firstToEnd(world.pod, running)) {
      const forcedAtMs = (world.endingSinceMs ?? world.now) + grace * 1000;
      const killedAtMs = jobs.killing.get(container.id);
      // Graces are whole seconds, rounded up: only more than that is a shorter one.
      if (killedAtMs !== undefined && killedAtMs < forcedAtMs + 1000) continue;
      const graceSeconds = Math.max(graceSecondsMin, Math.ceil((forcedAtMs - world.now) / 1000));
      const message = `Stopping container ${container.name}`;
      plan.actions.push({
        do: "kill",
        id: container.id,
        name: container.name,
        graceSeconds,
        reason: "Killing",
        message,
      });
    }
    return;
  }
  if (jobs.killing.size > 0 || jobs.sandbox || jobs.mounting || jobs.starting !== undefined) return;
  const ready = runtime.sandboxes.filter((sandbox) => sandbox.ready).map(({ id }) => id);
  if (ready.length > 0) plan.actions.push({ do: "stopSandboxes", ids: ready });
  else plan.actions.push({ do: world.gone ? "cleanUp" : "finish" });
}

function endGraceSeconds({ pod, gone }: PodWorld): number {
  const { deletionGracePeriodSeconds, deletionTimestamp } = pod.metadata;
  if (gone && deletionTimestamp === undefined) return graceSecondsMin;
  const grace = deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return Math.max(graceSecondsMin, grace);
}

function firstToEnd(pod: Pod, running: readonly ContainerState[]): ContainerState[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const others = running.filter(({ name }) => !sidecars.includes(name));
  if (others.length > 0) return others;
  const last = sidecars.findLast((name) => running.some((container) => container.name === name));
  return running.filter(({ name }) => name === last);
}

function planRun(world: PodWorld, plan: PodPlan): void {
  const { runtime, jobs } = world;
  if (!world.volumesReady && !jobs.mounting) {
    const retry = world.retries.get("/volumes");
    if (retry && retry.untilMs > world.now) wakeAt(plan, retry.untilMs);
    else plan.actions.push({ do: "mount" });
  }
  const sandbox = runtime.sandboxes[0];
  if (!sandbox?.ready) {
    planSandbox(world, plan);
    return;
  }
  planKills(world, plan, sandbox.id);
  const due = nextStarts(world, plan, sandbox.id);
  if (jobs.starting === undefined && world.volumesReady && due[0]) plan.actions.push(due[0]);
  planResizes(world, plan);
}

function planSandbox(world: PodWorld, plan: PodPlan): void {
  const { runtime, jobs } = world;
  if (jobs.sandbox || jobs.starting !== undefined || !world.volumesReady) return;
  const retry = world.retries.get("");
  if (retry && retry.untilMs > world.now) {
    wakeAt(plan, retry.untilMs);
    return;
  }
  const stale = runtime.containers.filter(({ state }) => state === "running");
  if (stale.length > 0) {
    // Their network went with the sandbox.
    for (const { id, name } of stale)
      if (!jobs.killing.has(id))
        plan.actions.push({
          do: "kill",
          id,
          name,
          graceSeconds: 2,
          reason: "Killing",
          message: `Stopping container ${name}`,
        });
    return;
  }
  const last = runtime.sandboxes[0];
  const replaces = runtime.sandboxes.map(({ id }) => id);
  plan.actions.push({ do: "createSandbox", attempt: last ? last.attempt + 1 : 0, replaces });
}

/** Kills what its probes gave up on, and what no longer is what the spec says. */
function planKills(world: PodWorld, plan: PodPlan, sandboxId: string): void {
  const grace = world.pod.spec.terminationGracePeriodSeconds ?? 30;
  for (const { container, kind } of containersOf(world.pod)) {
    const state = current(world.runtime, container.name, sandboxId);
    if (state?.state !== "running" || world.jobs.killing.has(state.id)) continue;
    const failed = world.probes.get(state.id)?.failed;
    let message: string | undefined;
    if (failed) message = `Container ${container.name} failed ${failed.probe} probe`;
    else if (kind !== "ephemeral" && state.hash !== "" && state.hash !== specHash(container))
      message = `Container ${container.name} definition changed`;
    if (message === undefined) continue;
    if (mayRestart(world.pod, container, kind, { ...state, exitCode: 137 })) message += ", will be restarted";
    const graceSeconds = failed?.graceSeconds ?? grace;
    plan.actions.push({ do: "kill", id: state.id, name: container.name, graceSeconds, reason: "Killing", message });
  }
}

/** The newest container of this name in the sandbox that counts. */
function current(runtime: PodRuntime, name: string, sandboxId: string): ContainerState | undefined {
  const state = newest(runtime, name);
  return state?.sandboxId === sandboxId ? state : undefined;
}

/** What should be started, in order; those that wait for their back-off are only noted. */
function nextStarts(world: PodWorld, plan: PodPlan, sandboxId: string): Action[] {
  const { pod, runtime } = world;
  const due: Action[] = [];
  const consider = (container: Container, kind: ContainerKind) => {
    const action = startOf(world, plan, container, kind, sandboxId);
    if (action) due.push(action);
  };
  const begun = pod.spec.containers.some(({ name }) => current(runtime, name, sandboxId) !== undefined);
  for (const container of pod.spec.ephemeralContainers ?? []) consider(container, "ephemeral");
  for (const container of pod.spec.initContainers ?? []) {
    const state = current(runtime, container.name, sandboxId);
    if (isSidecar(container)) {
      if (state?.state !== "running") consider(container, "init");
      if (!begun && !isStarted(world, container, state)) return due;
    } else if (!begun) {
      const succeeded = state?.state === "exited" && state.exitCode === 0;
      if (succeeded) continue;
      if (state?.state !== "running") consider(container, "init");
      return due;
    }
  }
  for (const container of pod.spec.containers) {
    if (current(runtime, container.name, sandboxId)?.state !== "running") consider(container, "main");
  }
  return due;
}

/** True when a sidecar is up: what comes after it may start. */
function isStarted(world: PodWorld, container: Container, state: ContainerState | undefined): boolean {
  if (state?.state !== "running" || world.jobs.starting === container.name) return false;
  return container.startupProbe === undefined || world.probes.get(state.id)?.started === true;
}

function startOf(
  world: PodWorld,
  plan: PodPlan,
  container: Container,
  kind: ContainerKind,
  sandboxId: string,
): Action | undefined {
  const { name } = container;
  if (world.jobs.starting === name) return undefined;
  const last = newest(world.runtime, name);
  const here = last?.sandboxId === sandboxId ? last : undefined;
  const ended = here?.state === "exited" || here?.state === "unknown";
  if (here && ended && !mayRestart(world.pod, container, kind, here)) return undefined;
  const attempt = last
    ? here?.state === "created"
      ? last.attempt
      : last.attempt + 1
    : forgottenAttempts(world.pod, name);

  const retry = world.retries.get(name);
  if (retry && retry.untilMs > world.now) {
    plan.waiting.set(name, retry.backingOff ?? retry);
    wakeAt(plan, retry.untilMs);
    return undefined;
  }
  if (!here || !ended) return { do: "start", name, kind, attempt };

  const backoff = world.backoffs.get(name);
  const untilMs = backoffUntilMs(backoff, here.finishedAtMs);
  if (untilMs > world.now) {
    const delay = goSeconds(backoff?.delayMs ?? 0);
    const message = `back-off ${delay} restarting failed container=${name} pod=${podLabel(world.pod)}`;
    plan.waiting.set(name, { reason: "CrashLoopBackOff", message });
    wakeAt(plan, untilMs);
    return undefined;
  }
  return { do: "start", name, kind, attempt, backoff: nextBackoff(backoff, here.finishedAtMs, world.now) };
}

/** Resizes running containers whose resources changed in the spec, or restarts them where they ask for it (KEP-1287). */
function planResizes({ pod, runtime, jobs }: PodWorld, plan: PodPlan): void {
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)]) {
    const { name } = container;
    const state = newest(runtime, name);
    if (state?.state !== "running" || state.resources === undefined || jobs.killing.has(state.id)) continue;
    if (state.resources === JSON.stringify(container.resources ?? {})) continue;
    if (needsRestart(container, JSON.parse(state.resources))) {
      const message = `Container ${name} resize requires restart`;
      const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30;
      plan.actions.push({ do: "kill", id: state.id, name, graceSeconds, reason: "Killing", message });
    } else plan.actions.push({ do: "resize", id: state.id, name });
  }
}

function needsRestart({ resizePolicy, resources }: Container, before: Resources): boolean {
  return (resizePolicy ?? []).some(({ resourceName, restartPolicy }) => {
    const changed = (["limits", "requests"] as const).some(
      (kind) => resources?.[kind]?.[resourceName] !== before[kind]?.[resourceName],
    );
    return changed && restartPolicy === "RestartContainer";
  });
}

/** Keeps the last two of each container (for `lastState` and `logs --previous`), and the sandboxes that hold them. */
function collectGarbage({ runtime, gone, jobs }: PodWorld, plan: PodPlan): void {
  if (gone || jobs.starting !== undefined) return;
  const kept = new Map<string, number>();
  const dropped = new Set<string>();
  for (const { id, name, state } of runtime.containers) {
    const count = (kept.get(name) ?? 0) + 1;
    kept.set(name, count);
    if (count <= 2 || state !== "exited") continue;
    dropped.add(id);
    plan.actions.push({ do: "removeContainer", id });
  }
  for (const sandbox of runtime.sandboxes.slice(1)) {
    const used = runtime.containers.some(({ id, sandboxId }) => sandboxId === sandbox.id && !dropped.has(id));
    if (!used && !sandbox.ready && !jobs.sandbox) plan.actions.push({ do: "removeSandbox", id: sandbox.id });
  }
}

/** The attempt after those that only the API still remembers. */
function forgottenAttempts({ status }: Pod, name: string): number {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const before = all.find((one) => one.name === name);
  return before?.containerID ? before.restartCount + 1 : 0;
}
