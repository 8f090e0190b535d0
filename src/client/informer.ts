import { type KubeObject, keyOf } from "../api/machinery/object.ts";
import { hasReason, StatusError } from "../api/machinery/status.ts";
import type { Clock } from "../base/world.ts";
import type { Client, ListOptions, ResourceLike } from "./client.ts";

/** What changed: `before` is absent for a new object, `now` for one that is gone. */
export type Changed<T> = (key: string, now: T | undefined, before: T | undefined) => void;

/** The objects of one resource, kept up to date by list and watch. Objects are shared: nobody changes them. */
export interface Informer<T extends KubeObject = KubeObject> extends AsyncDisposable {
  /** By `namespace/name`, or `name`. */
  get(key: string): T | undefined;
  list(): Iterable<T>;
  readonly size: number;
  /** Objects under one value of an index that was declared with `indexes`. */
  by(index: string, value: string): Iterable<T>;
  /** Declares an index later on, over what is there too; one that is known by this name already stays. */
  addIndex(index: string, read: (object: T) => readonly string[]): void;
  /** Resolves once what is under a key (nothing, if it is gone) is as wanted, or when the informer ends. */
  until(key: string, wanted: (object: T | undefined) => boolean): Promise<void>;
  /** Called for every object that is there, then for every change, in order. */
  onChange(changed: Changed<T>): Disposable;
  /** Resolves after the first list, or when the informer ends. */
  synced: Promise<void>;
  /** The last resourceVersion seen, as a number. */
  readonly revision: number;
  /** Resolves once the cache has seen this revision or later. */
  reached(revision: number): Promise<void>;
}

export interface InformerOptions<T> extends Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector"> {
  client: Client;
  clock: Clock;
  resource: ResourceLike;
  /** Name → the values that an object stands under. */
  indexes?: Record<string, (object: T) => readonly string[]>;
  /** Told of failures that are tried again. */
  report?(error: unknown): void;
}

/** First and longest wait before a failed list or watch is tried again, in milliseconds. */
const retryMs = { first: 200, max: 30_000 };

/** Starts to follow a resource; stop it by disposing. Failures are tried again with back-off, for ever. */
export function startInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  const { client, clock, resource } = options;
  const scope = {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  };
  const objects = new Map<string, T>();
  const indexes = new Map(
    Object.entries(options.indexes ?? {}).map(([name, read]) => [name, { read, keys: new Map<string, Set<string>>() }]),
  );
  const listeners = new Set<Changed<T>>();
  const waiting: { revision: number; resolve: () => void }[] = [];
  /** Who waits for a state of one key. */
  const watched = new Map<string, Set<{ wanted(object: T | undefined): boolean; resolve(): void }>>();
  const abort = new AbortController();
  let revision = 0;
  let markSynced = () => {};
  const synced = new Promise<void>((resolve) => {
    markSynced = resolve;
  });

  function apply(key: string, now: T | undefined): void {
    const before = objects.get(key);
    if (now) objects.set(key, now);
    else objects.delete(key);
    for (const { read, keys } of indexes.values()) {
      for (const value of before ? read(before) : []) {
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
      for (const value of now ? read(now) : []) {
        const set = keys.get(value);
        if (set) set.add(key);
        else keys.set(value, new Set([key]));
      }
    }
    for (const changed of listeners) changed(key, now, before);
    const waiters = watched.get(key);
    for (const waiter of waiters ?? []) {
      if (!waiter.wanted(now)) continue;
      waiters!.delete(waiter);
      if (waiters!.size === 0) watched.delete(key);
      waiter.resolve();
    }
  }

  function reachedNow(seen: string | undefined): void {
    if (seen) revision = Math.max(revision, Number(seen));
    for (let index = waiting.length - 1; index >= 0; index--) {
      if (waiting[index]!.revision <= revision) waiting.splice(index, 1)[0]!.resolve();
    }
  }

  async function listAll(): Promise<string> {
    const list = await client.list<T>(resource, { ...scope, signal: abort.signal });
    const there = new Set<string>();
    for (const item of list.items) {
      const key = keyOf(item);
      there.add(key);
      if (objects.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion) apply(key, item);
    }
    for (const key of [...objects.keys()]) if (!there.has(key)) apply(key, undefined);
    reachedNow(list.metadata.resourceVersion);
    markSynced();
    return list.metadata.resourceVersion ?? "0";
  }

  async function follow(from: string): Promise<void> {
    let last = from;
    for (;;) {
      const events = client.watch<T>(resource, {
        ...scope,
        resourceVersion: last,
        allowWatchBookmarks: true,
        signal: abort.signal,
      });
      let heard = false;
      for await (const batch of events) {
        heard = true;
        for (const { type, object } of batch) {
          last = object.metadata.resourceVersion;
          if (type !== "BOOKMARK") apply(keyOf(object), type === "DELETED" ? undefined : object);
        }
        reachedNow(last);
      }
      if (abort.signal.aborted) return;
      // A server that ends every watch at once must not keep us busy.
      if (!heard) await clock.sleep(retryMs.first, abort.signal);
    }
  }

  const running = (async () => {
    let waitMs = retryMs.first;
    while (!abort.signal.aborted) {
      try {
        const from = await listAll();
        waitMs = retryMs.first;
        await follow(from);
      } catch (error) {
        if (abort.signal.aborted) return;
        const gone = hasReason(error, "Expired") || hasReason(error, "Gone");
        if (gone) continue;
        if (!(error instanceof StatusError)) options.report?.(error);
        await clock.sleep(waitMs, abort.signal).catch(() => {});
        waitMs = Math.min(waitMs * 2, retryMs.max);
      }
    }
  })();

  return {
    get: (key) => objects.get(key),
    list: () => objects.values(),
    get size() {
      return objects.size;
    },
    by(index, value) {
      const found = indexes.get(index);
      if (!found) throw new Error(`informer of ${JSON.stringify(resource)}: no index ${JSON.stringify(index)}`);
      return Iterator.from(found.keys.get(value) ?? []).map((key) => objects.get(key)!);
    },
    addIndex(index, read) {
      if (indexes.has(index)) return;
      const keys = new Map<string, Set<string>>();
      for (const [key, object] of objects)
        for (const value of read(object)) keys.set(value, (keys.get(value) ?? new Set()).add(key));
      indexes.set(index, { read, keys });
    },
    async until(key, wanted) {
      if (abort.signal.aborted || wanted(objects.get(key))) return;
      await new Promise<void>((resolve) => {
        const set = watched.get(key) ?? new Set();
        watched.set(key, set.add({ wanted, resolve }));
      });
    },
    onChange(changed) {
      for (const [key, object] of objects) changed(key, object, undefined);
      listeners.add(changed);
      return { [Symbol.dispose]: () => void listeners.delete(changed) };
    },
    synced,
    get revision() {
      return revision;
    },
    async reached(wanted) {
      if (wanted > revision) await new Promise<void>((resolve) => waiting.push({ revision: wanted, resolve }));
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await running;
      markSynced();
      for (const { resolve } of waiting.splice(0)) resolve();
      for (const set of watched.values()) for (const { resolve } of set) resolve();
      watched.clear();
    },
  };
}
