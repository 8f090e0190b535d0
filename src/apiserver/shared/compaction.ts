import type { Clock } from "../../base/world.ts";
import type { Store } from "../../store/mod.ts";

/** How often old revisions are forgotten, in milliseconds, as etcd's compaction by the real API server does. */
const compactionMs = 300_000;

/**
 * The key by which the servers of one store agree who compacts: its value is the revision at its last writing. The real API
 * server has the same, so both may work on one etcd.
 */
export const compactionKey = "compact_rev_key";

/** What a server knows of the key. `revision`: what was the present when the key was written so. */
export interface CompactionTurn {
  keyRevision: number;
  revision: number;
}

/**
 * One round for a store with several servers: whoever finds the key as it was a period ago writes it, and forgets what is
 * older than that; the others take note. So history is kept for at least a period, however many they are.
 */
export async function compactInTurn(store: Store, turn: CompactionTurn): Promise<CompactionTurn> {
  const now = await store.revision();
  const result = await store.commit(
    [{ key: compactionKey, revision: turn.keyRevision }],
    [{ put: compactionKey, value: new TextEncoder().encode(String(now)) }],
  );
  if (result.ok) {
    if (turn.revision > 0) await store.compact(turn.revision);
    return { keyRevision: result.revision, revision: now };
  }
  const { current } = result;
  const told = current ? Number(new TextDecoder().decode(current.value)) : 0;
  return { keyRevision: current?.modRevision ?? 0, revision: Number.isSafeInteger(told) ? told : 0 };
}

/** Forgets old revisions until the signal is aborted. A round that fails is left out. */
export async function compactRegularly(store: Store, clock: Clock, signal: AbortSignal): Promise<void> {
  let turn: CompactionTurn = { keyRevision: 0, revision: 0 };
  let before = await store.revision();
  // Nobody can go on from before the only server's start: its watch cache begins there too.
  if (!store.shared && before > 1) await store.compact(before);
  while (!signal.aborted) {
    try {
      await clock.sleep(compactionMs, signal);
    } catch {
      return;
    }
    try {
      if (store.shared) {
        turn = await compactInTurn(store, turn);
        continue;
      }
      // What was the present one period ago: every client has had that long to come back.
      const now = await store.revision();
      if (before > 1) await store.compact(before);
      before = now;
    } catch {
      // The store may be back for the next one.
    }
  }
}
