import type { CriImage, RuntimeCondition } from "../cri/types.ts";

/** What the kubelet found out about its node. */
export interface NodeFacts {
  name: string;
  hostname: string;
  ips: readonly string[];
  cpus: number;
  memoryBytes: number;
  ephemeralBytes: number;
  podsMax: number;
  reserved: { cpuMilli?: number; memoryBytes?: number };
  machineId: string;
  systemUuid: string;
  bootId: string;
  kernelVersion: string;
  osImage: string;
  architecture: string;
  /** `containerd://1.6.20`. */
  containerRuntimeVersion: string;
  kubeletPort: number;
}

export interface NodeCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastHeartbeatTime?: string;
  lastTransitionTime?: string;
}

export const kubeletVersion = "v1.36.0";
/** Images told of in the node's status, at most, the largest first; names of each, at most. */
const imagesMax = 50;
const imageNamesMax = 5;

/** The resources of the node, and what pods may have of them. Pure. */
export function nodeResources(facts: NodeFacts): {
  capacity: Record<string, string>;
  allocatable: Record<string, string>;
} {
  const ki = (bytes: number) => `${Math.floor(bytes / 1024)}Ki`;
  const capacity = {
    cpu: String(facts.cpus),
    "ephemeral-storage": ki(facts.ephemeralBytes),
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    memory: ki(facts.memoryBytes),
    pods: String(facts.podsMax),
  };
  const cpuMilli = facts.cpus * 1000 - (facts.reserved.cpuMilli ?? 0);
  return {
    capacity,
    allocatable: {
      ...capacity,
      cpu: cpuMilli % 1000 === 0 ? String(cpuMilli / 1000) : `${cpuMilli}m`,
      // A tenth of the disk and 100 MiB of memory are kept back before pods are evicted.
      "ephemeral-storage": String(Math.floor(facts.ephemeralBytes * 0.9)),
      memory: ki(facts.memoryBytes - (facts.reserved.memoryBytes ?? 0) - 100 * 1024 * 1024),
    },
  };
}

/** Labels that every node has. Pure. */
export function nodeLabels(facts: NodeFacts): Record<string, string> {
  return {
    "beta.kubernetes.io/arch": facts.architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": facts.architecture,
    "kubernetes.io/hostname": facts.hostname,
    "kubernetes.io/os": "linux",
  };
}

/** Pressure on the node's resources, as far as it was measured. */
export interface NodePressure {
  memory: boolean;
  disk: boolean;
  pids: boolean;
}

/** The node's conditions. Those that stayed keep the time of their last change. Pure. */
export function nodeConditions(
  runtime: readonly RuntimeCondition[] | { error: string },
  pressure: NodePressure,
  before: readonly NodeCondition[],
  now: string,
): NodeCondition[] {
  const pressed = (type: string, is: boolean, has: string, hasNot: string, what: string): NodeCondition => ({
    type,
    status: is ? "True" : "False",
    reason: is ? has : hasNot,
    message: is ? `kubelet has ${what}` : `kubelet has ${hasNotWords[type]}`,
  });
  const hasNotWords: Record<string, string> = {
    MemoryPressure: "sufficient memory available",
    DiskPressure: "no disk pressure",
    PIDPressure: "sufficient PID available",
  };
  const conditions = [
    pressed(
      "MemoryPressure",
      pressure.memory,
      "KubeletHasInsufficientMemory",
      "KubeletHasSufficientMemory",
      "insufficient memory available",
    ),
    pressed("DiskPressure", pressure.disk, "KubeletHasDiskPressure", "KubeletHasNoDiskPressure", "disk pressure"),
    pressed(
      "PIDPressure",
      pressure.pids,
      "KubeletHasInsufficientPID",
      "KubeletHasSufficientPID",
      "insufficient PID available",
    ),
    readyCondition(runtime),
  ];
  return conditions.map((condition) => {
    const was = before.find(({ type }) => type === condition.type);
    const lastTransitionTime = was?.status === condition.status ? (was.lastTransitionTime ?? now) : now;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
  });
}

function readyCondition(runtime: readonly RuntimeCondition[] | { error: string }): NodeCondition {
  const type = "Ready";
  const notReady = (message: string): NodeCondition => ({ type, status: "False", reason: "KubeletNotReady", message });
  if ("error" in runtime) return notReady(`container runtime is down: ${runtime.error}`);
  const broken = runtime.filter(
    ({ type: name, status }) => (name === "RuntimeReady" || name === "NetworkReady") && !status,
  );
  if (broken.length === 0)
    return { type, status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  const words = broken.map(({ type: name, reason, message }) =>
    name === "NetworkReady"
      ? `container runtime network not ready: NetworkReady=false reason:${reason} message:${message}`
      : `container runtime not ready: RuntimeReady=false reason:${reason} message:${message}`,
  );
  return notReady(words.length === 1 ? words[0]! : `[${words.join(", ")}]`);
}

/** The images as a node's status lists them. Pure. */
export function nodeImages(images: readonly CriImage[]): { names: string[]; sizeBytes: number }[] {
  return [...images]
    .sort((a, b) => b.size - a.size)
    .slice(0, imagesMax)
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, imageNamesMax),
      sizeBytes: size,
    }));
}

/** A node's whole status. Pure. */
export function nodeStatus(
  facts: NodeFacts,
  conditions: readonly NodeCondition[],
  images: readonly CriImage[],
): Record<string, unknown> {
  return {
    ...nodeResources(facts),
    conditions,
    addresses: [
      ...facts.ips.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: facts.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    nodeInfo: {
      machineID: facts.machineId,
      systemUUID: facts.systemUuid,
      bootID: facts.bootId,
      kernelVersion: facts.kernelVersion,
      osImage: facts.osImage,
      containerRuntimeVersion: facts.containerRuntimeVersion,
      kubeletVersion,
      // The field is deprecated and still required.
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: facts.architecture,
    },
    images: nodeImages(images),
    runtimeHandlers: [{ name: "", features: { recursiveReadOnlyMounts: false, userNamespaces: false } }],
    features: { supplementalGroupsPolicy: false },
  };
}
