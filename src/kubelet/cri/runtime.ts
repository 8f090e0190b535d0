import type {
  ContainerConfig,
  ContainerStats,
  CriContainer,
  CriContainerStatus,
  CriImage,
  ExecOutcome,
  FilesystemUsage,
  ImageAuth,
  LinuxResources,
  RuntimeCondition,
  Sandbox,
  SandboxConfig,
  SandboxStatus,
} from "./types.ts";

/** Something happened to a container or a sandbox (their ids are of one kind). */
export type RuntimeEvent =
  | { type: "started"; id: string }
  | { type: "exited"; id: string; exitCode: number; atMs: number }
  | { type: "oom"; id: string }
  /** Events may have been lost: list everything again. */
  | { type: "relist" };

/**
 * What runs pods: a CRI runtime, or the hollow one in memory. Failures reject with an error that has `details` (the
 * runtime's own words) and `code` (gRPC's number; 5 is "not found").
 */
export interface Runtime {
  version(): Promise<{ runtimeName: string; runtimeVersion: string }>;
  conditions(): Promise<RuntimeCondition[]>;
  /** Tells the runtime the node's pod CIDR, for those that write their own network configuration. */
  setPodCidr(podCidr: string): Promise<void>;

  runSandbox(config: SandboxConfig, runtimeHandler: string, signal?: AbortSignal): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): Promise<SandboxStatus>;
  listSandboxes(): Promise<Sandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, and SIGKILL after `graceSeconds`. Resolves when the container has ended. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  containerStatus(id: string): Promise<CriContainerStatus>;
  listContainers(): Promise<CriContainer[]>;
  updateResources(id: string, resources: LinuxResources): Promise<void>;
  reopenLog(id: string): Promise<void>;
  containerStats(): Promise<ContainerStats[]>;

  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecOutcome>;
  /** These three give the address of a stream. */
  exec(request: StreamRequest & { command: string[] }): Promise<string>;
  attach(request: StreamRequest): Promise<string>;
  portForward(sandboxId: string, ports: number[]): Promise<string>;

  /** Undefined if the image is not here. */
  imageStatus(image: string): Promise<CriImage | undefined>;
  pullImage(image: string, auth?: ImageAuth, sandbox?: SandboxConfig, signal?: AbortSignal): Promise<string>;
  listImages(): Promise<CriImage[]>;
  removeImage(image: string): Promise<void>;
  imageFilesystems(): Promise<FilesystemUsage[]>;

  /** Events until the signal is aborted; begins with a `relist`, and sends one after every gap. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export interface StreamRequest {
  containerId: string;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** What the runtime said when it failed, without gRPC's numbers. */
export function runtimeMessage(error: unknown): string {
  const { details, message } = error as { details?: string; message?: string };
  return details || message || String(error);
}

/** True if the runtime says that there is no such container, sandbox or image. */
export function isRuntimeNotFound(error: unknown): boolean {
  return (error as { code?: unknown }).code === 5 || /not found|no such/i.test(runtimeMessage(error));
}
