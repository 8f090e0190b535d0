import { hasReason } from "../../api/machinery/status.ts";
import { linuxResources } from "../config/resources.ts";
import { isRuntimeNotFound, runtimeMessage } from "../cri/runtime.ts";
import { StartFailure } from "../images/images.ts";
import type { Backoff } from "./backoff.ts";
import type { ContainerProbes, PodKit } from "./kit.ts";
import { tellContainer } from "./kit.ts";
import type { Action, Retry } from "./plan.ts";
import type { Pod, PodStatus } from "./pod.ts";
import { containersOf } from "./pod.ts";
import { refreshContainer } from "./refresh.ts";
import { killContainer, startContainer, startSandbox } from "./start.ts";
import type { PodRuntime } from "./state.ts";
import { withSandbox } from "./state.ts";

/** What a worker knows of its pod. Changed by acts and by the loop, never by a plan. */
export interface WorkerState {
  pod: Pod;
  /** The status last told. */
  status?: PodStatus;
  runtime: PodRuntime;
  /** Containers and sandboxes that must be looked at again. */
  dirty: Set<string>;
  backoffs: Map<string, Backoff>;
  retries: Map<string, Retry>;
  /** When each kill under way ends by force. */
  killing: Map<string, number>;
  /** Why containers wait, from starts that failed. */
  waiting: Map<string, { reason: string; message?: string }>;
  /** The same from the last plan. */
  planned?: ReadonlyMap<string, { reason: string; message?: string }>;
  probes: Map<string, { probes: ContainerProbes }>;
  mounted: boolean;
  mounting: boolean;
  mountDelayMs: number;
  sandboxJob?: "creating" | "stopping";
  starting?: string;
  /** The container that is being started, once it exists. */
  startingId?: string;
  /** Ends the start under way. */
  abort?: AbortController;
  failed?: { reason: string; message: string };
  gone: boolean;
  startedAtMs: number;
  deletedAtMs?: number;
  /** `released`: nothing runs and nothing is held; `told`: the API was asked to forget the pod. */
  stage: "running" | "releasing" | "released" | "told" | "forgetting";
}

export interface ActContext {
  kit: PodKit;
  state: WorkerState;
  wake(): void;
  report(): void;
  settled(): Promise<void>;
  /** The pod has left no trace. */
  forgotten(): void;
}

/** Begins an action. What takes time goes on in the promise; until it ends the plan sees it as under way. */
export type Act<A extends Action = Action> = (context: ActContext, action: A) => Promise<void> | undefined;

type Of<Do extends Action["do"]> = Extract<Action, { do: Do }>;

/** Limits of the pause between attempts to mount, in milliseconds. */
const mountDelayMsMin = 500;
const mountDelayMsMax = 122_000;
const lookAgainMs = 10_000;
/** How soon after a failed pull the status says that the kubelet backs off. */
const showBackOffMs = 1000;

function mount({ kit, state }: ActContext): Promise<void> {
  state.mounting = true;
  return kit.machine
    .mount(state.pod)
    .then(
      () => {
        state.mounted = true;
        state.retries.delete("/volumes");
      },
      (error: Error) => {
        kit.record({ object: state.pod }, "Warning", "FailedMount", error.message);
        state.mountDelayMs = Math.min(mountDelayMsMax, Math.max(mountDelayMsMin, state.mountDelayMs * 2));
        const untilMs = kit.clock.now() + state.mountDelayMs;
        state.retries.set("/volumes", { untilMs, reason: "FailedMount", message: error.message });
      },
    )
    .finally(() => {
      state.mounting = false;
    });
}

function createSandbox({ kit, state }: ActContext, action: Of<"createSandbox">): Promise<void> {
  state.sandboxJob = "creating";
  const abort = new AbortController();
  state.abort = abort;
  if (action.attempt > 0)
    kit.record(
      { object: state.pod },
      "Normal",
      "SandboxChanged",
      "Pod sandbox changed, it will be killed and re-created.",
    );
  return startSandbox(kit, state.pod, action, abort.signal)
    .then(
      ({ sandbox }) => {
        const stopped = state.runtime.sandboxes.map((old) => ({ ...old, ready: false }));
        state.runtime = withSandbox({ ...state.runtime, sandboxes: stopped }, sandbox);
        state.retries.delete("");
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = ${runtimeMessage(error)}`;
        kit.record({ object: state.pod }, "Warning", "FailedCreatePodSandBox", message);
        state.retries.set("", { untilMs: kit.clock.now() + lookAgainMs, reason: "FailedCreatePodSandBox", message });
      },
    )
    .finally(() => {
      state.sandboxJob = undefined;
    });
}

function start({ kit, state, wake }: ActContext, action: Of<"start">): Promise<void> {
  const { name, kind, attempt } = action;
  const { pod, runtime } = state;
  const sandbox = runtime.sandboxes[0]!;
  const abort = new AbortController();
  state.abort = abort;
  state.starting = name;
  if (action.backoff) state.backoffs.set(name, action.backoff);
  const created = (id: string) => {
    state.startingId = id;
  };
  const request = { pod, name, kind, attempt, sandbox, runtime, signal: abort.signal, created };
  return startContainer(kit, request)
    .then(
      () => {
        state.waiting.delete(name);
        state.retries.delete(name);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) startFailed(kit, state, name, error, wake);
      },
    )
    .then(async () => {
      if (state.startingId) await refreshContainer(kit, state, state.startingId, sandbox.id);
    })
    .finally(() => {
      state.starting = undefined;
      state.startingId = undefined;
    });
}

function startFailed(kit: PodKit, state: WorkerState, name: string, error: unknown, wake: () => void): void {
  const untilMs = kit.clock.now() + lookAgainMs;
  const failure =
    error instanceof StartFailure
      ? error
      : new StartFailure("CreateContainerError", runtimeMessage(error), { untilMs });
  const { reason, message, retry } = failure;
  state.waiting.set(name, { reason, message });
  const { backingOff } = retry;
  // First the failure is shown as it is, then that the kubelet backs off.
  state.retries.set(name, { reason, message, untilMs: retry.untilMs });
  if (!backingOff) return;
  kit.clock.after(showBackOffMs, () => {
    const known = state.retries.get(name);
    if (known?.untilMs !== retry.untilMs) return;
    state.retries.set(name, { ...known, backingOff });
    const kind = containersOf(state.pod).find(({ container }) => container.name === name)?.kind ?? "main";
    const tell = tellContainer(kit, state.pod, kind, name);
    tell("Normal", "BackOff", backingOff.message.split(": ")[0]!);
    tell("Warning", "Failed", `Error: ${backingOff.reason}`);
    wake();
  });
}

function kill({ kit, state, wake }: ActContext, action: Of<"kill">): Promise<void> | undefined {
  const container = state.runtime.containers.find(({ id }) => id === action.id);
  if (!container) return undefined;
  const sooner = state.killing.has(action.id);
  state.killing.set(action.id, kit.clock.now() + action.graceSeconds * 1000);
  // A kill that is under way goes on with less time: the runtime takes the second stop too.
  if (sooner) return kit.runtime.stopContainer(action.id, action.graceSeconds).catch(() => {});
  const ips = state.runtime.sandboxes[0]?.ips ?? [];
  const hook = state.runtime.sandboxes[0]?.ready === true;
  const { graceSeconds, message } = action;
  return killContainer(kit, state.pod, container, { graceSeconds, message, ips, hook })
    .then(() => refreshContainer(kit, state, action.id))
    .finally(() => {
      state.killing.delete(action.id);
      wake();
    });
}

function stopSandboxes({ kit, state }: ActContext, { ids }: Of<"stopSandboxes">): Promise<void> {
  state.sandboxJob = "stopping";
  return Promise.all(ids.map((id) => kit.runtime.stopSandbox(id)))
    .then(() => {
      const sandboxes = state.runtime.sandboxes.map((one) => (ids.includes(one.id) ? { ...one, ready: false } : one));
      state.runtime = { ...state.runtime, sandboxes };
    })
    .finally(() => {
      state.sandboxJob = undefined;
    });
}

function removeContainer({ kit, state }: ActContext, { id }: Of<"removeContainer">): Promise<void> | undefined {
  const container = state.runtime.containers.find((one) => one.id === id);
  if (!container) return undefined;
  state.runtime = { ...state.runtime, containers: state.runtime.containers.filter((one) => one.id !== id) };
  return kit.runtime.removeContainer(id).then(() => kit.machine.removeLog(state.pod, container));
}

function removeSandbox({ kit, state }: ActContext, { id }: Of<"removeSandbox">): Promise<void> {
  state.runtime = { ...state.runtime, sandboxes: state.runtime.sandboxes.filter((one) => one.id !== id) };
  return kit.runtime.removeSandbox(id);
}

async function resize({ kit, state }: ActContext, { id, name }: Of<"resize">): Promise<void> {
  const spec = containersOf(state.pod).find(({ container }) => container.name === name)!.container;
  const resources = JSON.stringify(spec.resources ?? {});
  // The plan must not see it again while the runtime works on it.
  const containers = state.runtime.containers.map((one) => (one.id === id ? { ...one, resources } : one));
  state.runtime = { ...state.runtime, containers };
  // A container's limits must fit into its pod's: growing, the pod goes first, shrinking, it goes last.
  await kit.machine.resize(state.pod).catch(() => {});
  // The OOM score of a running process stays: only its limits change.
  const { oomScoreAdj: _, ...limits } = linuxResources(state.pod, spec, { memoryCapacityBytes: 1, cgroupV2: false });
  await kit.runtime.updateResources(id, limits);
  await kit.machine.resize(state.pod);
}

function finish({ kit, state, report, settled, wake }: ActContext): Promise<void> | undefined {
  const { metadata } = state.pod;
  if (state.stage === "running") {
    state.stage = "releasing";
    return kit.machine.release(metadata.uid).then(
      () => {
        state.mounted = false;
        state.stage = "released";
        report();
      },
      (error) => {
        state.stage = "running";
        throw error;
      },
    );
  }
  if (state.stage !== "released" || !metadata.deletionTimestamp) return undefined;
  state.stage = "told";
  report();
  return settled()
    .then(() =>
      kit.client.delete(
        "pods",
        { namespace: metadata.namespace, name: metadata.name },
        { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } },
      ),
    )
    .then(
      () => wake(),
      (error: unknown) => {
        if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) return;
        state.stage = "released";
        throw error;
      },
    );
}

function cleanUp({ kit, state, forgotten }: ActContext): Promise<void> | undefined {
  if (state.stage === "forgetting" || state.stage === "releasing") return undefined;
  const before = state.stage;
  state.stage = "forgetting";
  return forgetPod(kit, state)
    .then(forgotten)
    .catch((error) => {
      state.stage = before;
      throw error;
    });
}

/** Removes everything that is left of a pod of which nothing runs. */
async function forgetPod(kit: PodKit, { runtime, pod }: WorkerState): Promise<void> {
  for (const { id } of runtime.containers) await ignoringGone(kit.runtime.removeContainer(id));
  for (const { id } of runtime.sandboxes) await ignoringGone(kit.runtime.removeSandbox(id));
  await kit.machine.release(pod.metadata.uid);
  await kit.machine.forget(pod.metadata.uid);
}

async function ignoringGone(call: Promise<void>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isRuntimeNotFound(error)) throw error;
  });
}

/** The act of each action. */
export const acts: { [Do in Action["do"]]: Act<Of<Do>> } = {
  mount,
  createSandbox,
  start,
  kill,
  stopSandboxes,
  removeContainer,
  removeSandbox,
  resize,
  finish,
  cleanUp,
  abortStart({ state }) {
    state.abort?.abort(new Error("the pod ends"));
    return undefined;
  },
  fail({ state, wake, kit }, { reason, message }) {
    state.failed ??= { reason, message };
    kit.record({ object: state.pod }, "Normal", reason, message);
    wake();
    return undefined;
  },
};
