import { containerStatus } from "./container_status.ts";
import type { PodWorld } from "./plan.ts";
import { isFinished } from "./plan.ts";
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from "./pod.ts";
import { isSidecar, isTerminalPhase } from "./pod.ts";
import { qosClass } from "./qos.ts";

/** What a pod's status depends on beyond its world. */
export interface StatusWorld extends PodWorld {
  hostIps: readonly string[];
  /** Why containers wait, by name: from the plan, and from starts under way or failed. */
  waiting: ReadonlyMap<string, { reason: string; message?: string }>;
  /** True once nothing of the pod runs and nothing will. */
  ended: boolean;
}

/** The conditions that the kubelet owns, in the order in which it lists them. */
const ownConditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/** The whole status of a pod, conditions of others included. Pure. */
export function podStatus(world: StatusWorld): PodStatus {
  const { pod, runtime, now } = world;
  const before = pod.status ?? {};
  const statuses = (containers: readonly Container[] | undefined, kind: "init" | "main" | "ephemeral") =>
    (containers ?? []).map((container) => containerStatus(world, container, kind));
  const init = statuses(pod.spec.initContainers, "init");
  const main = statuses(pod.spec.containers, "main");
  const ephemeral = statuses(pod.spec.ephemeralContainers, "ephemeral");
  const phase = world.failed ? "Failed" : phaseOf(world, init, main);
  const terminal = isTerminalPhase(phase);
  const sandbox = runtime.sandboxes[0];
  const ips = sandbox && (sandbox.ready || terminal) ? podIps(world, sandbox.ips) : [];

  const status: PodStatus = {
    observedGeneration: pod.metadata.generation,
    phase,
    conditions: conditionsOf(world, phase, init, main),
    ...(world.failed ?? pick(before, "reason", "message")),
    hostIP: world.hostIps[0],
    hostIPs: world.hostIps.map((ip) => ({ ip })),
    startTime: timestamp(world.startedAtMs),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: before.qosClass ?? qosClass(pod),
    ...podLevelResources(pod),
  };
  const known = ips.length > 0 ? ips : terminal ? (before.podIPs ?? []).map(({ ip }) => ip) : [];
  if (known.length > 0) Object.assign(status, { podIP: known[0], podIPs: known.map((ip) => ({ ip })) });
  return stamp(status, before, now);
}

function podIps({ pod, hostIps }: StatusWorld, sandboxIps: readonly string[]): readonly string[] {
  return pod.spec.hostNetwork ? hostIps : sandboxIps;
}

function podLevelResources({ spec }: Pod): Partial<PodStatus> {
  if (!spec.resources || Object.keys(spec.resources).length === 0) return {};
  const { requests } = spec.resources;
  return { resources: spec.resources, ...(requests ? { allocatedResources: requests } : {}) };
}

function pick(from: PodStatus, ...fields: string[]): Partial<PodStatus> {
  return Object.fromEntries(fields.filter((field) => from[field] !== undefined).map((field) => [field, from[field]]));
}

/** Milliseconds as Kubernetes writes a time. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The phase that containers' states give (Pod lifecycle, "Pod phase"); a final one is never left. */
function phaseOf(
  { pod, runtime, ended }: StatusWorld,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): PodStatus["phase"] {
  const before = pod.status?.phase;
  if (isTerminalPhase(before)) return before;
  const succeeded = main.every(({ state }) => state.terminated?.exitCode === 0);
  if (ended) {
    const allMainEnded = main.every(({ state, lastState }) => (state.terminated ?? lastState.terminated) !== undefined);
    return allMainEnded && succeeded ? "Succeeded" : "Failed";
  }
  if (isFinished(pod, runtime)) {
    const sidecarsRun = init.some(({ state }) => state.running);
    if (sidecarsRun && main.every(({ state }) => state.terminated)) return "Running";
    return succeeded ? "Succeeded" : "Failed";
  }
  const begun = main.some(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
  const allBegun = main.every(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
  return begun && allBegun ? "Running" : "Pending";
}

function conditionsOf(
  world: StatusWorld,
  phase: PodStatus["phase"],
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): PodCondition[] {
  const { pod, runtime } = world;
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !ownConditions.includes(type));
  const sandbox = runtime.sandboxes[0];
  const networked = sandbox?.ready === true && (pod.spec.hostNetwork === true || sandbox.ips.length > 0);
  const containersReady = containersReadyCondition(pod, phase, init, main);
  const own: PodCondition[] = [
    { type: "PodReadyToStartContainers", status: networked ? "True" : "False" },
    initializedCondition(pod, phase, init, main),
    readyCondition(pod, containersReady, others),
    containersReady,
    { type: "PodScheduled", status: "True" },
  ];
  const observedGeneration = pod.metadata.generation;
  return [...own.map((condition) => ({ ...condition, observedGeneration })), ...others];
}

function initializedCondition(
  pod: Pod,
  phase: PodStatus["phase"],
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): PodCondition {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  const begun = main.some(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const incomplete = begun
    ? []
    : init.filter(({ name, ready, started }) => !(sidecars.has(name) ? started : ready)).map(({ name }) => name);
  if (incomplete.length === 0) return { type, status: "True" };
  const message = `containers with incomplete status: [${incomplete.join(" ")}]`;
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

function containersReadyCondition(
  pod: Pod,
  phase: PodStatus["phase"],
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): PodCondition {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const unready = [...init.filter(({ name }) => sidecars.has(name)), ...main]
    .filter(({ ready }) => !ready)
    .map(({ name }) => name);
  if (unready.length === 0) return { type, status: "True" };
  const message = `containers with unready status: [${unready.join(" ")}]`;
  return { type, status: "False", reason: "ContainersNotReady", message };
}

function readyCondition(pod: Pod, containersReady: PodCondition, others: readonly PodCondition[]): PodCondition {
  const type = "Ready";
  if (containersReady.status !== "True") return { ...containersReady, type };
  const missing = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = others.find((condition) => condition.type === conditionType);
    if (!found) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return found.status === "True"
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  if (missing.length === 0) return { type, status: "True" };
  return { type, status: "False", reason: "ReadinessGatesNotReady", message: missing.join(", ") };
}

/** Keeps the time of the last change of each condition. */
function stamp(status: PodStatus, before: PodStatus, now: number): PodStatus {
  const conditions = status.conditions!.map((condition) => {
    const was = before.conditions?.find(({ type }) => type === condition.type);
    const changed = was?.status !== condition.status || !was?.lastTransitionTime;
    const lastTransitionTime = changed ? timestamp(now) : was.lastTransitionTime;
    return { lastProbeTime: null, ...condition, lastTransitionTime };
  });
  return { ...status, conditions };
}
