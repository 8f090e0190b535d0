import type { Clock } from "../src/base/world.ts";

/** A clock that stands still until it is told to go on. */
export interface HandClock extends Clock {
  /** Goes on by `ms`, running every timer that becomes due on the way, in order. */
  advance(ms: number): void;
  /** When the next timer is due, in milliseconds of `monotonicMs`. */
  nextDueMs(): number | undefined;
}

interface Timer {
  dueMs: number;
  order: number;
  run(): void;
}

/** Simulations begin here. */
const startMs = Date.parse("2026-01-01T00:00:00Z");

/** A clock at the beginning of 2026. Timers that are due at the same time run in the order in which they were set. */
export function handClock(): HandClock {
  let elapsedMs = 0;
  let order = 0;
  /** Sorted by due time, then order, the earliest last. */
  const timers: Timer[] = [];

  function insert(timer: Timer): void {
    let low = 0;
    for (let high = timers.length; low < high; ) {
      const middle = (low + high) >> 1;
      const other = timers[middle]!;
      if (other.dueMs > timer.dueMs || (other.dueMs === timer.dueMs && other.order > timer.order)) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
  }

  const clock: HandClock = {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after(ms, run) {
      const timer = { dueMs: elapsedMs + Math.max(0, ms), order: order++, run };
      insert(timer);
      return {
        [Symbol.dispose]() {
          const at = timers.indexOf(timer);
          if (at >= 0) timers.splice(at, 1);
        },
      };
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const stop = () => {
          timer[Symbol.dispose]();
          reject(signal!.reason);
        };
        const timer = clock.after(ms, () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        });
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
    advance(ms) {
      const until = elapsedMs + ms;
      for (let next = timers.at(-1); next && next.dueMs <= until; next = timers.at(-1)) {
        timers.pop();
        elapsedMs = Math.max(elapsedMs, next.dueMs);
        next.run();
      }
      elapsedMs = until;
    },
    nextDueMs: () => timers.at(-1)?.dueMs,
  };
  return clock;
}
