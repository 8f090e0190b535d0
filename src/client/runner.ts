import { controllerOf, groupOf, type KubeObject, keyOf } from "../api/machinery/object.ts";
import { hasReason } from "../api/machinery/status.ts";
import type { Clock, Random } from "../base/world.ts";
import type { Action } from "./actions.ts";
import { carryOut, seenByCache } from "./carry_out.ts";
import type { Client, ResourceLike } from "./client.ts";
import type { Informers } from "./informers.ts";
import { workQueue } from "./queue.ts";
import { eventRecorder, type Recorder } from "./recorder.ts";
import { resourceRef } from "./resources.ts";
import { type LastFailure, lastFailureOf, type View, viewOf } from "./view.ts";

/** Maps objects of another resource to the keys of the primaries that they matter to. Pure. */
export interface Watch {
  resource: ResourceLike;
  /** `before` is what the object was, if it changed. */
  keys(object: KubeObject, view: View, before?: KubeObject): Iterable<string>;
}

/** A control loop as data: what it looks at, and the pure plan. The runner does all the rest. */
export interface Controller<T extends KubeObject = any, Observed = any> {
  name: string;
  /** Whose rights it has: an account of kube-system, `<name>-controller` if absent; null for the process's own. */
  account?: string | null;
  /** The source of its events, if it is not `<name>-controller`. */
  component?: string;
  primary: ResourceLike;
  /** Whether a change of a primary is reason to plan anew; every one is if absent. */
  minds?(now: T, before: T): boolean;
  /** Resources whose objects belong to a primary by their controlling owner. */
  owned?: readonly ResourceLike[];
  watches?: readonly Watch[];
  /** Resources that plans read and that wake nobody. */
  reads?: readonly ResourceLike[];
  /** Indexes that plans use, by resource. */
  indexes?: Readonly<Record<string, Readonly<Record<string, (object: any) => readonly string[]>>>>;
  /** Facts that no cache has, asked for before each plan. */
  observe?(object: T, client: Client, signal: AbortSignal): Promise<Observed>;
  /**
   * One step from what is towards what is wanted. Pure. It runs again for the same key only after the cache has seen
   * every write of the plan before.
   */
  plan(object: T, view: View, observed: Observed): Iterable<Action>;
  /** What is left to do when the primary is gone. Pure. */
  planGone?(key: string, view: View): Iterable<Action>;
  /** How many keys are worked on at once. */
  workers?: number;
}

/** What a runner needs from the world. */
export interface RunnerOptions {
  client: Client;
  clock: Clock;
  random: Random;
  informers: Informers;
  /** Events go here instead of to the API. */
  record?: Recorder;
  /** Told of failures that are tried again. */
  report?(error: unknown, about: { controller: string; key: string }): void;
}

const workersDefault = 16;

/** First and longest wait after a failure, in milliseconds; client-go's numbers. */
const retryMs = { first: 5, max: 1_000_000 };

/** Starts a controller once the caches it reads are filled. Dispose to end it; plans under way are finished. */
export function startController(controller: Controller, options: RunnerOptions): AsyncDisposable {
  const { client, clock, informers } = options;
  const abort = new AbortController();
  const queue = workQueue({ clock, retryMs });
  const startedMs = clock.now();
  const record =
    options.record ??
    eventRecorder({ ...options, source: { component: controller.component ?? `${controller.name}-controller` } });
  const primary = informers.of(controller.primary);
  for (const resource of [...(controller.owned ?? []), ...(controller.reads ?? [])]) informers.of(resource);
  for (const { resource } of controller.watches ?? []) informers.of(resource);
  for (const [resource, indexes] of Object.entries(controller.indexes ?? {}))
    for (const [name, read] of Object.entries(indexes)) informers.of(resource).addIndex(name, read);
  const failures = new Map<string, LastFailure>();
  const view = (key?: string) => viewOf(informers, clock.now(), startedMs, key ? failures.get(key) : undefined);
  const stack = new DisposableStack();

  async function work(key: string): Promise<void> {
    const object = primary.get(key);
    if (!object && !controller.planGone) {
      queue.forget(key);
      failures.delete(key);
      return;
    }
    let actions: Action[];
    if (object) {
      const observed = await controller.observe?.(object, client, abort.signal);
      actions = [...controller.plan(object, view(key), observed)];
    } else actions = [...controller.planGone!(key, view(key))];
    const { written, failures: failed, requeueMs } = await carryOut(actions, { client, record });
    await seenByCache(written, informers, abort.signal);
    const last = lastFailureOf(failed);
    if (last) failures.set(key, last);
    else failures.delete(key);
    if (requeueMs !== undefined) queue.addAfter(key, requeueMs);
    if (failed.length === 0) queue.forget(key);
    else queue.retry(key);
    for (const { error } of failed)
      if (!hasReason(error, "Conflict") && !hasReason(error, "AlreadyExists"))
        options.report?.(error, { controller: controller.name, key });
  }

  async function worker(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        await work(key);
      } catch (error) {
        if (!abort.signal.aborted) options.report?.(error, { controller: controller.name, key });
        queue.retry(key);
      } finally {
        queue.done(key);
      }
    }
  }

  let synced = false;
  const running = (async () => {
    await informers.synced();
    synced = true;
    if (abort.signal.aborted) return;
    subscribe(controller, informers, view, (key) => queue.add(key), stack);
    await Promise.all(Array.from({ length: controller.workers ?? workersDefault }, worker));
  })();

  return {
    async [Symbol.asyncDispose]() {
      abort.abort();
      stack.dispose();
      queue[Symbol.dispose]();
      // Caches that never fill must not hold up the end.
      if (synced) await running;
    },
  };
}

/** Connects changes in the caches with keys in the queue. */
function subscribe(
  controller: Controller,
  informers: Informers,
  view: () => View,
  add: (key: string) => void,
  stack: DisposableStack,
): void {
  const { kind, group } = resourceRef(controller.primary);
  const primaryChanged = (key: string, now?: KubeObject, before?: KubeObject) => {
    if (!controller.minds || !now || !before || controller.minds(now, before)) add(key);
  };
  stack.use(informers.of(controller.primary).onChange(primaryChanged));
  const ownerKey = (object: KubeObject | undefined): string | undefined => {
    const owner = object && controllerOf(object);
    if (owner?.kind !== kind || groupOf(owner.apiVersion) !== group) return undefined;
    return keyOf({ metadata: { namespace: object!.metadata.namespace, name: owner.name } });
  };
  for (const resource of controller.owned ?? []) {
    const changed = (_: string, now?: KubeObject, before?: KubeObject) => {
      const keys = new Set([ownerKey(now), ownerKey(before)]);
      for (const key of keys) if (key !== undefined) add(key);
    };
    stack.use(informers.of(resource).onChange(changed));
  }
  for (const watch of controller.watches ?? []) {
    const changed = (_: string, now?: KubeObject, before?: KubeObject) => {
      for (const key of watch.keys((now ?? before)!, view(), before)) add(key);
    };
    stack.use(informers.of(watch.resource).onChange(changed));
  }
}
