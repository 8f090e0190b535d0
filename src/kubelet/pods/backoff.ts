/** How long to wait before the next try; doubles up to a limit, forgotten after twice the limit. Times in milliseconds. */
export interface Backoff {
  delayMs: number;
  updatedAtMs: number;
}

/** Kubernetes' own for restarts and for image pulls (Pod lifecycle, "How Pods handle problems with containers"). */
const backoffInitialMs = 10_000;
const backoffMaxMs = 300_000;

/** True once the last failure is so old that it does not count any more. */
function isForgotten(backoff: Backoff, atMs: number): boolean {
  return atMs - backoff.updatedAtMs > 2 * backoffMaxMs;
}

/** When the next try may come after something that ended at `sinceMs`. Pure. */
export function backoffUntilMs(backoff: Backoff | undefined, sinceMs: number): number {
  if (!backoff || isForgotten(backoff, sinceMs)) return sinceMs;
  return sinceMs + backoff.delayMs;
}

/** The back-off after one more try, made at `nowMs`, of what last ended at `sinceMs`. Pure. */
export function nextBackoff(backoff: Backoff | undefined, sinceMs: number, nowMs: number): Backoff {
  if (!backoff || isForgotten(backoff, sinceMs)) return { delayMs: backoffInitialMs, updatedAtMs: nowMs };
  return { delayMs: Math.min(backoff.delayMs * 2, backoffMaxMs), updatedAtMs: nowMs };
}

/** A delay as Go prints a duration: `10s`, `1m20s`, `5m0s`. */
export function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
