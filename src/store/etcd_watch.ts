import { type EtcdKeys, toEntry } from "./etcd.ts";
import type { EtcdCalls } from "./etcd_calls.ts";
import type { EtcdRange, EtcdWatchAnswer } from "./etcd_proto.ts";
import { CompactedError, type StoreEvent, type StoreEvents } from "./store.ts";

/** Etcd's words for "from the first key to the last". */
const everyKey = new Uint8Array(1);

/**
 * Follows etcd across broken connections and members that go away, without a gap.
 *
 * All keys are watched, and those of others passed over here: so every revision comes as an event, and how far a watcher is
 * never depends on progress notifications. Members before 3.4.25 and 3.5.8 send those before the events that they speak of
 * (etcd issue 15220).
 */
export async function* watchEtcd(
  calls: EtcdCalls,
  keys: EtcdKeys,
  prefix: string,
  afterRevision: number,
  signal: AbortSignal,
): AsyncGenerator<StoreEvents> {
  let seen = afterRevision;
  for (let failures = 0; !signal.aborted; ) {
    try {
      for await (const answer of calls.watch<EtcdWatchAnswer>(createRequest(seen), signal)) {
        if (answer.compactRevision > 0) throw new CompactedError(seen, answer.compactRevision);
        // The member lost its leader, or the like.
        if (answer.canceled) break;
        failures = 0;
        for (const batch of batchesOf(answer, keys, prefix, seen)) {
          seen = batch.revision;
          yield batch;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof CompactedError) throw error;
    }
    if (signal.aborted) return;
    try {
      await calls.next(++failures, signal);
      await checkHistory(calls, seen);
    } catch (error) {
      if (error instanceof WentBackError) throw error;
    }
  }
}

/**
 * From the last revision seen on, not from the one after: then etcd refuses exactly when something after it is forgotten. Its
 * events come again and are passed over.
 */
function createRequest(seen: number): object {
  const createRequest = { key: everyKey, rangeEnd: everyKey, startRevision: Math.max(1, seen), prevKv: true };
  return { createRequest };
}

/** The events of one answer, a batch each revision. */
function* batchesOf({ events }: EtcdWatchAnswer, keys: EtcdKeys, prefix: string, seen: number): Generator<StoreEvents> {
  for (let at = 0; at < events.length; ) {
    const revision = events[at]!.kv.modRevision;
    const batch: StoreEvent[] = [];
    for (; at < events.length && events[at]!.kv.modRevision === revision; at++) {
      const event = toEvent(keys, events[at]!);
      if (event.key.startsWith(prefix)) batch.push(event);
    }
    if (revision > seen) yield { events: batch, revision };
  }
}

function toEvent(keys: EtcdKeys, { type, kv, prevKv }: EtcdWatchAnswer["events"][number]): StoreEvent {
  const own = toEntry(keys, kv);
  const previous = prevKv ? toEntry(keys, prevKv) : undefined;
  const head = { key: own.key, revision: kv.modRevision, ...(previous ? { previous } : {}) };
  // Of a deleted key there is no more than its name where what it was has been compacted.
  return type === "DELETE" ? { type: "delete", ...head, entry: previous ?? own } : { type: "put", ...head, entry: own };
}

class WentBackError extends Error {}

/** A cluster that was put back from a backup counts its revisions anew: nothing that was seen means anything there. */
async function checkHistory(calls: EtcdCalls, seen: number): Promise<void> {
  const request = { key: everyKey, countOnly: true };
  const { revision } = (await calls.call<EtcdRange>("Range", request, { reads: true })).header;
  if (revision < seen)
    throw new WentBackError(`etcd is at revision ${revision}, and was at ${seen} before: it holds another history now`);
}
