import type { Probe } from "../pods/pod.ts";
import type { ProbeOutcome } from "./run.ts";

export type ProbeKind = "liveness" | "readiness" | "startup";
export type Verdict = "success" | "failure" | "unknown";

/** What a probe is taken to say, and what its last tries said. */
export interface ProbeCount {
  verdict: Verdict;
  last?: "success" | "failure";
  /** How often `last` came in a row. */
  run: number;
}

/** Before the first try a container is alive, not ready, and not known to have started. */
export function firstCount(kind: ProbeKind): ProbeCount {
  return { verdict: kind === "liveness" ? "success" : kind === "readiness" ? "failure" : "unknown", run: 0 };
}

/** Counts one more try: the verdict changes after as many equal tries as the threshold says. Pure. */
export function countProbe(count: ProbeCount, outcome: ProbeOutcome, probe: Probe): ProbeCount {
  if (outcome.result === "unknown") return count;
  const last = outcome.result === "failure" ? "failure" : "success";
  const run = count.last === last ? count.run + 1 : 1;
  const threshold = last === "failure" ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  return { verdict: run >= threshold ? last : count.verdict, last, run };
}
