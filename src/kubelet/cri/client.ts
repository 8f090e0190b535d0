import type { RpcClient } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import { containerdEvents } from "./events.ts";
import type { Runtime } from "./runtime.ts";
import type {
  ContainerStats,
  CriContainer,
  CriContainerStatus,
  CriImage,
  ExecOutcome,
  FilesystemUsage,
  RuntimeCondition,
  Sandbox,
  SandboxStatus,
} from "./types.ts";

/** Milliseconds for calls that only read; creating, stopping and pulling have limits of their own. */
const readTimeoutMs = 120_000;
/** A pod sandbox needs its network: the plugins may take a while. */
const sandboxTimeoutMs = 240_000;
/** What a stop may take beyond its grace. */
const stopSlackMs = 120_000;

/** A CRI v1 runtime over gRPC, with containerd's event service beside it. */
export function criRuntime(rpc: RpcClient, clock: Clock): Runtime {
  const runtime = <Answer>(method: string, request: object, timeoutMs = readTimeoutMs, signal?: AbortSignal) =>
    rpc.call<Answer>("runtime.v1.RuntimeService", method, request, { timeoutMs, signal });
  const images = <Answer>(method: string, request: object, timeoutMs?: number, signal?: AbortSignal) =>
    rpc.call<Answer>("runtime.v1.ImageService", method, request, { timeoutMs, signal });

  return {
    ...containerCalls(runtime),
    ...imageCalls(images),
    version: () => runtime("Version", {}),
    conditions: async () =>
      (await runtime<{ status: { conditions: RuntimeCondition[] } }>("Status", {}, 10_000)).status.conditions,
    setPodCidr: async (podCidr) => {
      await runtime("UpdateRuntimeConfig", { runtimeConfig: { networkConfig: { podCidr } } });
    },
    runSandbox: async (config, runtimeHandler, signal) => {
      const request = { config, runtimeHandler };
      const answer = await runtime<{ podSandboxId: string }>("RunPodSandbox", request, sandboxTimeoutMs, signal);
      return answer.podSandboxId;
    },
    stopSandbox: async (podSandboxId) => {
      await runtime("StopPodSandbox", { podSandboxId }, sandboxTimeoutMs);
    },
    removeSandbox: async (podSandboxId) => {
      await runtime("RemovePodSandbox", { podSandboxId }, sandboxTimeoutMs);
    },
    sandboxStatus: async (podSandboxId) =>
      (await runtime<{ status: SandboxStatus }>("PodSandboxStatus", { podSandboxId })).status,
    listSandboxes: async () => (await runtime<{ items: Sandbox[] }>("ListPodSandbox", {})).items,
    events: (signal) => containerdEvents(rpc, clock, signal),
  };
}

type Call = <Answer>(method: string, request: object, timeoutMs?: number, signal?: AbortSignal) => Promise<Answer>;

function containerCalls(runtime: Call) {
  return {
    createContainer: async (podSandboxId, config, sandboxConfig) => {
      const request = { podSandboxId, config, sandboxConfig };
      return (await runtime<{ containerId: string }>("CreateContainer", request)).containerId;
    },
    startContainer: async (containerId) => {
      await runtime("StartContainer", { containerId });
    },
    stopContainer: async (containerId, graceSeconds) => {
      const timeout = Math.max(0, Math.ceil(graceSeconds));
      await runtime("StopContainer", { containerId, timeout }, timeout * 1000 + stopSlackMs);
    },
    removeContainer: async (containerId) => {
      await runtime("RemoveContainer", { containerId });
    },
    containerStatus: async (containerId) =>
      (await runtime<{ status: CriContainerStatus }>("ContainerStatus", { containerId })).status,
    listContainers: async () => (await runtime<{ containers: CriContainer[] }>("ListContainers", {})).containers,
    updateResources: async (containerId, linux) => {
      await runtime("UpdateContainerResources", { containerId, linux });
    },
    reopenLog: async (containerId) => {
      await runtime("ReopenContainerLog", { containerId });
    },
    containerStats: async () => (await runtime<{ stats: ContainerStats[] }>("ListContainerStats", {})).stats,
    execSync: (containerId, command, timeoutSeconds) => {
      const limitMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 + 5000 : undefined;
      const request = { containerId, cmd: command, timeout: timeoutSeconds };
      return runtime<ExecOutcome>("ExecSync", request, limitMs ?? 0x7fffffff);
    },
    exec: async ({ command, ...request }) => (await runtime<{ url: string }>("Exec", { ...request, cmd: command })).url,
    attach: async (request) => (await runtime<{ url: string }>("Attach", request)).url,
    portForward: async (podSandboxId, port) =>
      (await runtime<{ url: string }>("PortForward", { podSandboxId, port })).url,
  } satisfies Partial<Runtime>;
}

function imageCalls(images: Call) {
  return {
    imageStatus: async (image) =>
      (await images<{ image: CriImage | null }>("ImageStatus", { image: { image } }, readTimeoutMs)).image ?? undefined,
    pullImage: async (image, auth, sandboxConfig, signal) => {
      const request = { image: { image }, auth, sandboxConfig };
      return (await images<{ imageRef: string }>("PullImage", request, undefined, signal)).imageRef;
    },
    listImages: async () => (await images<{ images: CriImage[] }>("ListImages", {}, readTimeoutMs)).images,
    removeImage: async (image) => {
      await images("RemoveImage", { image: { image } }, readTimeoutMs);
    },
    imageFilesystems: async () =>
      (await images<{ imageFilesystems: FilesystemUsage[] }>("ImageFsInfo", {}, readTimeoutMs)).imageFilesystems,
  } satisfies Partial<Runtime>;
}
