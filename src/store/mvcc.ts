import {
  type CommitResult,
  CompactedError,
  type Entry,
  FutureRevisionError,
  type Operation,
  type Precondition,
  type RangeOptions,
  type RangeResult,
  type Store,
  type StoreEvent,
  type StoreEvents,
} from "./store.ts";

/** What one commit did; the unit of history. */
export interface LogRecord {
  revision: number;
  events: readonly StoreEvent[];
}

/** Where the entries and the history lie. Writes are whole batches, durable when the promise resolves. */
export interface Engine {
  /** What a former run left; a new engine says revision 1, compacted 0. */
  open(): Promise<{ revision: number; compactRevision: number }>;
  get(key: string): Entry | undefined;
  /** Present entries under the prefix in key order, after `startAfter`. */
  range(prefix: string, startAfter: string | undefined): Iterable<Entry>;
  /** Present entries under the prefix, as they are at the call: what is written later is not among them. */
  still(prefix: string): Iterable<Entry>;
  /** Records with a revision above `after`, in order. */
  log(after: number): Iterable<LogRecord>;
  /** Appends records and brings the entries up to date, atomically. */
  write(records: readonly LogRecord[]): Promise<void>;
  /** Drops records with a revision of `revision` or less and remembers it. */
  truncate(revision: number): Promise<void>;
  close(): Promise<void>;
}

/** How many batches a watcher may leave unread before it reads from the log again instead. */
const watcherBacklogMax = 10_000;

interface Watcher {
  prefix: string;
  /** Revisions up to here were queued or do not matter to this watcher. */
  seen: number;
  queue: StoreEvents[];
  wake: () => void;
}

interface PendingCommit {
  record: LogRecord;
  done(): void;
  failed(error: unknown): void;
}

/** A Store over an engine: revisions, preconditions, group commit, watches. */
export async function openStore(engine: Engine): Promise<Store> {
  const opened = await engine.open();
  /** The last durable revision: what readers see. */
  let revision = opened.revision;
  let compactRevision = opened.compactRevision;
  /** The last revision given out. Invariant: `assigned >= revision`, and what lies between is in `pending` or being written. */
  let assigned = revision;
  /** The last value of every key in a commit that is not durable yet. */
  const heads = new Map<string, { revision: number; entry: Entry | undefined }>();
  let pending: PendingCommit[] = [];
  let flushing: Promise<void> | undefined;
  let broken: unknown;
  const watchers = new Set<Watcher>();

  const head = (key: string): Entry | undefined => {
    const recent = heads.get(key);
    return recent ? recent.entry : engine.get(key);
  };

  async function flush(): Promise<void> {
    // Lets the commits of this turn share the first batch.
    await Promise.resolve();
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      const records = batch.map((commit) => commit.record);
      try {
        await engine.write(records);
      } catch (error) {
        // What is on disk is unknown now: nothing more may be acknowledged until a restart reads it again.
        broken = error;
        for (const commit of [...batch, ...pending]) commit.failed(error);
        pending = [];
        return;
      }
      revision = records.at(-1)!.revision;
      for (const [key, { revision: written }] of heads) if (written <= revision) heads.delete(key);
      publish(watchers, records);
      for (const commit of batch) commit.done();
    }
    // In the same step as the look at `pending`: a commit that comes now starts the next flush.
    flushing = undefined;
  }

  function checkRevision(wanted: number): void {
    if (wanted > revision) throw new FutureRevisionError(wanted, revision);
    if (wanted < compactRevision) throw new CompactedError(wanted, compactRevision);
  }

  async function commit(
    preconditions: readonly Precondition[],
    operations: readonly Operation[],
  ): Promise<CommitResult> {
    if (broken) throw new Error("the store has failed and must be opened again", { cause: broken });
    for (const { key, revision: wanted } of preconditions) {
      const current = head(key);
      if ((current?.modRevision ?? 0) !== wanted) return { ok: false, revision: assigned, key, current };
    }
    const next = assigned + 1;
    const events = operations.map((operation) => toEvent(operation, next, head)).filter((event) => event !== undefined);
    if (events.length === 0) return { ok: true, revision: assigned };
    assigned = next;
    for (const event of events) {
      heads.set(event.key, { revision: next, entry: event.type === "put" ? event.entry : undefined });
    }
    await new Promise<void>((done, failed) => {
      pending.push({ record: { revision: next, events }, done, failed });
      flushing ??= flush();
    });
    return { ok: true, revision: next };
  }

  async function* watch(prefix: string, afterRevision: number, signal: AbortSignal): AsyncGenerator<StoreEvents> {
    const watcher: Watcher = { prefix, seen: afterRevision, queue: [], wake: () => {} };
    const stop = () => watcher.wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      // History first. It is read in one step without waiting, so nothing is published between it and the registration.
      if (afterRevision < compactRevision) throw new CompactedError(afterRevision, compactRevision);
      enqueueLog(watcher, engine, revision);
      watchers.add(watcher);
      while (!signal.aborted) {
        const batch = watcher.queue.shift();
        if (batch) yield batch;
        else if (!watchers.has(watcher)) {
          // Fell behind and was let go: back to the log.
          if (watcher.seen < compactRevision) throw new CompactedError(watcher.seen, compactRevision);
          enqueueLog(watcher, engine, revision);
          watchers.add(watcher);
        } else await new Promise<void>((resolve) => Object.assign(watcher, { wake: resolve }));
      }
    } finally {
      watchers.delete(watcher);
      signal.removeEventListener("abort", stop);
    }
  }

  return {
    shared: false,
    revision: async () => revision,
    async get(key, options = {}) {
      const wanted = options.revision ?? revision;
      checkRevision(wanted);
      const then = wanted === revision ? undefined : rewind(engine, key, wanted);
      const entry = then?.has(key) ? then.get(key) : engine.get(key);
      return { entry, revision: wanted };
    },
    async range(prefix, options = {}) {
      checkRevision(options.revision ?? revision);
      return rangeAt(engine, prefix, options.revision ?? revision, revision, options);
    },
    commit,
    watch,
    async compact(wanted) {
      if (wanted > revision) throw new FutureRevisionError(wanted, revision);
      if (wanted <= compactRevision) return;
      compactRevision = wanted;
      await engine.truncate(wanted);
    },
    async snapshot(prefix = "") {
      const entries = engine.still(prefix);
      return {
        revision,
        entries: (async function* () {
          yield* entries;
        })(),
      };
    },
    async [Symbol.asyncDispose]() {
      await flushing;
      broken ??= new Error("the store is closed");
      await engine.close();
    },
  };
}

function toEvent(
  operation: Operation,
  revision: number,
  head: (key: string) => Entry | undefined,
): StoreEvent | undefined {
  if ("delete" in operation) {
    const previous = head(operation.delete);
    return previous && { type: "delete", key: previous.key, revision, entry: previous, previous };
  }
  const previous = head(operation.put);
  const entry: Entry = {
    key: operation.put,
    value: operation.value,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
  };
  return { type: "put", key: entry.key, revision, entry, previous };
}

function publish(watchers: Set<Watcher>, records: readonly LogRecord[]): void {
  const revision = records.at(-1)!.revision;
  for (const watcher of watchers) {
    const events = records.flatMap((record) =>
      record.revision > watcher.seen ? record.events.filter((event) => event.key.startsWith(watcher.prefix)) : [],
    );
    if (watcher.queue.length >= watcherBacklogMax) {
      watchers.delete(watcher);
      continue;
    }
    watcher.seen = revision;
    const last = watcher.queue.at(-1);
    if (events.length === 0 && last?.events.length === 0) last.revision = revision;
    else watcher.queue.push({ events, revision });
    watcher.wake();
  }
}

/** Queues what the log has beyond what the watcher has seen. */
function enqueueLog(watcher: Watcher, engine: Engine, revision: number): void {
  if (watcher.seen >= revision) return;
  for (const record of engine.log(watcher.seen)) {
    if (record.revision > revision) break;
    const events = record.events.filter((event) => event.key.startsWith(watcher.prefix));
    if (events.length > 0) watcher.queue.push({ events, revision: record.revision });
  }
  watcher.seen = revision;
  watcher.queue.push({ events: [], revision });
}

/** Keys under the prefix that changed after `wanted`, with what they were then. */
function rewind(engine: Engine, prefix: string, wanted: number): Map<string, Entry | undefined> {
  const then = new Map<string, Entry | undefined>();
  for (const record of engine.log(wanted)) {
    for (const event of record.events) {
      if (event.key.startsWith(prefix) && !then.has(event.key)) then.set(event.key, event.previous);
    }
  }
  return then;
}

function rangeAt(engine: Engine, prefix: string, wanted: number, revision: number, options: RangeOptions): RangeResult {
  const present = engine.range(prefix, options.startAfter);
  const source = wanted === revision ? present : entriesThen(engine, prefix, wanted, options.startAfter, present);
  const entries: Entry[] = [];
  let remaining = 0;
  for (const entry of source) {
    if (options.limit !== undefined && entries.length >= options.limit) remaining++;
    else entries.push(entry);
  }
  return { entries, revision: wanted, remaining };
}

function entriesThen(
  engine: Engine,
  prefix: string,
  wanted: number,
  startAfter: string | undefined,
  present: Iterable<Entry>,
): Entry[] {
  const then = rewind(engine, prefix, wanted);
  const entries = [...present].filter((entry) => !then.has(entry.key));
  for (const [key, entry] of then) if (entry && (startAfter === undefined || key > startAfter)) entries.push(entry);
  return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
}
