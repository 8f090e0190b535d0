import { type Database, open, type RootDatabase } from "lmdb";
import { joined } from "../base/bytes.ts";
import type { Disk } from "../base/world.ts";
import type { Engine, LogRecord } from "./mvcc.ts";
import { openStore } from "./mvcc.ts";
import type { Entry, Store, StoreEvent } from "./store.ts";

/** The database file's address space. It costs nothing until it is used. */
const mapBytesMax = 16 * 2 ** 30;

/** A file of so many pages is worth a look whether most of them are free. */
const compactPagesFrom = 8_192;

/** How many page numbers one page of LMDB's list of free pages holds. */
const freePerPage = 512;

/**
 * Opens (or makes) the store in this directory. One process at a time may hold it. With `disk`, a file that is mostly free
 * pages is written anew first: what is read of it stays in memory, free pages between included.
 */
export async function openLmdbStore(directory: string, disk?: Disk): Promise<Store> {
  if (disk) await compactFile(directory, disk);
  return openStore(lmdbEngine(directory));
}

function openRoot(path: string): RootDatabase {
  return open({ path, mapSize: mapBytesMax, maxDbs: 4, overlappingSync: false, noMemInit: true });
}

/**
 * Puts a copy without free pages in the file's place. The old file stays until the new one is on disk whole: a crash in
 * between leaves the old one, and at most a copy that the next start removes.
 */
async function compactFile(directory: string, disk: Disk): Promise<void> {
  const [file, beside] = [`${directory}/data.mdb`, `${directory}/compact`];
  await disk.remove(beside, { recursive: true });
  if (!(await disk.stat(file))) return;
  const root = openRoot(directory);
  const { lastPageNumber = 0, free } = root.getStats() as {
    lastPageNumber?: number;
    free?: { overflowPages: number };
  };
  const mostlyFree = lastPageNumber > compactPagesFrom && (free?.overflowPages ?? 0) * freePerPage > lastPageNumber / 3;
  if (mostlyFree) {
    await disk.makeDirectory(beside, { mode: 0o700 });
    await root.backup(beside, true);
    // A write makes LMDB bring the whole copy to the disk.
    const copy = openRoot(beside);
    const meta = copy.openDB<number, string>({ name: "meta", encoding: "json" });
    await meta.put("compactions", (meta.get("compactions") ?? 0) + 1);
    await copy.close();
  }
  await root.close();
  if (!mostlyFree) return;
  await disk.rename(`${beside}/data.mdb`, file);
  await disk.remove(beside, { recursive: true });
}

/**
 * Two tables: `entries` (key → header and value) and `log` (revision → what that commit did, with values before and
 * after). A batch of commits is one LMDB transaction, so it shares one fsync.
 */
function lmdbEngine(directory: string): Engine {
  let root: RootDatabase;
  let entries: Database<Uint8Array, string>;
  let log: Database<Uint8Array, number>;
  let meta: Database<number, string>;

  return {
    async open() {
      root = openRoot(directory);
      entries = root.openDB({ name: "entries", encoding: "binary" });
      log = root.openDB({ name: "log", encoding: "binary", keyEncoding: "uint32" });
      meta = root.openDB({ name: "meta", encoding: "json" });
      return { revision: meta.get("revision") ?? 1, compactRevision: meta.get("compacted") ?? 0 };
    },
    get(key) {
      const bytes = entries.get(key);
      return bytes && decodeEntry(key, bytes);
    },
    *range(prefix, startAfter) {
      const resume = startAfter !== undefined && startAfter >= prefix;
      for (const { key, value } of entries.getRange({ start: resume ? startAfter : prefix, exclusiveStart: resume })) {
        if (!key.startsWith(prefix)) return;
        yield decodeEntry(key, value);
      }
    },
    still(prefix) {
      // Taken now, not when the first entry is asked for.
      const transaction = entries.useReadTransaction();
      return (function* () {
        try {
          for (const { key, value } of entries.getRange({ start: prefix, transaction })) {
            if (!key.startsWith(prefix)) return;
            yield decodeEntry(key, value);
          }
        } finally {
          transaction.done();
        }
      })();
    },
    *log(after) {
      for (const { key, value } of log.getRange({ start: after + 1 })) yield decodeRecord(key, value);
    },
    async write(records) {
      // Inside the callback nothing may throw: LMDB's batch would keep what was put before.
      const encoded = records.map((record) => ({ record, bytes: encodeRecord(record) }));
      await root.transaction(() => {
        for (const { record, bytes } of encoded) {
          log.put(record.revision, bytes);
          for (const { type, key, entry } of record.events) {
            if (type === "put") entries.put(key, encodeEntry(entry));
            else entries.remove(key);
          }
        }
        meta.put("revision", records.at(-1)!.revision);
      });
    },
    async truncate(revision) {
      await root.transaction(() => {
        meta.put("compacted", revision);
        for (const key of log.getKeys({ end: revision + 1 })) log.remove(key);
      });
    },
    close: () => root.close(),
  };
}

const headerBytes = 16;

/** createRevision and modRevision as two 64-bit numbers, then the value. */
function encodeEntry(entry: Entry): Uint8Array {
  const bytes = new Uint8Array(headerBytes + entry.value.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, entry.createRevision);
  view.setFloat64(8, entry.modRevision);
  bytes.set(entry.value, headerBytes);
  return bytes;
}

function decodeEntry(key: string, bytes: Uint8Array): Entry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A copy: LMDB may reuse the memory behind `bytes`.
  const value = new Uint8Array(bytes.subarray(headerBytes));
  return { key, value, createRevision: view.getFloat64(0), modRevision: view.getFloat64(8) };
}

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** Per event: type, has-previous, key length, entry length, previous length; then key, entry and previous. */
function encodeRecord(record: LogRecord): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const event of record.events) {
    const key = utf8.encode(event.key);
    const entry = event.type === "put" ? encodeEntry(event.entry) : new Uint8Array(0);
    const previous = event.previous ? encodeEntry(event.previous) : new Uint8Array(0);
    const head = new Uint8Array(13);
    const view = new DataView(head.buffer);
    view.setUint8(0, event.type === "put" ? 1 : 0);
    view.setUint32(1, key.length);
    view.setUint32(5, entry.length);
    view.setUint32(9, previous.length);
    parts.push(head, key, entry, previous);
  }
  return joined(parts);
}

function decodeRecord(revision: number, bytes: Uint8Array): LogRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: StoreEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isPut = view.getUint8(at) === 1;
    const keyEnd = at + 13 + view.getUint32(at + 1);
    const entryEnd = keyEnd + view.getUint32(at + 5);
    const previousEnd = entryEnd + view.getUint32(at + 9);
    const key = fromUtf8.decode(bytes.subarray(at + 13, keyEnd));
    const previous = previousEnd > entryEnd ? decodeEntry(key, bytes.subarray(entryEnd, previousEnd)) : undefined;
    const entry = isPut ? decodeEntry(key, bytes.subarray(keyEnd, entryEnd)) : previous!;
    events.push({ type: isPut ? "put" : "delete", key, revision, entry, ...(previous ? { previous } : {}) });
    at = previousEnd;
  }
  return { revision, events };
}
