// What the runtime has of one pod. Rebuilt from a listing after a restart; kept up to date from answers and events.
import type { CriContainerStatus, SandboxStatus } from "../cri/types.ts";

export interface SandboxState {
  id: string;
  attempt: number;
  ready: boolean;
  createdAtMs: number;
  /** Empty for pods in the node's network. */
  ips: string[];
}

export interface ContainerState {
  id: string;
  name: string;
  sandboxId: string;
  /** How often this container was restarted before: the pod's restartCount. */
  attempt: number;
  state: "created" | "running" | "exited" | "unknown";
  createdAtMs: number;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  imageId: string;
  /** Of the parts of the container's spec that cannot change in place. */
  hash: string;
  user?: { uid: number; gid: number; supplementalGroups: number[] };
  logPath: string;
  /** The resources it has now, as JSON of the spec's; changes with a resize. */
  resources?: string;
}

/** Invariant: both lists are ordered from newest to oldest. */
export interface PodRuntime {
  sandboxes: readonly SandboxState[];
  containers: readonly ContainerState[];
}

export const emptyRuntime: PodRuntime = { sandboxes: [], containers: [] };

/** Labels and annotations by which a container is found again; the same that the kubelet has always used. */
export const labels = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
};
export const annotations = {
  hash: "io.kubernetes.container.hash",
  restartCount: "io.kubernetes.container.restartCount",
  terminationMessagePath: "io.kubernetes.container.terminationMessagePath",
  terminationMessagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  podGracePeriod: "io.kubernetes.pod.terminationGracePeriod",
  resources: "io.typernetes.container.resources",
};

const stateNames = {
  CONTAINER_CREATED: "created",
  CONTAINER_RUNNING: "running",
  CONTAINER_EXITED: "exited",
  CONTAINER_UNKNOWN: "unknown",
} as const;

const nsPerMs = 1e6;

/** A container as the runtime reports it. */
export function containerState(status: CriContainerStatus, sandboxId: string): ContainerState {
  const linux = status.user?.linux;
  return {
    id: status.id,
    name: status.labels[labels.containerName] ?? status.metadata.name,
    sandboxId,
    attempt: Number(status.annotations[annotations.restartCount] ?? status.metadata.attempt),
    state: stateNames[status.state],
    createdAtMs: Math.floor(status.createdAt / nsPerMs),
    startedAtMs: Math.floor(status.startedAt / nsPerMs),
    finishedAtMs: Math.floor(status.finishedAt / nsPerMs),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    image: status.image.image,
    imageId: status.imageRef || status.imageId || "",
    hash: status.annotations[annotations.hash] ?? "",
    ...(linux ? { user: linux } : {}),
    logPath: status.logPath,
    resources: status.annotations[annotations.resources],
  };
}

/** A sandbox as the runtime reports it. */
export function sandboxState(status: SandboxStatus): SandboxState {
  const { network } = status;
  return {
    id: status.id,
    attempt: status.metadata.attempt,
    ready: status.state === "SANDBOX_READY",
    createdAtMs: Math.floor(status.createdAt / nsPerMs),
    ips: network?.ip ? [network.ip, ...network.additionalIps.map(({ ip }) => ip)] : [],
  };
}

/** The runtime with this sandbox put in or replaced. */
export function withSandbox(runtime: PodRuntime, sandbox: SandboxState): PodRuntime {
  const others = runtime.sandboxes.filter(({ id }) => id !== sandbox.id);
  return { ...runtime, sandboxes: [sandbox, ...others].sort((a, b) => b.createdAtMs - a.createdAtMs) };
}

/** The runtime with this container put in or replaced. */
export function withContainer(runtime: PodRuntime, container: ContainerState): PodRuntime {
  const others = runtime.containers.filter(({ id }) => id !== container.id);
  const containers = [container, ...others].sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
  return { ...runtime, containers };
}

/** The newest container of this name, in any sandbox. */
export function newest(runtime: PodRuntime, name: string): ContainerState | undefined {
  return runtime.containers.find((container) => container.name === name);
}
