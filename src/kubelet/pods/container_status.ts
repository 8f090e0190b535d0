import type { Container, ContainerKind, ContainerStateStatus, ContainerStatus, Pod } from "./pod.ts";
import { isSidecar } from "./pod.ts";
import { mayRestart } from "./restart.ts";
import type { ContainerState } from "./state.ts";
import { newest } from "./state.ts";
import type { StatusWorld } from "./status.ts";
import { timestamp } from "./status.ts";

/** One container's status. Pure. */
export function containerStatus(world: StatusWorld, container: Container, kind: ContainerKind): ContainerStatus {
  const { pod, runtime } = world;
  const last = newest(runtime, container.name);
  const older = runtime.containers.find(({ name, id }) => name === container.name && id !== last?.id);
  const before = previousStatus(pod, container.name);
  const { state, lastState } = statesOf(world, container, kind, last, older, before);
  const running = state.running !== undefined;
  const probes = last ? world.probes.get(last.id) : undefined;
  const up = running && (container.startupProbe === undefined || probes?.started === true);
  const started = kind === "init" && !isSidecar(container) ? false : up;
  return {
    name: container.name,
    state,
    lastState,
    ready: isReady(world, container, kind, state, up),
    ...(kind === "ephemeral" ? {} : { started }),
    restartCount: last?.attempt ?? before?.restartCount ?? 0,
    image: last?.image || (before?.image ?? container.image ?? ""),
    imageID: last?.imageId ?? before?.imageID ?? "",
    ...(last ? { containerID: containerId(last.id) } : before?.containerID ? { containerID: before.containerID } : {}),
    ...resourcesOf(container, kind, last),
    ...mountsOf(container),
    ...(last?.user && running ? { user: { linux: last.user } } : {}),
  };
}

/** A container's id as the API shows it. */
function containerId(id: string): string {
  return `containerd://${id}`;
}

function previousStatus({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = [status?.containerStatuses, status?.initContainerStatuses, status?.ephemeralContainerStatuses];
  return all.flatMap((list) => list ?? []).find((one) => one.name === name);
}

function isReady(
  world: StatusWorld,
  container: Container,
  kind: ContainerKind,
  state: ContainerStateStatus,
  up: boolean,
): boolean {
  if (kind === "ephemeral") return false;
  if (kind === "init" && !isSidecar(container)) return state.terminated?.exitCode === 0;
  if (!up || world.failed) return false;
  const last = newest(world.runtime, container.name)!;
  return container.readinessProbe === undefined || world.probes.get(last.id)?.ready === true;
}

type States = { state: ContainerStateStatus; lastState: ContainerStateStatus };

function statesOf(
  world: StatusWorld,
  container: Container,
  kind: ContainerKind,
  last: ContainerState | undefined,
  older: ContainerState | undefined,
  before: ContainerStatus | undefined,
): States {
  const waits = world.waiting.get(container.name);
  const waiting = (): ContainerStateStatus => ({ waiting: waits ?? defaultReason(world.pod, kind) });
  if (!last) {
    // The runtime has lost what the API still remembers: what ran is gone, what had ended stays as it was.
    if (before?.state.terminated && !waits) return { state: before.state, lastState: before.lastState };
    if (before?.state.running) {
      const lost = terminatedUnknown(before);
      return world.ended ? { state: lost, lastState: {} } : { state: waiting(), lastState: lost };
    }
    return { state: waiting(), lastState: before?.lastState ?? {} };
  }
  const ended = older?.state === "exited" ? { terminated: terminated(older) } : (before?.lastState ?? {});
  const lastState = last.attempt > 0 ? ended : {};
  if (last.state === "running") return { state: { running: { startedAt: timestamp(last.startedAtMs) } }, lastState };
  if (last.state === "created") return { state: waiting(), lastState };
  const now = { terminated: terminated(last) };
  // What will run again waits, and shows how it ended as its last state.
  const restarts = waits && !world.ended && mayRestart(world.pod, container, kind, last);
  return restarts ? { state: waiting(), lastState: now } : { state: now, lastState };
}

function defaultReason({ spec }: Pod, kind: ContainerKind): { reason: string } {
  return { reason: kind !== "ephemeral" && spec.initContainers?.length ? "PodInitializing" : "ContainerCreating" };
}

function terminated(container: ContainerState): NonNullable<ContainerStateStatus["terminated"]> {
  const { exitCode, message } = container;
  return {
    exitCode,
    reason: container.reason || (exitCode === 0 ? "Completed" : "Error"),
    ...(message ? { message } : {}),
    startedAt: timestamp(container.startedAtMs),
    finishedAt: timestamp(container.finishedAtMs),
    containerID: containerId(container.id),
  };
}

function terminatedUnknown({ containerID }: ContainerStatus): ContainerStateStatus {
  return {
    terminated: {
      exitCode: 137,
      reason: "ContainerStatusUnknown",
      message: "The container could not be located when the pod was terminated",
      ...(containerID ? { containerID } : {}),
    },
  };
}

function resourcesOf(
  container: Container,
  kind: ContainerKind,
  last: ContainerState | undefined,
): Pick<ContainerStatus, "allocatedResources" | "resources"> {
  if (kind === "ephemeral" || !last) return {};
  const { requests } = container.resources ?? {};
  const resources =
    last.state === "running" && last.resources ? JSON.parse(last.resources) : (container.resources ?? {});
  return { ...(requests && Object.keys(requests).length > 0 ? { allocatedResources: requests } : {}), resources };
}

function mountsOf(container: Container): Pick<ContainerStatus, "volumeMounts"> {
  const volumeMounts = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, recursiveReadOnly }) => ({
    name,
    mountPath,
    ...(readOnly ? { readOnly, recursiveReadOnly: recursiveReadOnly === "Enabled" ? "Enabled" : "Disabled" } : {}),
  }));
  return volumeMounts.length > 0 ? { volumeMounts } : {};
}
