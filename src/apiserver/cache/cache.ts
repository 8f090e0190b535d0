import type { Resource } from "../../api/machinery/resource.ts";
import type { Clock } from "../../base/world.ts";
import type { Entry, Store, StoreEvent, StoreEvents } from "../../store/mod.ts";
import { CompactedError } from "../../store/mod.ts";
import { codecOf } from "./codec.ts";
import { loadEnvelopes, readEnvelope } from "./envelope.ts";
import type { Cached } from "./item.ts";
import { cached } from "./item.ts";
import { latestOf } from "./present.ts";
import { type CacheEvent, type ResourceCache, Table } from "./table.ts";
import { warmthOf } from "./warmth.ts";

export { type Cached, cached } from "./item.ts";
export type { CacheEvent, ResourceCache } from "./table.ts";
export { encodeValue } from "./value.ts";

/** How often idle watchers are told how far the server is, in milliseconds. */
const tickMs = 60_000;

/** How many objects are looked into at once, after the start, for what lists select by; and the pause after it. */
const outlinesAtOnce = 100;
const outlinePauseMs = 20;

/** The whole API in memory, kept up to date from the store. */
export interface WatchCache {
  of(resource: Resource): ResourceCache;
  /** What has been taken over so far. */
  readonly revision: number;
  /** Resolves once everything up to this revision is here. Rejects if the cache has failed. */
  reached(revision: number): Promise<void>;
  /**
   * Resolves once everything is here that anybody, in any process, had written before the call: at once where nobody else
   * writes. Rejects if the store does not answer.
   */
  fresh(): Promise<void>;
  /** Makes the served form of what the store has of a resource, as of another revision perhaps. */
  read(resource: Resource, entry: Entry): Cached;
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
  const waiting: { revision: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
  /** Tables on their way: events that came while the store was being read. */
  const late = new Map<string, StoreEvent[]>();
  const adding = new Map<string, Promise<void>>();
  const warmth = warmthOf();
  const latest = latestOf(() => store.revision());
  let seen = 0;

  const codecFor = (resource: Resource | undefined) => codecOf(resource, warmth, readEnvelope);
  const anyCodec = codecFor(undefined);

  /** What the store has below a prefix. Events that come in between wait, so that none is lost and none is taken twice. */
  async function load(resource: Resource): Promise<void> {
    const prefix = storagePrefix(resource);
    const pending: StoreEvent[] = [];
    late.set(prefix, pending);
    try {
      const { entries, revision } = await store.range(prefix);
      await cache.reached(revision);
      const table = new Table(codecFor(resource));
      for (const entry of entries) table.load(entry.key.slice(prefix.length), entry);
      table.loaded(revision);
      for (const event of pending) if (event.revision > revision) table.apply(event.key.slice(prefix.length), event);
      table.revision = seen;
      tables.set(prefix, table);
    } finally {
      late.delete(prefix);
    }
  }

  const cache: WatchCache = {
    // Of a resource that is served no more there is nothing.
    of: (resource) => tables.get(storagePrefix(resource)) ?? new Table(anyCodec),
    get revision() {
      return seen;
    },
    async reached(revision) {
      if (revision <= seen) return;
      if (cache.failed) throw cache.failed;
      await new Promise<void>((resolve, reject) => waiting.push({ revision, resolve, reject }));
    },
    async fresh() {
      if (store.shared) await cache.reached(await latest());
    },
    read(resource, { key, value, modRevision, unreadable }) {
      if (unreadable) throw unreadable;
      return cached(key.slice(storagePrefix(resource).length), anyCodec.decode(value), modRevision);
    },
    async add(resource) {
      const prefix = storagePrefix(resource);
      if (tables.has(prefix)) return;
      const known = adding.get(prefix);
      if (known) return known;
      const work = load(resource);
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

  for (const resource of resources)
    if (resource.stored && !resource.storedAs) tables.set(storagePrefix(resource), new Table(codecFor(resource)));
  [seen] = await Promise.all([loadAll(store, tables), loadEnvelopes()]);

  const take = (batch: StoreEvents): void => {
    const touched = new Map<Table, CacheEvent[]>();
    for (const event of batch.events) {
      const place = placeOf(tables, event.key);
      if (!place) {
        for (const [prefix, pending] of late) if (event.key.startsWith(prefix)) pending.push(event);
        continue;
      }
      const [table, key] = place;
      const told = table.apply(key, event);
      const list = touched.get(table);
      if (!told) continue;
      if (list) list.push(told);
      else touched.set(table, [told]);
    }
    advance(batch.revision, touched);
  };

  const advance = (revision: number, touched: ReadonlyMap<Table, readonly CacheEvent[]>): void => {
    seen = revision;
    for (const table of tables.values()) table.revision = seen;
    for (const [table, events] of touched) table.tell(events, seen);
    for (let index = waiting.length - 1; index >= 0; index--) {
      if (waiting[index]!.revision <= seen) waiting.splice(index, 1)[0]!.resolve();
    }
  };

  /** Follows the store. What was forgotten before it was seen is read anew. */
  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const batch of store.watch("/registry/", seen, signal)) take(batch);
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
        advance(await reloadAll(store, tables), new Map());
      }
    }
  }

  tickRegularly(tables, clock, signal);
  outlineSoon(tables, clock, signal).catch(() => {});
  follow().catch((error) => {
    cache.failed = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  });
  return cache;
}

/** Whose a key is, and what its name is there. */
function placeOf(tables: ReadonlyMap<string, Table>, key: string): [Table, string] | undefined {
  // "/registry/pods/ns/name" and "/registry/services/specs/ns/name": one or two words of prefix.
  const first = key.indexOf("/", 10);
  const second = key.indexOf("/", first + 1);
  const short = tables.get(key.slice(0, first + 1));
  if (short) return [short, key.slice(first + 1)];
  const long = tables.get(key.slice(0, second + 1));
  return long && [long, key.slice(second + 1)];
}

async function loadAll(store: Store, tables: ReadonlyMap<string, Table>): Promise<number> {
  const { entries, revision } = await store.snapshot("/registry/");
  for await (const entry of entries) {
    const place = placeOf(tables, entry.key);
    if (place) place[0].load(place[1], entry);
  }
  for (const table of tables.values()) table.loaded(revision);
  return revision;
}

/** Brings the tables to what there is now, without the events between. */
async function reloadAll(store: Store, tables: ReadonlyMap<string, Table>): Promise<number> {
  const { entries, revision } = await store.snapshot("/registry/");
  const found = new Map<Table, Map<string, Entry>>([...tables.values()].map((table) => [table, new Map()]));
  for await (const entry of entries) {
    const place = placeOf(tables, entry.key);
    if (place) found.get(place[0])?.set(place[1], entry);
  }
  for (const [table, present] of found) table.reload(present, revision);
  return revision;
}

function tickRegularly(tables: ReadonlyMap<string, Table>, clock: Clock, signal: AbortSignal): void {
  let timer = clock.after(tickMs, tick);
  signal.addEventListener("abort", () => timer[Symbol.dispose](), { once: true });
  function tick(): void {
    for (const table of tables.values()) table.tick();
    if (!signal.aborted) timer = clock.after(tickMs, tick);
  }
}

/** Finds out, little by little, what lists of many objects select by, before somebody has to wait for it. */
async function outlineSoon(tables: ReadonlyMap<string, Table>, clock: Clock, signal: AbortSignal): Promise<void> {
  for (const table of [...tables.values()]) {
    if (table.size <= outlinesAtOnce) continue;
    let done = 0;
    for (const item of table.present()) {
      item.outline();
      if (++done % outlinesAtOnce === 0) await clock.sleep(outlinePauseMs, signal);
    }
  }
}
