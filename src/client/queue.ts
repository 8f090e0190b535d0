import type { Clock } from "../base/world.ts";

/** Keys that wait for work. A key is worked on once at a time; added meanwhile, it comes once more afterwards. */
export interface WorkQueue extends Disposable {
  add(key: string): void;
  addAfter(key: string, ms: number): void;
  /** Adds after a wait that grows with each failure of this key. */
  retry(key: string): void;
  /** The key did well: its failures are forgotten. */
  forget(key: string): void;
  /** How often the key failed in a row. */
  failures(key: string): number;
  /** Keys until the queue is disposed of. Call `done` for each. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  readonly size: number;
}

export interface QueueOptions {
  clock: Clock;
  /** First and longest wait of `retry`, in milliseconds; controller-runtime's numbers if absent. */
  retryMs?: { first: number; max: number };
}

/** Makes an empty queue. */
export function workQueue({ clock, retryMs = { first: 5, max: 1_000_000 } }: QueueOptions): WorkQueue {
  /** Invariant: a key is in `ready` at most once, and never while it is in `working`. */
  const ready = new Set<string>();
  const working = new Set<string>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  /** When a waiting key is due; the earliest wish counts. */
  const timers = new Map<string, { dueMs: number; timer: Disposable }>();
  const takers: ((key: string | undefined) => void)[] = [];
  let closed = false;

  function add(key: string): void {
    if (closed) return;
    if (working.has(key)) {
      again.add(key);
      return;
    }
    const taker = takers.shift();
    if (taker) {
      ready.delete(key);
      working.add(key);
      taker(key);
    } else ready.add(key);
  }

  function addAfter(key: string, ms: number): void {
    if (closed) return;
    if (ms <= 0) {
      add(key);
      return;
    }
    const dueMs = clock.monotonicMs() + ms;
    const waiting = timers.get(key);
    if (waiting && waiting.dueMs <= dueMs) return;
    waiting?.timer[Symbol.dispose]();
    const timer = clock.after(ms, () => {
      timers.delete(key);
      add(key);
    });
    timers.set(key, { dueMs, timer });
  }

  return {
    add,
    addAfter,
    retry(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      addAfter(key, Math.min(retryMs.first * 2 ** count, retryMs.max));
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
    async take() {
      if (closed) return undefined;
      const [first] = ready;
      if (first === undefined) return new Promise((resolve) => takers.push(resolve));
      ready.delete(first);
      working.add(first);
      return first;
    },
    done(key) {
      working.delete(key);
      if (again.delete(key)) add(key);
    },
    get size() {
      return ready.size;
    },
    [Symbol.dispose]() {
      closed = true;
      for (const { timer } of timers.values()) timer[Symbol.dispose]();
      for (const taker of takers.splice(0)) taker(undefined);
    },
  };
}
