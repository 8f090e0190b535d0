// The CRI's messages as this room sees them: camel case, only what is read or written here.

export type NamespaceMode = "POD" | "CONTAINER" | "NODE" | "TARGET";

export interface NamespaceOption {
  network?: NamespaceMode;
  pid?: NamespaceMode;
  ipc?: NamespaceMode;
  targetId?: string;
}

export interface SecurityProfile {
  profileType: "RuntimeDefault" | "Unconfined" | "Localhost";
  localhostRef?: string;
}

export interface SeLinuxOption {
  user?: string;
  role?: string;
  type?: string;
  level?: string;
}

export interface LinuxResources {
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuShares?: number;
  memoryLimitInBytes?: number;
  oomScoreAdj?: number;
  hugepageLimits?: { pageSize: string; limit: number }[];
  unified?: Record<string, string>;
  memorySwapLimitInBytes?: number;
}

export interface SandboxConfig {
  metadata: { name: string; uid: string; namespace: string; attempt: number };
  hostname?: string;
  logDirectory: string;
  dnsConfig?: { servers: string[]; searches: string[]; options: string[] };
  portMappings?: {
    protocol: "TCP" | "UDP" | "SCTP";
    containerPort: number;
    hostPort: number;
    hostIp?: string;
  }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: {
    cgroupParent?: string;
    sysctls?: Record<string, string>;
    resources?: LinuxResources;
    overhead?: LinuxResources;
    securityContext?: {
      namespaceOptions?: NamespaceOption;
      selinuxOptions?: SeLinuxOption;
      runAsUser?: { value: number };
      runAsGroup?: { value: number };
      readonlyRootfs?: boolean;
      supplementalGroups?: number[];
      supplementalGroupsPolicy?: "Merge" | "Strict";
      privileged?: boolean;
      seccomp?: SecurityProfile;
      apparmor?: SecurityProfile;
    };
  };
}

export interface ContainerSecurityContext {
  capabilities?: { addCapabilities: string[]; dropCapabilities: string[] };
  privileged?: boolean;
  namespaceOptions?: NamespaceOption;
  selinuxOptions?: SeLinuxOption;
  runAsUser?: { value: number };
  runAsGroup?: { value: number };
  runAsUsername?: string;
  readonlyRootfs?: boolean;
  supplementalGroups?: number[];
  supplementalGroupsPolicy?: "Merge" | "Strict";
  noNewPrivs?: boolean;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  seccomp?: SecurityProfile;
  apparmor?: SecurityProfile;
  /** What containerd 1.6 reads besides `apparmor` and `seccomp`. */
  apparmorProfile?: string;
  seccompProfilePath?: string;
}

export interface CriMount {
  containerPath: string;
  hostPath: string;
  readonly?: boolean;
  selinuxRelabel?: boolean;
  recursiveReadOnly?: boolean;
  propagation?: "PROPAGATION_PRIVATE" | "PROPAGATION_HOST_TO_CONTAINER" | "PROPAGATION_BIDIRECTIONAL";
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number };
  image: { image: string; userSpecifiedImage?: string };
  command: string[];
  args: string[];
  workingDir?: string;
  envs: { key: string; value: string }[];
  mounts: CriMount[];
  devices?: { containerPath: string; hostPath: string; permissions: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's log directory. */
  logPath: string;
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
  linux: { resources?: LinuxResources; securityContext?: ContainerSecurityContext };
}

export interface Sandbox {
  id: string;
  metadata: { name: string; uid: string; namespace: string; attempt: number };
  state: "SANDBOX_READY" | "SANDBOX_NOTREADY";
  /** Nanoseconds since the epoch. */
  createdAt: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface SandboxStatus extends Sandbox {
  network?: { ip: string; additionalIps: { ip: string }[] } | null;
}

export type CriContainerState = "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED" | "CONTAINER_UNKNOWN";

export interface CriContainer {
  id: string;
  podSandboxId: string;
  metadata: { name: string; attempt: number };
  image: { image: string };
  imageRef: string;
  state: CriContainerState;
  createdAt: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface CriContainerStatus {
  id: string;
  metadata: { name: string; attempt: number };
  state: CriContainerState;
  /** Nanoseconds since the epoch, 0 if not so. */
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  image: { image: string };
  imageRef: string;
  imageId?: string;
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
  user?: { linux?: { uid: number; gid: number; supplementalGroups: number[] } | null } | null;
}

export interface CriImage {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  size: number;
  uid?: { value: number } | null;
  username: string;
  pinned: boolean;
}

export interface ImageAuth {
  username?: string;
  password?: string;
  auth?: string;
  serverAddress?: string;
  identityToken?: string;
  registryToken?: string;
}

export interface ContainerStats {
  attributes: { id: string; metadata: { name: string; attempt: number }; labels: Record<string, string> };
  cpu?: { timestamp: number; usageCoreNanoSeconds?: Counter; usageNanoCores?: Counter } | null;
  memory?: {
    timestamp: number;
    workingSetBytes?: Counter;
    availableBytes?: Counter;
    usageBytes?: Counter;
    rssBytes?: Counter;
    pageFaults?: Counter;
    majorPageFaults?: Counter;
  } | null;
  writableLayer?: { timestamp: number; usedBytes?: Counter; inodesUsed?: Counter } | null;
}

export type Counter = { value: number } | null;

export interface RuntimeCondition {
  type: string;
  status: boolean;
  reason: string;
  message: string;
}

export interface ExecOutcome {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}

export interface FilesystemUsage {
  timestamp: number;
  fsId?: { mountpoint: string } | null;
  usedBytes?: Counter;
  inodesUsed?: Counter;
}
