// The contract of every store engine: etcd's model, nothing more. One suite (`contract.ts`) runs on all engines.

/** A key's value at one revision. */
export interface Entry {
  key: string;
  value: Uint8Array;
  /** The revision that created the key (after its last deletion). */
  createRevision: number;
  /** The revision that wrote this value. */
  modRevision: number;
  /** Why what is stored cannot be read; then `value` is empty. Engines never set it: what wraps them does. */
  unreadable?: Error;
}

export interface RangeOptions {
  /** Only keys after this one, in byte order. */
  startAfter?: string;
  /** At most this many entries. */
  limit?: number;
  /** As of this revision; the present one if absent. */
  revision?: number;
}

export interface RangeResult {
  entries: Entry[];
  /** The revision that the answer is true of. */
  revision: number;
  /** Keys left out by `limit`. */
  remaining: number;
}

/** What must hold for a commit. `revision` is the key's `modRevision`; 0 means that the key must not exist. */
export interface Precondition {
  key: string;
  revision: number;
}

export type Operation = { put: string; value: Uint8Array } | { delete: string };

export type CommitResult =
  | { ok: true; revision: number }
  /** The first precondition that did not hold, and what is there instead. Nothing was written. */
  | { ok: false; revision: number; key: string; current: Entry | undefined };

export interface StoreEvent {
  type: "put" | "delete";
  key: string;
  revision: number;
  /** After a put: the new value. After a delete: the value it had. */
  entry: Entry;
  /** The value before, if the key was there. */
  previous?: Entry;
}

/** Everything of one or more whole revisions under the prefix, in order. */
export interface StoreEvents {
  events: readonly StoreEvent[];
  /** The watcher has now seen everything up to this revision, even if `events` is empty. */
  revision: number;
}

/** The revision asked for was compacted away ("mvcc: required revision has been compacted"). */
export class CompactedError extends Error {
  readonly compactRevision: number;
  constructor(requested: number, compactRevision: number) {
    super(`required revision ${requested} has been compacted; the oldest left is ${compactRevision}`);
    this.name = "CompactedError";
    this.compactRevision = compactRevision;
  }
}

/** The revision asked for lies in the future ("mvcc: required revision is a future revision"). */
export class FutureRevisionError extends Error {
  readonly currentRevision: number;
  constructor(requested: number, currentRevision: number) {
    super(`required revision ${requested} is a future revision; the present one is ${currentRevision}`);
    this.name = "FutureRevisionError";
    this.currentRevision = currentRevision;
  }
}

export interface Store extends AsyncDisposable {
  /** Whether other processes may write to it too. Then only `revision()` tells what is the present. */
  readonly shared: boolean;
  /** The revision of the last commit. A new store starts at 1, as etcd's does. */
  revision(): Promise<number>;
  get(key: string, options?: { revision?: number }): Promise<{ entry: Entry | undefined; revision: number }>;
  /** Entries whose key starts with `prefix`, in byte order. Throws CompactedError, FutureRevisionError. */
  range(prefix: string, options?: RangeOptions): Promise<RangeResult>;
  /**
   * Applies all operations as one revision if every precondition holds. Resolves when the revision is durable.
   * Deleting a missing key does nothing; a commit that changes nothing makes no revision. A key occurs in at most one operation.
   */
  commit(preconditions: readonly Precondition[], operations: readonly Operation[]): Promise<CommitResult>;
  /**
   * Every change under `prefix` with a revision above `afterRevision`, in order, nothing lost or repeated, until the signal
   * is aborted (then it ends) or the watcher falls behind compaction (CompactedError). Only durable revisions are seen.
   * `previous` is filled as far as history reaches.
   */
  watch(prefix: string, afterRevision: number, signal: AbortSignal): AsyncIterable<StoreEvents>;
  /** Forgets history before `revision`: reads and watches before it fail from now on. Present values stay. */
  compact(revision: number): Promise<void>;
  /** Whether a key's value must be written again though it is the same: what wraps an engine may store it otherwise by now. */
  stale?(key: string): Promise<boolean>;
  /** A consistent picture of the present under `prefix` (of all if absent): the entries stand still while they are iterated. */
  snapshot(prefix?: string): Promise<{ revision: number; entries: AsyncIterable<Entry> }>;
}
