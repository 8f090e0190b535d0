import type { HttpAnswer, HttpClient, HttpTarget, Net } from "../../base/http.ts";

/** Clients that are kept at most. Whoever may proxy can name any port of any pod. */
const clientsMax = 128;

interface Kept {
  client: HttpClient;
  users: number;
}

/** Clients by target: connections are shared, and those that nobody uses are closed when there are too many. */
export interface ClientPool {
  /** Runs a request; the client is in use until the answer's last part was taken. */
  use(target: HttpTarget, run: (client: HttpClient) => Promise<HttpAnswer>, signal: AbortSignal): Promise<HttpAnswer>;
  close(): void;
}

/** An empty pool. */
export function clientPool(net: Pick<Net, "httpClient">): ClientPool {
  // Oldest use first.
  const kept = new Map<string, Kept>();

  function makeRoom(): void {
    for (const [key, { client, users }] of kept) {
      if (kept.size <= clientsMax) return;
      if (users > 0) continue;
      kept.delete(key);
      client.close();
    }
  }

  return {
    async use(target, run, signal) {
      // A pod may have a node's address: its requests must not find the connection on which we are known.
      const key = `${target.identity ? "known" : "unknown"} ${target.insecureSkipVerify ?? false} ${target.url}`;
      const found = kept.get(key) ?? { client: net.httpClient(target), users: 0 };
      kept.delete(key);
      kept.set(key, found);
      found.users++;
      makeRoom();
      let open = true;
      const release = () => {
        if (open) found.users--;
        open = false;
      };
      try {
        const answer = await run(found.client);
        const { body } = answer;
        if (!body || !("stream" in body)) {
          release();
          return answer;
        }
        // A client that has gone never takes the rest.
        signal.addEventListener("abort", release, { once: true });
        return { ...answer, body: { stream: untilTaken(body.stream, release) } };
      } catch (error) {
        release();
        throw error;
      }
    },
    close() {
      for (const { client } of kept.values()) client.close();
      kept.clear();
    },
  };
}

async function* untilTaken(stream: AsyncIterable<Uint8Array>, taken: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } finally {
    taken();
  }
}
