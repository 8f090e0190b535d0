// Worlds of one pod written as text, for the tests of plans and statuses.
import { specHash } from "./hash.ts";
import type { PodPlan, PodWorld } from "./plan.ts";
import type { Pod, PodSpec } from "./pod.ts";
import { containersOf } from "./pod.ts";
import type { ContainerState, SandboxState } from "./state.ts";
import { withContainer, withSandbox } from "./state.ts";

/** The time at which every world is looked at: 1,000 s after the epoch of the tests. */
const now = 1_000_000_000;

/** A pod with these fields of its spec; containers are given by their names or whole. */
export function podOf(
  spec: Omit<Partial<PodSpec>, "containers" | "initContainers"> & { containers?: any[]; initContainers?: any[] },
  metadata: object = {},
): Pod {
  const whole = (list: any[] | undefined) =>
    list?.map((one) => (typeof one === "string" ? { name: one, image: "i" } : { image: "i", ...one }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "p",
      namespace: "ns",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "",
      generation: 1,
      ...metadata,
    },
    spec: {
      terminationGracePeriodSeconds: 30,
      ...spec,
      containers: whole(spec.containers ?? ["c"])!,
      initContainers: whole(spec.initContainers),
    },
  };
}

const numberAfter = (words: string[], mark: string): number | undefined => {
  const word = words.find((one) => one.startsWith(mark));
  return word === undefined ? undefined : Number(word.slice(mark.length));
};

/**
 * A world from text. Parts are divided by `|`: `sandbox`, `sandbox down #1`, `c running`, `c exited 1 ago:20 #2 in:1`
 * (exit code, seconds since it ended, attempt, attempt of its sandbox), `c running cpu:1`, `mounting`, `unmounted`, `starting c`,
 * `killing c in:30`, `backoff c 20`, `retry c 5`, `gone`, `deleted 30` (grace), `started ago:60`, `failed Evicted`.
 */
export function worldOf(pod: Pod, text: string): PodWorld {
  let world: PodWorld = {
    pod,
    now,
    runtime: { sandboxes: [], containers: [] },
    probes: new Map(),
    backoffs: new Map(),
    retries: new Map(),
    jobs: { killing: new Map() },
    gone: false,
    startedAtMs: now - 60_000,
    volumesReady: true,
  };
  for (const part of text.split("|").map((one) => one.trim())) if (part) world = withPart(world, part.split(/\s+/));
  return world;
}

function withPart(world: PodWorld, words: string[]): PodWorld {
  const [first = "", second = ""] = words;
  const inMs = (numberAfter(words, "in:") ?? 0) * 1000;
  if (first === "sandbox") return { ...world, runtime: withSandbox(world.runtime, sandboxOf(words)) };
  if (first === "mounting") return { ...world, volumesReady: false, jobs: { ...world.jobs, mounting: true } };
  if (first === "unmounted") return { ...world, volumesReady: false };
  if (first === "starting") return { ...world, jobs: { ...world.jobs, starting: second } };
  if (first === "creating") return { ...world, jobs: { ...world.jobs, sandbox: "creating" } };
  if (first === "killing")
    return { ...world, jobs: { ...world.jobs, killing: new Map([[`id-${second}`, now + inMs]]) } };
  if (first === "backoff")
    return { ...world, backoffs: new Map([[second, { delayMs: Number(words[2]) * 1000, updatedAtMs: now - 30_000 }]]) };
  if (first === "retry")
    return {
      ...world,
      retries: new Map([[second, { untilMs: now + Number(words[2]) * 1000, reason: "ErrImagePull", message: "m" }]]),
    };
  if (first === "gone") return { ...world, gone: true };
  if (first === "failed") return { ...world, failed: { reason: second, message: "m" } };
  if (first === "started") return { ...world, startedAtMs: now - numberAfter(words, "ago:")! * 1000 };
  if (first === "probe") {
    const results =
      second === "liveness"
        ? { failed: { probe: "liveness" as const } }
        : { started: second === "started", ready: second === "ready" };
    return { ...world, probes: new Map([...world.probes, [`id-${words[2]}`, results]]) };
  }
  if (first === "deleted") {
    const metadata = { ...world.pod.metadata, deletionTimestamp: "t", deletionGracePeriodSeconds: Number(second) };
    return { ...world, pod: { ...world.pod, metadata }, endingSinceMs: now - (numberAfter(words, "ago:") ?? 0) * 1000 };
  }
  return { ...world, runtime: withContainer(world.runtime, stateOf(world.pod, words)) };
}

function sandboxOf(words: string[]): SandboxState {
  const attempt = numberAfter(words, "#") ?? 0;
  return {
    id: `s${attempt}`,
    attempt,
    ready: !words.includes("down"),
    createdAtMs: now - 50_000 + attempt,
    ips: ["10.0.0.1"],
  };
}

function stateOf(pod: Pod, words: string[]): ContainerState {
  const [name = "", state = ""] = words;
  const attempt = numberAfter(words, "#") ?? 0;
  const cpu = numberAfter(words, "cpu:");
  const finishedAtMs = state === "exited" ? now - (numberAfter(words, "ago:") ?? 1) * 1000 : 0;
  const spec = containersOf(pod).find(({ container }) => container.name === name)!.container;
  return {
    id: words.includes("old") ? `id-${name}-${attempt}` : `id-${name}`,
    name,
    sandboxId: `s${numberAfter(words, "in:") ?? 0}`,
    attempt,
    state: state as ContainerState["state"],
    createdAtMs: now - 40_000 + attempt,
    startedAtMs: now - 40_000,
    finishedAtMs,
    exitCode: state === "exited" ? Number(words[2] ?? 0) : 0,
    reason: "",
    message: "",
    image: "i",
    imageId: "sha256:i",
    hash: words.includes("changed") ? "other" : specHash(spec),
    logPath: "",
    ...(cpu === undefined ? {} : { resources: JSON.stringify({ requests: { cpu: String(cpu) } }) }),
  };
}

/** A plan as text: its actions, then what waits, then when to look again. */
export function planText({ actions, waiting, wakeAtMs }: PodPlan): string {
  const parts = actions.map((action) => {
    if (action.do === "createSandbox") return `sandbox #${action.attempt}`;
    if (action.do === "start")
      return `start ${action.name} #${action.attempt}${action.backoff ? ` then ${action.backoff.delayMs / 1000}s` : ""}`;
    if (action.do === "kill") return `kill ${action.name} ${action.graceSeconds}s`;
    if (action.do === "removeContainer" || action.do === "removeSandbox") return `${action.do} ${action.id}`;
    if (action.do === "fail") return `fail ${action.reason}`;
    if (action.do === "resize") return `resize ${action.name}`;
    return action.do;
  });
  for (const [name, { reason }] of waiting) parts.push(`${name} waits ${reason}`);
  if (wakeAtMs !== undefined) parts.push(`wake ${(wakeAtMs - now) / 1000}s`);
  return parts.join(" | ");
}
