import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { Clock } from "../../base/world.ts";
import type { Entry, Store, StoreEvent, StoreEvents } from "../../store/mod.ts";
import { CompactedError } from "../../store/mod.ts";

/** One object as it is served: the value with its revision, and its JSON once somebody asked for the bytes. */
export interface Cached<T extends KubeObject = KubeObject> {
  readonly key: string;
  readonly object: T;
  readonly revision: number;
  /** The object's JSON, made once. */
  bytes(): Uint8Array;
}

export interface CacheEvent {
  type: "put" | "delete";
  revision: number;
  /** After a delete: the last state, with the deletion's revision. */
  item: Cached;
  previous?: Cached;
}

/** What a watcher of one resource gets: events in order, and how far it has seen. */
export interface CacheBatch {
  events: readonly CacheEvent[];
  revision: number;
}

/** Present objects and the recent past of one resource. */
export interface ResourceCache {
  get(key: string): Cached | undefined;
  /** Objects of one namespace, or all of them, in key order. */
  list(namespace?: string): Iterable<Cached>;
  readonly size: number;
  /**
   * The past from after `revision` on, then what comes, until the signal is aborted: of it all, the events that `wants`
   * is true of. Others don't even wake the watcher. Throws CompactedError.
   */
  watch(revision: number, signal: AbortSignal, wants: (event: CacheEvent) => boolean): AsyncIterable<CacheBatch>;
  /** Calls back, synchronously, with every event from now on. */
  subscribe(seen: (event: CacheEvent) => void): Disposable;
}

/** How many past events a resource keeps; a watch from before them gets 410. */
const historyEventsMax = 2_000;

/** How often idle watchers are told how far the server is, in milliseconds. */
const tickMs = 60_000;

/** How many batches a slow watcher may leave unread before it is let go. */
const backlogMax = 5_000;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** Makes the served form of an object. Its `resourceVersion` is the revision. */
export function cached(key: string, value: KubeObject, revision: number): Cached {
  const { resourceVersion: _, ...metadata } = value.metadata;
  const { name, generateName, namespace, uid, ...rest } = metadata;
  const object: KubeObject = {
    ...value,
    metadata: {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      // A dry run has no revision.
      ...((revision === 0 ? {} : { resourceVersion: String(revision) }) as { resourceVersion: string }),
      ...rest,
    },
  };
  let json: Uint8Array | undefined;
  return {
    key,
    object,
    revision,
    bytes() {
      json ??= utf8.encode(JSON.stringify(object));
      return json;
    },
  };
}

/**
 * Values on their way through the store, with the object they are the JSON of. Within one process a write is never parsed
 * again.
 */
const decoded = new WeakMap<Uint8Array, KubeObject>();

/** An object's JSON for the store. */
export function encodeValue(object: KubeObject): Uint8Array {
  const { resourceVersion: _, ...metadata } = object.metadata;
  const stored = { ...object, metadata };
  const value = utf8.encode(JSON.stringify(stored));
  decoded.set(value, object);
  return value;
}

function decodeValue(value: Uint8Array): KubeObject {
  return decoded.get(value) ?? (JSON.parse(fromUtf8.decode(value)) as KubeObject);
}

interface Watcher {
  wants(event: CacheEvent): boolean;
  queue: CacheBatch[];
  wake: () => void;
  lost: boolean;
}

class Table implements ResourceCache {
  readonly #items = new Map<string, Cached>();
  /** The keys of `#items`, in order; undefined after a key came or went until somebody lists. */
  #sorted: Cached[] | undefined;
  /** Invariant: every event after `#historyStart` is here, in order. */
  #history: CacheEvent[] = [];
  #historyStart = 0;
  /** What the store has told so far. */
  revision = 0;
  readonly #watchers = new Set<Watcher>();
  readonly #subscribers = new Set<(event: CacheEvent) => void>();

  get size(): number {
    return this.#items.size;
  }

  get(key: string): Cached | undefined {
    return this.#items.get(key);
  }

  *list(namespace?: string): Iterable<Cached> {
    this.#sorted ??= [...this.#items.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const items = this.#sorted;
    if (namespace === undefined) {
      yield* items;
      return;
    }
    const prefix = `${namespace}/`;
    let low = 0;
    for (let high = items.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (items[middle]!.key < prefix) low = middle + 1;
      else high = middle;
    }
    for (; low < items.length && items[low]!.key.startsWith(prefix); low++) yield items[low]!;
  }

  fill(items: readonly Cached[], revision: number): void {
    for (const item of items) this.#items.set(item.key, item);
    this.#sorted = undefined;
    this.#history = [];
    this.#historyStart = revision;
    this.revision = revision;
  }

  /** Takes over one event. The caller calls `tell` after the last one of a batch. */
  apply(key: string, event: StoreEvent): CacheEvent {
    const previous = this.#items.get(key);
    const item =
      event.type === "put"
        ? cached(key, decodeValue(event.entry.value), event.revision)
        : cached(key, previous?.object ?? decodeValue(event.entry.value), event.revision);
    if (event.type === "put") {
      this.#items.set(key, item);
      if (this.#sorted && previous) this.#sorted[this.#indexOf(key)] = item;
      else this.#sorted = undefined;
    } else {
      this.#items.delete(key);
      this.#sorted = undefined;
    }
    const seen: CacheEvent = { type: event.type, revision: event.revision, item, previous };
    this.#history.push(seen);
    if (this.#history.length > historyEventsMax * 2) {
      const dropped = this.#history.splice(0, historyEventsMax);
      this.#historyStart = dropped.at(-1)!.revision;
    }
    for (const subscriber of this.#subscribers) subscriber(seen);
    return seen;
  }

  #indexOf(key: string): number {
    const items = this.#sorted!;
    let low = 0;
    for (let high = items.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (items[middle]!.key < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Tells watchers that have nothing to read how far the server is, so that they can send a bookmark. */
  tick(): void {
    for (const watcher of this.#watchers) {
      if (watcher.queue.length > 0) continue;
      watcher.queue.push({ events: [], revision: this.revision });
      watcher.wake();
    }
  }

  tell(events: readonly CacheEvent[], revision: number): void {
    this.revision = revision;
    for (const watcher of this.#watchers) {
      const wanted = events.filter(watcher.wants);
      if (wanted.length === 0) continue;
      if (watcher.queue.length >= backlogMax) {
        watcher.lost = true;
        this.#watchers.delete(watcher);
      } else watcher.queue.push({ events: wanted, revision });
      watcher.wake();
    }
  }

  async *watch(
    revision: number,
    signal: AbortSignal,
    wants: (event: CacheEvent) => boolean,
  ): AsyncGenerator<CacheBatch> {
    if (revision < this.#historyStart) throw new CompactedError(revision, this.#historyStart);
    const past = this.#history.filter((event) => event.revision > revision && wants(event));
    const watcher: Watcher = { wants, queue: [], wake: () => {}, lost: false };
    watcher.queue.push({ events: past, revision: this.revision });
    this.#watchers.add(watcher);
    const stop = () => watcher.wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        const batch = watcher.queue.shift();
        if (batch) yield batch;
        else if (watcher.lost) return;
        else {
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener("abort", stop);
    }
  }

  subscribe(seen: (event: CacheEvent) => void): Disposable {
    this.#subscribers.add(seen);
    return { [Symbol.dispose]: () => void this.#subscribers.delete(seen) };
  }
}

/** The whole API in memory, kept up to date from the store. */
export interface WatchCache {
  of(resource: Resource): ResourceCache;
  /** What has been taken over so far. */
  readonly revision: number;
  /** Resolves once everything up to this revision is here. */
  reached(revision: number): Promise<void>;
  /** Starts to serve a resource that was declared at run time, with what the store has of it. */
  add(resource: Resource): Promise<void>;
  /** Forgets a resource that is served no more. */
  remove(resource: Resource): void;
  /** Set when the store's watch has ended for a reason that a restart must mend. */
  failed: unknown;
}

/** `/registry/pods/`: all keys of a resource begin so. */
export function storagePrefix(resource: Resource): string {
  return `/registry/${resource.storagePrefix}/`;
}

/** Loads what the store holds and follows it until the signal is aborted. */
export async function openWatchCache(
  store: Store,
  resources: readonly Resource[],
  clock: Clock,
  signal: AbortSignal,
): Promise<WatchCache> {
  const tables = new Map<string, Table>();
  const waiting: { revision: number; resolve: () => void }[] = [];
  /** Tables on their way: events that came while the store was being read. */
  const late = new Map<string, StoreEvent[]>();
  let seen = 0;

  const tableOf = (key: string): [Table, string] | undefined => {
    // "/registry/pods/ns/name" and "/registry/services/specs/ns/name": one or two words of prefix.
    const first = key.indexOf("/", 10);
    const second = key.indexOf("/", first + 1);
    const short = tables.get(key.slice(0, first + 1));
    if (short) return [short, key.slice(first + 1)];
    const long = tables.get(key.slice(0, second + 1));
    return long && [long, key.slice(second + 1)];
  };

  const adding = new Map<string, Promise<void>>();

  /** What the store has below a prefix. Events that come in between wait, so that none is lost and none is taken twice. */
  async function load(prefix: string): Promise<void> {
    const pending: StoreEvent[] = [];
    late.set(prefix, pending);
    try {
      const { entries, revision } = await store.range(prefix);
      await cache.reached(revision);
      const table = new Table();
      table.fill(toCached(entries, prefix), revision);
      for (const event of pending) if (event.revision > revision) table.apply(event.key.slice(prefix.length), event);
      table.revision = seen;
      tables.set(prefix, table);
    } finally {
      late.delete(prefix);
    }
  }

  const cache: WatchCache = {
    // Of a resource that is served no more there is nothing.
    of: (resource) => tables.get(storagePrefix(resource)) ?? new Table(),
    get revision() {
      return seen;
    },
    async reached(revision) {
      if (revision <= seen) return;
      await new Promise<void>((resolve) => waiting.push({ revision, resolve }));
    },
    async add(resource) {
      const prefix = storagePrefix(resource);
      if (tables.has(prefix)) return;
      const known = adding.get(prefix);
      if (known) return known;
      const work = load(prefix);
      adding.set(prefix, work);
      try {
        await work;
      } finally {
        adding.delete(prefix);
      }
    },
    remove(resource) {
      tables.delete(storagePrefix(resource));
    },
    failed: undefined,
  };

  const { entries, revision } = await store.range("/registry/");
  for (const resource of resources) if (resource.stored) tables.set(storagePrefix(resource), new Table());
  const byTable = new Map<Table, Cached[]>([...tables.values()].map((table) => [table, []]));
  for (const entry of entries) {
    const place = tableOf(entry.key);
    if (place) byTable.get(place[0])!.push(cached(place[1], decodeValue(entry.value), entry.modRevision));
  }
  for (const [table, items] of byTable) table.fill(items, revision);
  seen = revision;

  const take = (batch: StoreEvents): void => {
    const touched = new Map<Table, CacheEvent[]>();
    for (const event of batch.events) {
      const place = tableOf(event.key);
      if (!place) {
        for (const [prefix, pending] of late) if (event.key.startsWith(prefix)) pending.push(event);
        continue;
      }
      const [table, key] = place;
      const event2 = table.apply(key, event);
      const list = touched.get(table);
      if (list) list.push(event2);
      else touched.set(table, [event2]);
    }
    seen = batch.revision;
    for (const table of tables.values()) table.revision = seen;
    for (const [table, events] of touched) table.tell(events, seen);
    for (let index = waiting.length - 1; index >= 0; index--) {
      if (waiting[index]!.revision <= seen) waiting.splice(index, 1)[0]!.resolve();
    }
  };
  tickRegularly(tables, clock, signal);
  void (async () => {
    try {
      for await (const batch of store.watch("/registry/", revision, signal)) take(batch);
    } catch (error) {
      cache.failed = error;
    }
  })();
  return cache;
}

function tickRegularly(tables: ReadonlyMap<string, Table>, clock: Clock, signal: AbortSignal): void {
  let timer = clock.after(tickMs, tick);
  signal.addEventListener("abort", () => timer[Symbol.dispose](), { once: true });
  function tick(): void {
    for (const table of tables.values()) table.tick();
    if (!signal.aborted) timer = clock.after(tickMs, tick);
  }
}

function toCached(entries: readonly Entry[], prefix: string): Cached[] {
  return entries.map((entry) => cached(entry.key.slice(prefix.length), decodeValue(entry.value), entry.modRevision));
}
