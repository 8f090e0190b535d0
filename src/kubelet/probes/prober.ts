import type { Clock } from "../../base/world.ts";
import type { ContainerProbes } from "../pods/kit.ts";
import type { Container, Pod, Probe } from "../pods/pod.ts";
import type { ContainerState } from "../pods/state.ts";
import type { ProbeCount, ProbeKind } from "./count.ts";
import { countProbe, firstCount } from "./count.ts";
import type { ProbeOutcome } from "./run.ts";

export interface ProberOptions {
  clock: Clock;
  pod(): Pod;
  container: Container;
  state: ContainerState;
  run(probe: Probe): Promise<ProbeOutcome>;
  tell(type: "Warning", reason: string, message: string): void;
  /** Told when what the plan or the status depends on changed. */
  changed(): void;
}

const titles = { liveness: "Liveness", readiness: "Readiness", startup: "Startup" };

/** Runs the probes of one running container until disposed. */
export function proberFor(options: ProberOptions): ContainerProbes {
  const { container, clock, state } = options;
  const counts: Record<ProbeKind, ProbeCount> = {
    liveness: firstCount("liveness"),
    readiness: firstCount("readiness"),
    startup: firstCount("startup"),
  };
  const probes: Record<ProbeKind, Probe | undefined> = {
    liveness: container.livenessProbe,
    readiness: container.readinessProbe,
    startup: container.startupProbe,
  };
  const timers = new Map<ProbeKind, Disposable>();
  let disposed = false;

  const isUp = () => probes.startup === undefined || counts.startup.verdict === "success";
  const isDone = (kind: ProbeKind) => {
    if (kind === "startup") return counts.startup.verdict !== "unknown";
    return kind === "liveness" && counts.liveness.verdict === "failure";
  };

  async function tick(kind: ProbeKind): Promise<void> {
    const probe = probes[kind];
    if (disposed || !probe || isDone(kind)) return;
    const waits = kind !== "startup" && !isUp();
    const ending = kind !== "readiness" && options.pod().metadata.deletionTimestamp !== undefined;
    if (!waits && !ending) await tryOnce(kind, probe);
    if (!disposed && !isDone(kind)) schedule(kind, (probe.periodSeconds ?? 10) * 1000);
  }

  async function tryOnce(kind: ProbeKind, probe: Probe): Promise<void> {
    const outcome = await options.run(probe);
    if (disposed) return;
    if (outcome.result === "failure")
      options.tell("Warning", "Unhealthy", `${titles[kind]} probe failed: ${outcome.output}`);
    if (outcome.result === "warning")
      options.tell("Warning", "ProbeWarning", `${titles[kind]} probe warning: ${outcome.output}`);
    if (outcome.result === "unknown")
      options.tell(
        "Warning",
        "Unhealthy",
        `${titles[kind]} probe errored and resulted in unknown state: ${outcome.output}`,
      );
    const before = counts[kind].verdict;
    counts[kind] = countProbe(counts[kind], outcome, probe);
    if (counts[kind].verdict === before) return;
    // Readiness counts from the moment the container is up: no need to wait for its next turn.
    if (kind === "startup" && isUp()) for (const other of ["readiness", "liveness"] as const) schedule(other, 0);
    options.changed();
  }

  function schedule(kind: ProbeKind, inMs: number): void {
    timers.get(kind)?.[Symbol.dispose]();
    timers.set(
      kind,
      clock.after(inMs, () => void tick(kind)),
    );
  }

  for (const kind of ["startup", "liveness", "readiness"] as const) {
    const probe = probes[kind];
    if (!probe) continue;
    const dueMs = state.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    schedule(kind, Math.max(0, dueMs - clock.now()));
  }

  return {
    results() {
      const failed = failure(probes, counts);
      return {
        ...(probes.startup ? { started: counts.startup.verdict === "success" } : {}),
        ...(probes.readiness ? { ready: isUp() && counts.readiness.verdict === "success" } : {}),
        ...(failed ? { failed } : {}),
      };
    },
    [Symbol.dispose]() {
      disposed = true;
      for (const timer of timers.values()) timer[Symbol.dispose]();
    },
  };
}

function failure(
  probes: Record<ProbeKind, Probe | undefined>,
  counts: Record<ProbeKind, ProbeCount>,
): { probe: "liveness" | "startup"; graceSeconds?: number } | undefined {
  for (const probe of ["startup", "liveness"] as const)
    if (counts[probe].verdict === "failure")
      return { probe, graceSeconds: probes[probe]?.terminationGracePeriodSeconds };
  return undefined;
}
