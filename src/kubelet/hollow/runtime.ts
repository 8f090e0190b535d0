import type { Clock } from "../../base/world.ts";
import type { Runtime, RuntimeEvent } from "../cri/runtime.ts";
import type { ContainerConfig, CriContainerStatus, CriImage, SandboxConfig, SandboxStatus } from "../cri/types.ts";
import type { Script } from "./script.ts";
import { scriptOf } from "./script.ts";

export interface HollowOptions {
  clock: Clock;
  /** The n-th pod's address; by default from 10.244.0.0/16. */
  addressOf?(index: number): string;
}

interface HollowContainer {
  status: CriContainerStatus;
  sandboxId: string;
  script: Script;
  timer?: Disposable;
}

const nsPerMs = 1e6;
const sizeOfAnImage = 1_000_000;

/**
 * A runtime in memory: containers run at once and for ever, unless the pod's annotations script them (see script.ts).
 */
export function hollowRuntime({ clock, addressOf = defaultAddress }: HollowOptions): Runtime {
  const sandboxes = new Map<string, SandboxStatus>();
  const containers = new Map<string, HollowContainer>();
  const images = new Map<string, CriImage>();
  const listeners = new Set<(event: RuntimeEvent) => void>();
  let ids = 0;

  const nowNs = () => clock.now() * nsPerMs;
  const nextId = () => (++ids).toString(16).padStart(64, "0");
  const gone = (kind: string, id: string) => Object.assign(new Error(`${kind} ${id} not found`), { code: 5 });
  const tell = (event: RuntimeEvent) => {
    for (const listener of listeners) listener(event);
  };

  function containerOf(id: string): HollowContainer {
    const found = containers.get(id);
    if (!found) throw gone("container", id);
    return found;
  }

  function exit(id: string, exitCode: number): void {
    const container = containers.get(id);
    if (!container || container.status.state === "CONTAINER_EXITED") return;
    container.timer?.[Symbol.dispose]();
    const reason = exitCode === 0 ? "Completed" : "Error";
    container.status = { ...container.status, state: "CONTAINER_EXITED", finishedAt: nowNs(), exitCode, reason };
    tell({ type: "exited", id, exitCode, atMs: clock.now() });
  }

  function start(id: string): void {
    const container = containerOf(id);
    container.status = { ...container.status, state: "CONTAINER_RUNNING", startedAt: nowNs() };
    tell({ type: "started", id });
    const { runsMs, exitCode } = container.script;
    if (runsMs !== undefined) container.timer = clock.after(runsMs, () => exit(id, exitCode));
  }

  async function* events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const queue: RuntimeEvent[] = [{ type: "relist" }];
    let wake = () => {};
    const listener = (event: RuntimeEvent) => {
      queue.push(event);
      wake();
    };
    const end = () => wake();
    listeners.add(listener);
    signal.addEventListener("abort", end);
    try {
      while (!signal.aborted) {
        yield* queue.splice(0);
        if (queue.length === 0 && !signal.aborted)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      listeners.delete(listener);
      signal.removeEventListener("abort", end);
    }
  }

  function imageOf(name: string): CriImage {
    const known = images.get(name);
    if (known) return known;
    const id = `sha256:${images.size.toString(16).padStart(64, "0")}`;
    const image = { id, repoTags: [name], repoDigests: [], size: sizeOfAnImage, username: "", pinned: false };
    images.set(name, image);
    images.set(id, image);
    return image;
  }

  const notThere = async (): Promise<never> => {
    throw new Error("not supported yet: streams into hollow pods");
  };

  return {
    version: async () => ({ runtimeName: "hollow", runtimeVersion: "1.0.0" }),
    conditions: async () =>
      ["RuntimeReady", "NetworkReady"].map((type) => ({ type, status: true, reason: "", message: "" })),
    setPodCidr: async () => {},
    runSandbox: async (config) => newSandbox(config),
    async stopSandbox(id) {
      const sandbox = sandboxes.get(id);
      if (!sandbox) return;
      for (const [one, { sandboxId }] of containers) if (sandboxId === id) exit(one, 137);
      sandboxes.set(id, { ...sandbox, state: "SANDBOX_NOTREADY" });
    },
    async removeSandbox(id) {
      sandboxes.delete(id);
      for (const [one, { sandboxId }] of containers) if (sandboxId === id) containers.delete(one);
    },
    async sandboxStatus(id) {
      const found = sandboxes.get(id);
      if (!found) throw gone("sandbox", id);
      return found;
    },
    listSandboxes: async () => [...sandboxes.values()],
    createContainer: async (sandboxId, config, sandbox) => newContainer(sandboxId, config, sandbox),
    startContainer: async (id) => start(id),
    async stopContainer(id, graceSeconds) {
      const { script } = containerOf(id);
      if (script.ignoresTerm && graceSeconds > 0) await clock.sleep(graceSeconds * 1000);
      exit(id, script.ignoresTerm ? 137 : 143);
    },
    async removeContainer(id) {
      containers.get(id)?.timer?.[Symbol.dispose]();
      containers.delete(id);
    },
    containerStatus: async (id) => containerOf(id).status,
    listContainers: async () =>
      [...containers.values()].map(({ status, sandboxId }) => ({ ...status, podSandboxId: sandboxId })),
    updateResources: async () => {},
    reopenLog: async () => {},
    containerStats: async () => [],
    execSync: async (id) => {
      containerOf(id);
      return { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 };
    },
    exec: notThere,
    attach: notThere,
    portForward: notThere,
    imageStatus: async (name) => images.get(name),
    async pullImage(name) {
      // Names under this host stand for images that do not exist.
      if (name.startsWith("missing.invalid/")) throw new Error(`${name}: not found`);
      return imageOf(name).id;
    },
    listImages: async () => [...new Set(images.values())],
    async removeImage(name) {
      const found = images.get(name);
      for (const [key, image] of images) if (image === found) images.delete(key);
    },
    imageFilesystems: async () => [],
    events,
  };

  function newSandbox({ metadata, labels, annotations }: SandboxConfig): string {
    const id = nextId();
    const network = { ip: addressOf(ids), additionalIps: [] };
    sandboxes.set(id, { id, metadata, labels, annotations, network, state: "SANDBOX_READY", createdAt: nowNs() });
    return id;
  }

  function newContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): string {
    const id = nextId();
    const { metadata, labels, annotations, image, logPath } = config;
    const status: CriContainerStatus = {
      id,
      metadata,
      labels,
      annotations,
      logPath: `${sandbox.logDirectory}/${logPath}`,
      state: "CONTAINER_CREATED",
      createdAt: nowNs(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      image: { image: image.userSpecifiedImage ?? image.image },
      imageRef: image.image,
      reason: "",
      message: "",
    };
    containers.set(id, { status, sandboxId, script: scriptOf(sandbox.annotations, metadata.name, metadata.attempt) });
    return id;
  }
}

function defaultAddress(index: number): string {
  return `10.244.${(index >> 8) & 255}.${index & 255}`;
}
