import type { Act, WorkerState } from "./acts.ts";
import { acts } from "./acts.ts";
import type { PodKit } from "./kit.ts";
import { tellContainer } from "./kit.ts";
import type { Action, PodPlan, PodWorld } from "./plan.ts";
import { planPod } from "./plan.ts";
import type { Pod, PodStatus } from "./pod.ts";
import { containersOf, podLabel } from "./pod.ts";
import { refreshContainer } from "./refresh.ts";
import { statusReporter } from "./report.ts";
import type { PodRuntime } from "./state.ts";
import { podStatus } from "./status.ts";

/** One pod's loop. It never rejects and never blocks the caller. */
export interface PodWorker {
  /** The pod as the API has it now. */
  update(pod: Pod): void;
  /** The API has forgotten the pod. */
  gone(): void;
  /** Something happened to one of its containers or sandboxes. */
  touched(id: string): void;
  /** Something that its volumes hold has changed. */
  refresh(): void;
  /** Ends the pod for a reason of the node: `Evicted`, … */
  fail(reason: string, message: string): void;
  /** `startingId` is a container that is just being started. */
  view(): { pod: Pod; runtime: PodRuntime; status: PodStatus; startingId?: string };
  /** Resolves when nothing is under way and everything is told. */
  settled(): Promise<void>;
  [Symbol.dispose](): void;
}

/** Pause before the runtime is asked again that did not answer, in milliseconds. */
const lookAgainMs = 1000;

/**
 * Runs one pod: looks, plans, acts, and looks again when something happened. What takes time runs beside the loop and
 * is seen by the plan as under way; so a deletion is noticed while an image is pulled.
 */
export function podWorker(first: Pod, runtime: PodRuntime, kit: PodKit, forgotten: () => void): PodWorker {
  const state: WorkerState = {
    pod: first,
    runtime,
    dirty: new Set(),
    backoffs: new Map(),
    retries: new Map(),
    killing: new Map(),
    waiting: new Map(),
    probes: new Map(),
    gone: false,
    stage: "running",
    mounted: false,
    mounting: false,
    mountDelayMs: 0,
    startedAtMs: first.status?.startTime ? Date.parse(first.status.startTime) : kit.clock.now(),
  };
  const reporter = statusReporter(kit);
  const jobs = new Set<Promise<void>>();
  let looping: Promise<void> | undefined;
  let again = false;
  let disposed = false;
  let timer: Disposable | undefined;

  function wake(): void {
    if (disposed) return;
    again = true;
    looping ??= loop().finally(() => {
      looping = undefined;
      if (again) wake();
    });
  }

  async function loop(): Promise<void> {
    while (again && !disposed) {
      again = false;
      await look();
      if (!disposed) step();
    }
  }

  async function look(): Promise<void> {
    const ids = [...state.dirty];
    state.dirty.clear();
    const failed = (id: string) => {
      state.dirty.add(id);
      kit.clock.after(lookAgainMs, wake);
    };
    await Promise.all(ids.map((id) => refreshContainer(kit, state, id).catch(() => failed(id))));
    syncProbes(kit, state, wake);
  }

  function step(): void {
    const world = worldOf(kit, state);
    const plan = planPod(world);
    for (const action of plan.actions) act(action);
    tellBackOffs(kit, state, plan);
    report(plan);
    setTimer(plan.wakeAtMs, world.now);
  }

  function act(action: Action): void {
    const run = acts[action.do] as Act;
    const job = run({ kit, state, wake, report: () => report(), forgotten: end, settled: reporter.settled }, action);
    if (!job) return;
    const tracked = job
      .catch((error: unknown) => {
        // An action that fails is planned again; the pause keeps a lasting failure from spinning.
        kit.record({ object: state.pod }, "Warning", "FailedSync", `error syncing pod: ${(error as Error).message}`);
        return kit.clock.sleep(1000);
      })
      .finally(() => {
        jobs.delete(tracked);
        wake();
      });
    jobs.add(tracked);
  }

  function report(plan?: PodPlan): void {
    if (state.gone) return;
    if (plan) state.planned = plan.waiting;
    const waiting = new Map([...state.waiting, ...(state.planned ?? [])]);
    const ended = state.stage !== "running";
    const status = podStatus({ ...worldOf(kit, state), waiting, ended, hostIps: kit.hostIps() });
    state.status = status;
    reporter.report(state.pod, status);
  }

  function setTimer(wakeAtMs: number | undefined, now: number): void {
    timer?.[Symbol.dispose]();
    const inMs = Math.min(wakeAtMs === undefined ? kit.resyncMs : Math.max(0, wakeAtMs - now), kit.resyncMs);
    timer = kit.clock.after(inMs, wake);
  }

  function end(): void {
    dispose();
    forgotten();
  }

  function dispose(): void {
    disposed = true;
    timer?.[Symbol.dispose]();
    for (const { probes } of state.probes.values()) probes[Symbol.dispose]();
    state.probes.clear();
    state.abort?.abort();
  }

  wake();
  return {
    update(pod) {
      state.pod = pod;
      wake();
    },
    gone() {
      state.gone = true;
      wake();
    },
    touched(id) {
      state.dirty.add(id);
      wake();
    },
    refresh() {
      if (state.mounted) void kit.machine.refresh(state.pod).catch(() => {});
    },
    fail(reason, message) {
      state.failed ??= { reason, message };
      wake();
    },
    view: () => ({
      pod: state.pod,
      runtime: state.runtime,
      status: state.status ?? state.pod.status ?? {},
      startingId: state.startingId,
    }),
    async settled() {
      while (looping || jobs.size > 0) await Promise.all([looping, ...jobs]);
      await reporter.settled();
    },
    [Symbol.dispose]: dispose,
  };
}

/** Tells of the containers that have just begun to wait for their restart. */
function tellBackOffs(kit: PodKit, { pod, planned }: WorkerState, plan: PodPlan): void {
  for (const [name, { reason }] of plan.waiting) {
    if (reason !== "CrashLoopBackOff" || planned?.get(name)?.reason === reason) continue;
    const kind = containersOf(pod).find(({ container }) => container.name === name)?.kind ?? "main";
    const message = `Back-off restarting failed container ${name} in pod ${podLabel(pod)}`;
    tellContainer(kit, pod, kind, name)("Warning", "BackOff", message);
  }
}

/** Everything the plan depends on, as it is now. */
function worldOf(kit: PodKit, state: WorkerState): PodWorld {
  const known = state.status;
  const pod = known ? { ...state.pod, status: mergedStatus(state.pod.status, known) } : state.pod;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionTimestamp && state.deletedAtMs === undefined) state.deletedAtMs = kit.clock.now();
  const began = deletionTimestamp
    ? Date.parse(deletionTimestamp) - (deletionGracePeriodSeconds ?? 0) * 1000
    : undefined;
  return {
    pod,
    runtime: state.runtime,
    now: kit.clock.now(),
    probes: new Map([...state.probes].map(([id, { probes }]) => [id, probes.results()])),
    backoffs: state.backoffs,
    retries: state.retries,
    jobs: { mounting: state.mounting, sandbox: state.sandboxJob, starting: state.starting, killing: state.killing },
    ...(state.failed ? { failed: state.failed } : {}),
    gone: state.gone,
    // The API's clock counts whole seconds: what was seen here is closer, unless the deletion is older.
    endingSinceMs: began === undefined ? undefined : Math.max(began, Math.min(state.deletedAtMs!, began + 1000)),
    startedAtMs: state.startedAtMs,
    volumesReady: state.mounted,
  };
}

/** Our own view of the status, with the conditions that others wrote. */
function mergedStatus(api: PodStatus | undefined, own: PodStatus): PodStatus {
  const ours = new Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]);
  const kept = (own.conditions ?? []).filter(({ type }) => ours.has(type));
  const others = (api?.conditions ?? []).filter(({ type }) => !ours.has(type));
  return { ...api, ...own, conditions: [...kept, ...others] };
}

/** Probes what runs, and only that. */
function syncProbes(kit: PodKit, state: WorkerState, wake: () => void): void {
  const running = new Map(
    state.runtime.containers.filter((one) => one.state === "running").map((one) => [one.id, one]),
  );
  for (const [id, { probes }] of state.probes) {
    if (running.has(id)) continue;
    probes[Symbol.dispose]();
    state.probes.delete(id);
  }
  const all = [...state.pod.spec.containers, ...(state.pod.spec.initContainers ?? [])];
  for (const [id, one] of running) {
    const container = all.find(({ name }) => name === one.name);
    if (!container || state.probes.has(id) || state.starting === one.name) continue;
    if (!container.livenessProbe && !container.readinessProbe && !container.startupProbe) continue;
    const ips = state.pod.spec.hostNetwork ? kit.hostIps() : (state.runtime.sandboxes[0]?.ips ?? []);
    state.probes.set(id, { probes: kit.probe(() => state.pod, container, one, ips, wake) });
  }
}
