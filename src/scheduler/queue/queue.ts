import { sameJson } from "../../base/equal.ts";
import type { Clock } from "../../base/world.ts";
import type { PodInfo } from "../cache/nodes.ts";
import type { ClusterEvent, Plugin } from "../framework/plugin.ts";
import { heap } from "./heap.ts";

/** How long a pod waits after its n-th failure, and how long one is left alone that nothing woke, in milliseconds. */
const backoffMs = { first: 1_000, max: 10_000 };
const leftoverMs = 300_000;

/** A pod that waits for a node. */
export interface Waiting {
  info: PodInfo;
  /** Order of arrival. */
  sequence: number;
  attempts: number;
  /**
   * `active`: in the heap. `backoff`: its timer puts it there. `unschedulable`: an event or its timer does. `gated`: only a
   * change of the pod does. `taken`: a cycle has it.
   */
  state: "active" | "backoff" | "unschedulable" | "gated" | "taken";
  /** Who turned it down last. */
  plugins: ReadonlySet<string>;
  failedAtMs: number;
  timer?: Disposable;
}

/** Pods without a node, most urgent first. */
export interface SchedulingQueue extends Disposable {
  /** Adds a pod or takes over its new state. */
  set(info: PodInfo): void;
  remove(uid: string): void;
  /** The next pod, at once or when there is one; undefined after the end. */
  take(): Promise<Waiting | undefined>;
  /** A cycle failed: the pod waits for something to change. With no plugins it failed for another reason, and backs off. */
  failed(waiting: Waiting, plugins: ReadonlySet<string>): void;
  /** Something changed in the cluster. */
  tell(event: ClusterEvent): void;
  readonly size: number;
}

export interface QueueOptions {
  clock: Clock;
  plugins: readonly Plugin[];
  /** Told when a pod is held back before the queue. */
  gated(info: PodInfo, reason: string): void;
}

/** An empty queue. */
export function schedulingQueue({ clock, plugins, gated }: QueueOptions): SchedulingQueue {
  const sort = plugins.find(({ queueSort }) => queueSort)?.queueSort ?? (() => 0);
  const active = heap<Waiting>((a, b) => sort(a.info, b.info) || a.sequence - b.sequence);
  const all = new Map<string, Waiting>();
  const unschedulable = new Set<Waiting>();
  const takers: ((waiting: Waiting | undefined) => void)[] = [];
  let sequence = 0;
  let closed = false;

  function activate(waiting: Waiting): void {
    waiting.timer?.[Symbol.dispose]();
    unschedulable.delete(waiting);
    const taker = takers.shift();
    waiting.state = taker ? "taken" : "active";
    if (taker) taker(waiting);
    else active.push(waiting);
  }

  /** To the heap, or first through what is left of its back-off. */
  function wake(waiting: Waiting): void {
    const pauseMs = Math.min(backoffMs.first * 2 ** Math.max(0, waiting.attempts - 1), backoffMs.max);
    const leftMs = waiting.attempts === 0 ? 0 : waiting.failedAtMs + pauseMs - clock.monotonicMs();
    if (leftMs <= 0) {
      activate(waiting);
      return;
    }
    waiting.timer?.[Symbol.dispose]();
    unschedulable.delete(waiting);
    waiting.state = "backoff";
    waiting.timer = clock.after(leftMs, () => activate(waiting));
  }

  function gateOf({ pod }: PodInfo): string | undefined {
    for (const plugin of plugins) {
      const reason = plugin.preEnqueue?.(pod);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  function enter(waiting: Waiting): void {
    const reason = gateOf(waiting.info);
    if (reason === undefined) {
      wake(waiting);
      return;
    }
    waiting.state = "gated";
    gated(waiting.info, reason);
  }

  return {
    set(info) {
      const known = all.get(info.uid);
      if (!known) {
        const waiting: Waiting = {
          info,
          sequence: sequence++,
          attempts: 0,
          state: "gated",
          plugins: new Set(),
          failedAtMs: 0,
        };
        all.set(info.uid, waiting);
        enter(waiting);
        return;
      }
      const changed = known.info.pod.metadata.generation !== info.pod.metadata.generation;
      const relabelled = !sameJson(known.info.pod.metadata.labels, info.pod.metadata.labels);
      known.info = info;
      // A status that we wrote ourselves is no reason to try again.
      if ((known.state === "gated" || known.state === "unschedulable") && (changed || relabelled)) enter(known);
    },
    remove(uid) {
      const known = all.get(uid);
      known?.timer?.[Symbol.dispose]();
      if (known) unschedulable.delete(known);
      all.delete(uid);
    },
    async take() {
      for (let next = active.pop(); next; next = active.pop()) {
        // Those that were removed meanwhile are still in the heap.
        if (all.get(next.info.uid) !== next || next.state !== "active") continue;
        next.state = "taken";
        return next;
      }
      if (closed) return undefined;
      return new Promise((resolve) => takers.push(resolve));
    },
    failed(waiting, by) {
      if (closed || all.get(waiting.info.uid) !== waiting) return;
      waiting.attempts++;
      waiting.plugins = by;
      waiting.failedAtMs = clock.monotonicMs();
      if (by.size === 0) {
        wake(waiting);
        return;
      }
      waiting.state = "unschedulable";
      unschedulable.add(waiting);
      waiting.timer = clock.after(leftoverMs, () => activate(waiting));
    },
    tell(event) {
      for (const waiting of [...unschedulable]) {
        const helps = plugins.some(({ name, wokenBy }) => waiting.plugins.has(name) && wokenBy?.(event, waiting.info));
        if (helps) wake(waiting);
      }
    },
    get size() {
      return all.size;
    },
    [Symbol.dispose]() {
      closed = true;
      for (const { timer } of all.values()) timer?.[Symbol.dispose]();
      for (const taker of takers.splice(0)) taker(undefined);
    },
  };
}
