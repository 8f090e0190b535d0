import type { Clock } from "../base/world.ts";
import { type EtcdCalls, type EtcdMember, etcdCalls } from "./etcd_calls.ts";
import type { EtcdKeyValue, EtcdRange, EtcdTransaction } from "./etcd_proto.ts";
import { watchEtcd } from "./etcd_watch.ts";
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
} from "./store.ts";

/** How many comparisons or operations one commit may have: etcd's `--max-txn-ops`, as it is unless somebody set it. */
const commitOperationsMax = 128;

/** Pages of long ranges: how many keys the first has, and how many bytes the next ones aim at. */
const pageKeys = 500;
const pageKeysMax = 10_000;
const pageBytes = 8 << 20;

export interface EtcdOptions {
  members: readonly EtcdMember[];
  clock: Clock;
  /** Keys that begin with `ours` begin with `theirs` in etcd (`/registry/` and `/prod/registry/`); as they are if absent. */
  prefix?: { ours: string; theirs: string };
}

/** Names of keys on this side and on etcd's. */
export interface EtcdKeys {
  encode(key: string): Uint8Array;
  decode(bytes: Uint8Array): string;
}

/** A store in an etcd cluster, which other processes may use at the same time. Connects when it is first used. */
export function openEtcdStore(options: EtcdOptions): Store {
  const calls = etcdCalls(options.members, options.clock);
  const keys = keysOf(options.prefix);
  const closed = new AbortController();
  return {
    shared: true,
    async revision() {
      // A linearizable read of nothing: the cluster's present revision.
      const request = { key: keys.encode("\0"), countOnly: true };
      return (await calls.call<EtcdRange>("Range", request, { reads: true })).header.revision;
    },
    async get(key, { revision } = {}) {
      const answer = await read(calls, { key: keys.encode(key), revision: revision ?? 0 });
      const entry = answer.kvs[0] && toEntry(keys, answer.kvs[0]);
      return { entry, revision: revision ?? answer.header.revision };
    },
    range: (prefix, range = {}) => rangeOf(calls, keys, prefix, range),
    commit: (preconditions, operations) => commit(calls, keys, preconditions, operations),
    watch: (prefix, afterRevision, signal) =>
      watchEtcd(calls, keys, prefix, afterRevision, AbortSignal.any([signal, closed.signal])),
    async compact(revision) {
      try {
        await calls.call("Compact", { revision }, { reads: true });
      } catch (error) {
        // Somebody else has done it already.
        if (!(isOutOfRange(error) && /has been compacted/.test(error.details))) throw asStoreError(error, revision);
      }
    },
    async snapshot(prefix = "") {
      const first = await page(calls, keys, prefix, { limit: pageKeys });
      return { revision: first.revision, entries: pagesFrom(calls, keys, prefix, first) };
    },
    async [Symbol.asyncDispose]() {
      closed.abort();
      calls.close();
    },
  };
}

function keysOf(prefix: EtcdOptions["prefix"]): EtcdKeys {
  const utf8 = new TextEncoder();
  const fromUtf8 = new TextDecoder();
  const renamed = (key: string, from: string, to: string) => (key.startsWith(from) ? to + key.slice(from.length) : key);
  if (!prefix || prefix.ours === prefix.theirs)
    return { encode: (key) => utf8.encode(key), decode: (bytes) => fromUtf8.decode(bytes) };
  return {
    encode: (key) => utf8.encode(renamed(key, prefix.ours, prefix.theirs)),
    decode: (bytes) => renamed(fromUtf8.decode(bytes), prefix.theirs, prefix.ours),
  };
}

/** An entry from what etcd tells. */
export function toEntry(keys: EtcdKeys, { key, value, createRevision, modRevision }: EtcdKeyValue): Entry {
  return { key: keys.decode(key), value: new Uint8Array(value), createRevision, modRevision };
}

const outOfRange = 11;

function isOutOfRange(error: unknown): error is Error & { details: string } {
  const { code, details } = error as { code?: number; details?: string };
  return code === outOfRange && details !== undefined;
}

/** Etcd's own words for a revision that is not there, as the store's errors. */
function asStoreError(error: unknown, wanted: number): unknown {
  if (!isOutOfRange(error)) return error;
  if (/has been compacted/.test(error.details)) return new CompactedError(wanted, 0);
  if (/future revision/.test(error.details)) return new FutureRevisionError(wanted, 0);
  return error;
}

async function read(calls: EtcdCalls, request: { key: Uint8Array; revision: number }): Promise<EtcdRange> {
  try {
    return await calls.call<EtcdRange>("Range", request, { reads: true });
  } catch (error) {
    throw asStoreError(error, request.revision);
  }
}

/** The end of the range of all keys that begin with the prefix: the prefix with its last byte raised by one. */
function endOf(prefix: Uint8Array): Uint8Array {
  const end = new Uint8Array(prefix);
  for (let length = end.length; length > 0; length--) {
    if (end[length - 1]! === 0xff) continue;
    end[length - 1]!++;
    return end.subarray(0, length);
  }
  // Etcd's word for "to the last key".
  return new Uint8Array(1);
}

/** One page of a range, and how many keys lie behind it. */
async function page(calls: EtcdCalls, keys: EtcdKeys, prefix: string, options: RangeOptions): Promise<RangeResult> {
  const { startAfter, limit = 0, revision = 0 } = options;
  const start = startAfter !== undefined && startAfter >= prefix ? `${startAfter}\0` : prefix;
  // The key of one zero byte is the first that can be.
  const request = { key: keys.encode(start || "\0"), rangeEnd: endOf(keys.encode(prefix)), limit, revision };
  const answer = await read(calls, request);
  const entries = answer.kvs.map((each) => toEntry(keys, each));
  return { entries, revision: revision || answer.header.revision, remaining: answer.count - entries.length };
}

/** How many keys of this size make a page. */
function nextLimit(entries: readonly Entry[]): number {
  const bytes = entries.reduce((sum, { value }) => sum + value.length, 0);
  return Math.max(1, Math.min(pageKeysMax, Math.floor(pageBytes / Math.max(1, bytes / Math.max(1, entries.length)))));
}

async function rangeOf(
  calls: EtcdCalls,
  keys: EtcdKeys,
  prefix: string,
  { startAfter, limit, revision }: RangeOptions,
): Promise<RangeResult> {
  const most = limit ?? Number.POSITIVE_INFINITY;
  let part = await page(calls, keys, prefix, { startAfter, revision, limit: Math.min(most, pageKeys) });
  // All further pages are read as of the first one's revision.
  const at = part.revision;
  const entries = [...part.entries];
  while (part.remaining > 0 && entries.length < most) {
    const next = Math.min(most - entries.length, nextLimit(part.entries));
    part = await page(calls, keys, prefix, { startAfter: entries.at(-1)!.key, revision: at, limit: next });
    for (const entry of part.entries) entries.push(entry);
  }
  return { entries, revision: at, remaining: part.remaining };
}

async function* pagesFrom(calls: EtcdCalls, keys: EtcdKeys, prefix: string, first: RangeResult): AsyncGenerator<Entry> {
  let part = first;
  for (;;) {
    yield* part.entries;
    if (part.remaining === 0) return;
    const startAfter = part.entries.at(-1)!.key;
    part = await page(calls, keys, prefix, { startAfter, revision: first.revision, limit: nextLimit(part.entries) });
  }
}

async function commit(
  calls: EtcdCalls,
  keys: EtcdKeys,
  preconditions: readonly Precondition[],
  operations: readonly Operation[],
): Promise<CommitResult> {
  const most = Math.max(preconditions.length, operations.length);
  if (most > commitOperationsMax)
    throw new Error(`commit of ${most} operations: etcd takes at most ${commitOperationsMax} in one transaction`);
  const compare = preconditions.map(({ key, revision }) => ({
    result: "EQUAL",
    target: "MOD",
    key: keys.encode(key),
    modRevision: revision,
  }));
  const success = operations.map((operation) =>
    "delete" in operation
      ? { requestDeleteRange: { key: keys.encode(operation.delete) } }
      : { requestPut: { key: keys.encode(operation.put), value: operation.value } },
  );
  const failure = preconditions.map(({ key }) => ({ requestRange: { key: keys.encode(key) } }));
  const answer = await calls.call<EtcdTransaction>("Txn", { compare, success, failure }, { reads: false });
  const { revision } = answer.header;
  if (answer.succeeded) return { ok: true, revision };
  const found = answer.responses.map(({ responseRange }) => responseRange?.kvs[0]);
  const wrong = preconditions.findIndex((each, index) => (found[index]?.modRevision ?? 0) !== each.revision);
  const current = found[wrong];
  return { ok: false, revision, key: preconditions[wrong]!.key, current: current && toEntry(keys, current) };
}
