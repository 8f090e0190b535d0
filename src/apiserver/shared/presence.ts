// Which API servers of one store are there: all of them are endpoints of the `kubernetes` Service.

import type { Clock } from "../../base/world.ts";
import type { Store } from "../../store/mod.ts";

/** Where servers say that they are there: a key each, as Kubernetes' own have it. */
const prefix = "/registry/masterleases/";

/** How often a server says so, in milliseconds. */
export const presenceMs = 10_000;

/** After how long without a word it is taken to be gone, in milliseconds of whoever listens. */
const goneMs = 15_000;

/** How long a server that ends tries to take its word back, in milliseconds. */
const leaveMs = 2_000;

/**
 * Says again and again that the server at this address is there, and publishes the addresses of all that are. A server that is
 * disposed takes its word back. Rejects if the first time fails; later failures are reported, and it is tried again.
 */
export async function keepPresence(
  store: Store,
  clock: Clock,
  address: string,
  publish: (addresses: readonly string[]) => Promise<void>,
  report: (error: unknown) => void,
): Promise<AsyncDisposable> {
  /** When each word was first heard, by its revision: clocks of different machines are never compared. */
  let heard = new Map<string, { revision: number; atMs: number }>();
  const own = prefix + address;

  async function othersThere(): Promise<string[]> {
    const now = clock.monotonicMs();
    const { entries } = await store.range(prefix);
    const next: typeof heard = new Map();
    for (const { key, modRevision: revision } of entries) {
      if (key === own) continue;
      const before = heard.get(key);
      const word = before?.revision === revision ? before : { revision, atMs: now };
      if (now - word.atMs < goneMs) next.set(key, word);
      else await store.commit([{ key, revision }], [{ delete: key }]);
    }
    heard = next;
    return [...next.keys()].map((key) => key.slice(prefix.length));
  }

  async function round(): Promise<void> {
    const word = { kind: "Endpoints", apiVersion: "v1", metadata: {}, subsets: [{ addresses: [{ ip: address }] }] };
    await store.commit([], [{ put: own, value: new TextEncoder().encode(JSON.stringify(word)) }]);
    await publish([address, ...(await othersThere())].toSorted());
  }

  await round();
  const stopping = new AbortController();
  const loop = (async () => {
    for (;;) {
      await clock.sleep(presenceMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      await round().catch(report);
    }
  })();

  async function leave(): Promise<void> {
    await loop;
    await store.commit([], [{ delete: own }]);
    const others = await othersThere();
    // The last one leaves the address: there is no better one.
    if (others.length > 0) await publish(others.toSorted());
  }

  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      // A store that does not answer must not hold up the end: the others will see it by the silence.
      await Promise.race([leave().catch(report), clock.sleep(leaveMs)]);
    },
  };
}
