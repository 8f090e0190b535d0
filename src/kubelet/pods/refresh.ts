import { isRuntimeNotFound } from "../cri/runtime.ts";
import type { WorkerState } from "./acts.ts";
import type { PodKit } from "./kit.ts";
import type { ContainerState } from "./state.ts";
import { containerState, sandboxState, withContainer, withSandbox } from "./state.ts";

/**
 * Looks at one container or sandbox again and puts what it finds into the worker's state. `sandboxId` says where a
 * container belongs that is not known yet. Rejects if the runtime does not answer.
 */
export async function refreshContainer(kit: PodKit, state: WorkerState, id: string, sandboxId?: string): Promise<void> {
  const { runtime } = state;
  if (runtime.sandboxes.some((one) => one.id === id)) {
    await refreshSandbox(kit, state, id);
    return;
  }
  const known = runtime.containers.find((one) => one.id === id);
  const where = sandboxId ?? known?.sandboxId ?? (id === state.startingId ? runtime.sandboxes[0]?.id : undefined);
  if (where === undefined) return;
  try {
    const found = containerState(await kit.runtime.containerStatus(id), where);
    // What a resize wrote is newer than what the container was created with.
    const resources = known?.resources ?? found.resources;
    const message = await messageOf(kit, state, found, known);
    // An answer that was on its way while a newer one came is out of date: nothing comes back to life.
    const latest = state.runtime.containers.find((one) => one.id === id);
    if (latest?.state === "exited" && found.state !== "exited") return;
    state.runtime = withContainer(state.runtime, { ...found, message, resources });
  } catch (error) {
    if (!isRuntimeNotFound(error)) throw error;
    state.runtime = { ...state.runtime, containers: state.runtime.containers.filter((one) => one.id !== id) };
  }
}

async function messageOf(
  kit: PodKit,
  { pod }: WorkerState,
  found: ContainerState,
  known: ContainerState | undefined,
): Promise<string> {
  if (found.state !== "exited") return found.message;
  if (known?.state === "exited") return known.message;
  return (await kit.machine.terminationMessage(pod, found)) || found.message;
}

async function refreshSandbox(kit: PodKit, state: WorkerState, id: string): Promise<void> {
  try {
    const found = sandboxState(await kit.runtime.sandboxStatus(id));
    // A stopped sandbox has no address any more; the pod's last one is still told.
    const known = state.runtime.sandboxes.find((one) => one.id === id);
    state.runtime = withSandbox(state.runtime, {
      ...found,
      ips: found.ips.length > 0 ? found.ips : (known?.ips ?? []),
    });
  } catch (error) {
    if (!isRuntimeNotFound(error)) throw error;
    state.runtime = { ...state.runtime, sandboxes: state.runtime.sandboxes.filter((one) => one.id !== id) };
  }
}
