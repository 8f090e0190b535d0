import type { Runtime, RuntimeEvent } from "../cri/runtime.ts";
import { rejectionOf } from "./admit.ts";
import type { PodKit } from "./kit.ts";
import type { Pod } from "./pod.ts";
import { isTerminalPhase } from "./pod.ts";
import { referencesOf } from "./references.ts";
import type { ContainerState, PodRuntime } from "./state.ts";
import { containerState, emptyRuntime, labels, sandboxState, withContainer, withSandbox } from "./state.ts";
import type { PodWorker } from "./worker.ts";
import { podWorker } from "./worker.ts";

/** How long to wait, in all, for the runtime's own status to catch up with an event it sent. */
const catchUpMs = 2000;
const catchUpStepMs = 10;

export interface PodManager {
  /** A pod of this node came or changed, or went. */
  changed(pod: Pod, gone: boolean): void;
  event(event: RuntimeEvent): void;
  /** Removes what is left of pods that the API does not know. Call once the first list is in. */
  removeOrphans(): Promise<void>;
  workers(): Iterable<PodWorker>;
  worker(namespace: string, name: string): PodWorker | undefined;
  /** Tells the workers of pods that use this config map or secret. */
  referenceChanged(key: string): void;
  /** The config maps and secrets that any pod names. */
  referenced(): Set<string>;
  settled(): Promise<void>;
  stop(): void;
}

/** The workers of all pods of this node. `listed` is what the runtime had at the start. */
export function podManager(kit: PodKit, listed: Map<string, PodRuntime>): PodManager {
  const workers = new Map<string, PodWorker>();
  let stopped = false;

  function workerOf(id: string): PodWorker | undefined {
    for (const worker of workers.values()) {
      const { runtime, startingId } = worker.view();
      if (startingId === id) return worker;
      if (runtime.containers.some((one) => one.id === id) || runtime.sandboxes.some((one) => one.id === id))
        return worker;
    }
    return undefined;
  }

  async function exited(id: string): Promise<void> {
    const worker = workerOf(id);
    if (!worker) return;
    const isSandbox = worker.view().runtime.sandboxes.some((one) => one.id === id);
    for (let waitedMs = 0; waitedMs < catchUpMs && !stopped; waitedMs += catchUpStepMs) {
      // A container that ended at once may not even be said to run yet.
      const known = await (isSandbox
        ? kit.runtime.sandboxStatus(id).then(({ state }) => state === "SANDBOX_NOTREADY")
        : kit.runtime.containerStatus(id).then(({ state }) => state === "CONTAINER_EXITED")
      ).catch(() => true);
      if (known) break;
      await kit.clock.sleep(catchUpStepMs);
    }
    worker.touched(id);
  }

  async function relist(): Promise<void> {
    const now = await listRuntime(
      kit.runtime,
      new Map([...workers].map(([uid, worker]) => [uid, worker.view().runtime])),
    );
    for (const [uid, worker] of workers) {
      const found = now.get(uid) ?? emptyRuntime;
      const known = worker.view().runtime;
      const ids = new Set(
        [...known.containers, ...known.sandboxes, ...found.containers, ...found.sandboxes].map(({ id }) => id),
      );
      // Only what differs is looked at again: a worker may be ahead of the listing.
      for (const id of ids) if (differs(known, found, id)) worker.touched(id);
    }
  }

  /** A pod that cannot run here ends before it begins. */
  function letIn(worker: PodWorker, pod: Pod): void {
    const others = Iterator.from(workers.values())
      .filter((other) => other !== worker)
      .map(({ view }) => ({ ...view().pod, status: view().status }));
    const rejection = rejectionOf(pod, others);
    if (!rejection) return;
    kit.record({ object: pod }, "Warning", rejection.reason, rejection.message.replace("Pod was rejected: ", ""));
    worker.fail(rejection.reason, rejection.message);
  }

  return {
    changed(pod, gone) {
      const { uid } = pod.metadata;
      const worker = workers.get(uid);
      if (gone) {
        worker?.update(pod);
        worker?.gone();
      } else if (worker) worker.update(pod);
      else if (!stopped) {
        const runtime = listed.get(uid) ?? emptyRuntime;
        listed.delete(uid);
        const added = podWorker(pod, runtime, kit, () => workers.delete(uid));
        workers.set(uid, added);
        if (runtime === emptyRuntime && !isTerminalPhase(pod.status?.phase)) letIn(added, pod);
      }
    },
    event(event) {
      if (event.type === "exited") void exited(event.id);
      else if (event.type === "oom") workerOf(event.id)?.touched(event.id);
      else if (event.type === "relist") void relist().catch(() => {});
    },
    async removeOrphans() {
      for (const [uid, runtime] of listed) {
        listed.delete(uid);
        if (!workers.has(uid)) await removeOrphan(kit, uid, runtime).catch(() => {});
      }
      for (const uid of await kit.machine.remains()) {
        if (workers.has(uid)) continue;
        await kit.machine
          .release(uid)
          .then(() => kit.machine.forget(uid))
          .catch(() => {});
      }
    },
    workers: () => workers.values(),
    worker(namespace, name) {
      const found = [...workers.values()].filter(({ view }) => {
        const { metadata } = view().pod;
        return metadata.namespace === namespace && metadata.name === name;
      });
      return found.find(({ view }) => !isTerminalPhase(view().status.phase)) ?? found[0];
    },
    referenceChanged(key) {
      for (const worker of workers.values()) if (referencesOf(worker.view().pod).has(key)) worker.refresh();
    },
    referenced: () => new Set([...workers.values()].flatMap(({ view }) => [...referencesOf(view().pod)])),
    async settled() {
      await Promise.all([...workers.values()].map((worker) => worker.settled()));
    },
    stop() {
      stopped = true;
      for (const worker of workers.values()) worker[Symbol.dispose]();
      workers.clear();
    },
  };
}

function differs(known: PodRuntime, found: PodRuntime, id: string): boolean {
  const stateIn = (runtime: PodRuntime) =>
    runtime.containers.find((one) => one.id === id)?.state ?? runtime.sandboxes.find((one) => one.id === id)?.ready;
  // What the worker does not know yet it is just creating.
  return stateIn(known) !== undefined && stateIn(known) !== stateIn(found);
}

/** Everything the runtime has, by pod uid. What is known and has not changed is not asked for again. */
export async function listRuntime(
  runtime: Runtime,
  known: ReadonlyMap<string, PodRuntime> = new Map(),
): Promise<Map<string, PodRuntime>> {
  const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
  const pods = new Map<string, PodRuntime>();
  const before = new Map<string, ContainerState>();
  for (const { containers: all } of known.values()) for (const one of all) before.set(one.id, one);
  for (const listed of sandboxes) {
    const uid = listed.labels[labels.podUid] ?? listed.metadata.uid;
    const own = pods.get(uid) ?? emptyRuntime;
    const seen = known.get(uid)?.sandboxes.find(({ id }) => id === listed.id);
    const ready = listed.state === "SANDBOX_READY";
    const sandbox =
      seen?.ready === ready ? seen : sandboxState(await runtime.sandboxStatus(listed.id).catch(() => listed));
    pods.set(uid, withSandbox(own, sandbox));
  }
  for (const listed of containers) {
    const uid = listed.labels[labels.podUid];
    if (uid === undefined) continue;
    const seen = before.get(listed.id);
    const same = seen && `CONTAINER_${seen.state.toUpperCase()}` === listed.state;
    const status = same ? undefined : await runtime.containerStatus(listed.id).catch(() => undefined);
    const container = same ? seen : status && containerState(status, listed.podSandboxId);
    if (container) pods.set(uid, withContainer(pods.get(uid) ?? emptyRuntime, container));
  }
  return pods;
}

/** Stops and removes a pod that no API object stands for any more. */
async function removeOrphan(kit: PodKit, uid: string, { sandboxes, containers }: PodRuntime): Promise<void> {
  const { runtime, machine } = kit;
  for (const { id, state } of containers) if (state === "running") await runtime.stopContainer(id, 30);
  for (const { id } of sandboxes) await runtime.stopSandbox(id);
  for (const { id } of containers) await runtime.removeContainer(id);
  for (const { id } of sandboxes) await runtime.removeSandbox(id);
  await machine.release(uid);
  await machine.forget(uid);
}
