import { CompactedError, type Entry, type StoreEvent } from "../../store/mod.ts";
import type { Codec } from "./codec.ts";
import { type Cached, Held } from "./item.ts";
import { writtenValues } from "./value.ts";

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
  /** Throws if what is stored there cannot be read. */
  get(key: string): Cached | undefined;
  /** Objects of one namespace, or all of them, in key order. Throws if one of them cannot be read. */
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

/** How many batches a slow watcher may leave unread before it is let go. */
const backlogMax = 5_000;

interface Watcher {
  wants(event: CacheEvent): boolean;
  queue: CacheBatch[];
  wake: () => void;
  lost: boolean;
}

/** One resource in memory. */
export class Table implements ResourceCache {
  readonly #codec: Codec;
  readonly #items = new Map<string, Held>();
  /** Keys whose value cannot be read, and why. Invariant: none of them is in `#items`. */
  readonly #unreadable = new Map<string, Error>();
  /** The values of `#items`, in order of their keys; undefined after a key came or went until somebody lists. */
  #sorted: Held[] | undefined;
  /** Invariant: every event after `#historyStart` is here, in order. */
  #history: CacheEvent[] = [];
  #historyStart = 0;
  /** What the store has told so far. */
  revision = 0;
  readonly #watchers = new Set<Watcher>();
  readonly #subscribers = new Set<(event: CacheEvent) => void>();

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): Cached | undefined {
    const why = this.#unreadable.size > 0 ? this.#unreadable.get(key) : undefined;
    if (why) throw why;
    return this.#items.get(key);
  }

  *list(namespace?: string): Iterable<Cached> {
    for (const [key, why] of this.#unreadable)
      if (namespace === undefined || key.startsWith(`${namespace}/`)) throw why;
    this.#sorted ??= [...this.#items.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const items = this.#sorted;
    if (namespace === undefined) {
      yield* items;
      return;
    }
    const prefix = `${namespace}/`;
    let low = this.#indexOf(prefix);
    for (; low < items.length && items[low]!.key.startsWith(prefix); low++) yield items[low]!;
  }

  /** The objects that are here now, in any order. */
  present(): readonly Held[] {
    return [...this.#items.values()];
  }

  /** Takes over what the store has of a key, before anybody looks. */
  load(key: string, entry: Entry): void {
    if (entry.unreadable) this.#unreadable.set(key, entry.unreadable);
    else this.#items.set(key, this.#held(key, entry.modRevision, entry.value));
  }

  /** Ends the loading: what is here is what there was at this revision. */
  loaded(revision: number): void {
    this.#sorted = undefined;
    this.#history = [];
    this.#historyStart = revision;
    this.revision = revision;
  }

  /**
   * Takes over what there is now, after a part of the past was missed: subscribers are told of the differences, and watchers
   * let go, to begin anew.
   */
  reload(entries: ReadonlyMap<string, Entry>, revision: number): void {
    for (const [key, entry] of entries) {
      const known = this.#items.get(key);
      if (known?.revision === entry.modRevision && !entry.unreadable) continue;
      this.apply(key, { type: "put", key, revision: entry.modRevision, entry });
    }
    const gone = [...this.#items.keys(), ...this.#unreadable.keys()].filter((key) => !entries.has(key));
    for (const key of gone) {
      const entry = { key, value: new Uint8Array(0), createRevision: 0, modRevision: 0 };
      this.apply(key, { type: "delete", key, revision, entry });
    }
    this.loaded(revision);
    for (const watcher of this.#watchers) {
      watcher.lost = true;
      watcher.wake();
    }
    this.#watchers.clear();
  }

  #held(key: string, revision: number, value: Uint8Array): Held {
    const written = writtenValues.get(value);
    if (!written) return new Held(key, revision, value, this.#codec);
    // What was written here need not be parsed. It is taken out, or it would live as long as the value.
    writtenValues.delete(value);
    return new Held(key, revision, value, this.#codec, written);
  }

  /** Takes over one event; undefined if there is nothing to tell. The caller calls `tell` after the last one of a batch. */
  apply(key: string, event: StoreEvent): CacheEvent | undefined {
    const { revision } = event;
    const previous = this.#items.get(key);
    const { unreadable } = event.entry;
    if (event.type === "put" && unreadable) {
      this.#unreadable.set(key, unreadable);
      // To those who watch it is gone.
      return previous && this.#remove(key, revision, previous);
    }
    this.#unreadable.delete(key);
    if (event.type === "delete") return previous && this.#remove(key, revision, previous);
    const item = this.#held(key, revision, event.entry.value);
    this.#items.set(key, item);
    if (this.#sorted && previous) this.#sorted[this.#indexOf(key)] = item;
    else this.#sorted = undefined;
    return this.#note({ type: "put", revision, item, previous });
  }

  #remove(key: string, revision: number, previous: Held): CacheEvent {
    this.#items.delete(key);
    this.#sorted = undefined;
    return this.#note({ type: "delete", revision, item: previous.at(revision), previous });
  }

  #note(seen: CacheEvent): CacheEvent {
    this.#history.push(seen);
    if (this.#history.length > historyEventsMax * 2) {
      const dropped = this.#history.splice(0, historyEventsMax);
      this.#historyStart = dropped.at(-1)!.revision;
    }
    for (const subscriber of this.#subscribers) subscriber(seen);
    return seen;
  }

  /** The first place in `#sorted` whose key is not below `key`. */
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
