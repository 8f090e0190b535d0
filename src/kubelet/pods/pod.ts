// A pod as this room reads it: defaults are applied, so most of what the API calls optional is still optional here.
import type { KubeObject } from "../../api/machinery/object.ts";

export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}

export interface PodSpec {
  nodeName?: string;
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: (Container & { targetContainerName?: string })[];
  volumes?: Volume[];
  restartPolicy?: RestartPolicy;
  terminationGracePeriodSeconds?: number;
  activeDeadlineSeconds?: number;
  dnsPolicy?: "ClusterFirst" | "ClusterFirstWithHostNet" | "Default" | "None";
  dnsConfig?: { nameservers?: string[]; searches?: string[]; options?: { name: string; value?: string }[] };
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  shareProcessNamespace?: boolean;
  hostname?: string;
  hostnameOverride?: string;
  subdomain?: string;
  setHostnameAsFQDN?: boolean;
  hostAliases?: { ip: string; hostnames?: string[] }[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  imagePullSecrets?: { name?: string }[];
  securityContext?: PodSecurityContext;
  readinessGates?: { conditionType: string }[];
  runtimeClassName?: string;
  overhead?: Record<string, Quantity>;
  resources?: Resources;
  priority?: number;
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string }[];
  nodeSelector?: Record<string, string>;
  affinity?: any;
  os?: { name: string };
}

export type RestartPolicy = "Always" | "OnFailure" | "Never";
export type Quantity = string | number;
export interface Resources {
  limits?: Record<string, Quantity>;
  requests?: Record<string, Quantity>;
}

export interface Container {
  name: string;
  image?: string;
  imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvVar[];
  envFrom?: {
    prefix?: string;
    configMapRef?: { name?: string; optional?: boolean };
    secretRef?: { name?: string; optional?: boolean };
  }[];
  ports?: {
    name?: string;
    containerPort: number;
    hostPort?: number;
    hostIP?: string;
    protocol?: "TCP" | "UDP" | "SCTP";
  }[];
  resources?: Resources;
  resizePolicy?: { resourceName: string; restartPolicy: "NotRequired" | "RestartContainer" }[];
  restartPolicy?: RestartPolicy;
  restartPolicyRules?: {
    action: "Restart" | "RestartAllContainers";
    exitCodes?: { operator: "In" | "NotIn"; values?: number[] };
  }[];
  volumeMounts?: VolumeMount[];
  volumeDevices?: { name: string; devicePath: string }[];
  lifecycle?: { postStart?: LifecycleHandler; preStop?: LifecycleHandler; stopSignal?: string };
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  securityContext?: SecurityContext;
  terminationMessagePath?: string;
  terminationMessagePolicy?: "File" | "FallbackToLogsOnError";
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    fieldRef?: FieldRef;
    resourceFieldRef?: ResourceFieldRef;
    configMapKeyRef?: KeyRef;
    secretKeyRef?: KeyRef;
    fileKeyRef?: { volumeName: string; path: string; key: string; optional?: boolean };
  };
}

export interface FieldRef {
  apiVersion?: string;
  fieldPath: string;
}

export interface ResourceFieldRef {
  containerName?: string;
  resource: string;
  divisor?: Quantity;
}

export interface KeyRef {
  name?: string;
  key: string;
  optional?: boolean;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  subPath?: string;
  subPathExpr?: string;
  readOnly?: boolean;
  recursiveReadOnly?: "Disabled" | "IfPossible" | "Enabled";
  mountPropagation?: "None" | "HostToContainer" | "Bidirectional";
}

export interface HttpGet {
  path?: string;
  port: string | number;
  host?: string;
  scheme?: "HTTP" | "HTTPS";
  httpHeaders?: { name: string; value: string }[];
}

export interface LifecycleHandler {
  exec?: { command?: string[] };
  httpGet?: HttpGet;
  tcpSocket?: { port: string | number; host?: string };
  sleep?: { seconds: number };
}

export interface Probe extends LifecycleHandler {
  grpc?: { port: number; service?: string };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
  terminationGracePeriodSeconds?: number;
}

export interface Seccomp {
  type: "RuntimeDefault" | "Unconfined" | "Localhost";
  localhostProfile?: string;
}

export interface PodSecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  fsGroup?: number;
  fsGroupChangePolicy?: "Always" | "OnRootMismatch";
  supplementalGroups?: number[];
  supplementalGroupsPolicy?: "Merge" | "Strict";
  sysctls?: { name: string; value: string }[];
  seccompProfile?: Seccomp;
  appArmorProfile?: Seccomp;
  seLinuxOptions?: { user?: string; role?: string; type?: string; level?: string };
}

export interface SecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  privileged?: boolean;
  readOnlyRootFilesystem?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  procMount?: "Default" | "Unmasked";
  seccompProfile?: Seccomp;
  appArmorProfile?: Seccomp;
  seLinuxOptions?: PodSecurityContext["seLinuxOptions"];
}

/** A volume; the one source field that is set names its type. */
export interface Volume {
  name: string;
  emptyDir?: { medium?: string; sizeLimit?: Quantity };
  hostPath?: { path: string; type?: string };
  configMap?: FileMapSource & { name?: string };
  secret?: FileMapSource & { secretName?: string };
  downwardAPI?: { items?: DownwardItem[]; defaultMode?: number };
  projected?: { sources?: ProjectedSource[]; defaultMode?: number };
  nfs?: { server: string; path: string; readOnly?: boolean };
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  [source: string]: any;
}

export interface FileMapSource {
  items?: { key: string; path: string; mode?: number }[];
  optional?: boolean;
  defaultMode?: number;
}

export interface DownwardItem {
  path: string;
  mode?: number;
  fieldRef?: FieldRef;
  resourceFieldRef?: ResourceFieldRef;
}

export interface ProjectedSource {
  configMap?: FileMapSource & { name?: string };
  secret?: FileMapSource & { name?: string };
  downwardAPI?: { items?: DownwardItem[] };
  serviceAccountToken?: { audience?: string; expirationSeconds?: number; path: string };
  clusterTrustBundle?: object;
}

export interface PodCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

export interface ContainerStateStatus {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
    containerID?: string;
  };
}

export interface ContainerStatus {
  name: string;
  state: ContainerStateStatus;
  lastState: ContainerStateStatus;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  containerID?: string;
  allocatedResources?: Record<string, Quantity>;
  resources?: Resources;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; recursiveReadOnly?: string }[];
  user?: { linux?: { uid: number; gid: number; supplementalGroups?: number[] } };
}

export interface PodStatus {
  observedGeneration?: number;
  phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  conditions?: PodCondition[];
  message?: string;
  reason?: string;
  hostIP?: string;
  hostIPs?: { ip: string }[];
  podIP?: string;
  podIPs?: { ip: string }[];
  startTime?: string;
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
  qosClass?: QosClass;
  [field: string]: any;
}

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";
export type ContainerKind = "init" | "main" | "ephemeral";

/** Every container of a pod with its kind, in the order in which they may start. */
export function containersOf(pod: Pod): { kind: ContainerKind; container: Container }[] {
  return [
    ...(pod.spec.initContainers ?? []).map((container) => ({ kind: "init" as const, container })),
    ...(pod.spec.ephemeralContainers ?? []).map((container) => ({ kind: "ephemeral" as const, container })),
    ...pod.spec.containers.map((container) => ({ kind: "main" as const, container })),
  ];
}

/** True for an init container that goes on beside the main ones (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

/** True for the phases that a pod never leaves. */
export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** `name_namespace(uid)`, as Kubernetes' messages call a pod. */
export function podLabel(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}
