import { type Engine, type LogRecord, openStore } from "./mvcc.ts";
import type { Entry, Store } from "./store.ts";

/** A store that lives and dies with the process: for tests, simulation and API servers inside other programs. */
export function openMemoryStore(): Promise<Store> {
  return openStore(memoryEngine());
}

function memoryEngine(): Engine {
  const entries = new Map<string, Entry>();
  /** The keys of `entries`, in order. */
  const keys: string[] = [];
  let records: LogRecord[] = [];

  function apply(record: LogRecord): void {
    for (const { type, key, entry } of record.events) {
      if (type === "put") {
        if (!entries.has(key)) keys.splice(lowerBound(keys, key), 0, key);
        entries.set(key, entry);
      } else {
        entries.delete(key);
        keys.splice(lowerBound(keys, key), 1);
      }
    }
    records.push(record);
  }

  function* range(prefix: string, startAfter: string | undefined): Iterable<Entry> {
    let at = lowerBound(keys, prefix);
    if (startAfter !== undefined && startAfter >= prefix) {
      at = lowerBound(keys, startAfter);
      if (keys[at] === startAfter) at++;
    }
    for (; at < keys.length && keys[at]!.startsWith(prefix); at++) yield entries.get(keys[at]!)!;
  }

  return {
    open: async () => ({ revision: 1, compactRevision: 0 }),
    get: (key) => entries.get(key),
    range,
    still: (prefix) => [...range(prefix, undefined)],
    *log(after) {
      let at = 0;
      for (let end = records.length; at < end; ) {
        const middle = (at + end) >> 1;
        if (records[middle]!.revision <= after) at = middle + 1;
        else end = middle;
      }
      for (; at < records.length; at++) yield records[at]!;
    },
    async write(batch) {
      for (const record of batch) apply(record);
    },
    async truncate(revision) {
      records = records.filter((record) => record.revision > revision);
    },
    close: async () => {},
  };
}

/** The first index whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  for (let high = keys.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
