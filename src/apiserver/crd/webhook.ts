import type { WebhookClientConfig } from "../../api/apiextensions/types.ts";
import { parseJson } from "../../api/machinery/json.ts";
import type { HttpClient, HttpClientAnswer, Net } from "../../base/http.ts";
import type { Registry } from "../registry/scope.ts";
import { serviceTarget } from "../services/target.ts";

/** How long a conversion webhook may take, in milliseconds. */
const webhookMs = 30_000;

/** How much of an answer is read, in bytes: a list of the largest objects. */
const answerBytesMax = 256 * 1024 * 1024;

/** Posts a review and gives the answer's JSON. Rejects with an Error in Go's words. */
export type WebhookCaller = (config: WebhookClientConfig, review: object) => Promise<unknown>;

/** A caller of conversion webhooks. `timeoutMs` is for tests. */
export function webhookCaller(registry: () => Registry, net: Net, timeoutMs = webhookMs): WebhookCaller & Disposable {
  const clients = new Map<string, HttpClient>();
  const call: WebhookCaller = async (config, review) => {
    const { url, path, ca, serverName, shown } = placeOf(config, registry());
    const withTimeout = `${shown}${shown.includes("?") ? "&" : "?"}timeout=${timeoutMs / 1000}s`;
    const key = `${url} ${serverName} ${ca}`;
    const client = clients.get(key) ?? net.httpClient({ url, ca, serverName });
    clients.set(key, client);
    const abort = new AbortController();
    using _timer = registry().clock.after(timeoutMs, () => abort.abort(new Error("context deadline exceeded")));
    try {
      const exchange = async (): Promise<{ status: number; text: string }> => {
        const answer = await client.request({
          method: "POST",
          url: `${path}${path.includes("?") ? "&" : "?"}timeout=${timeoutMs / 1000}s`,
          headers: { "content-type": "application/json", accept: "application/json" },
          body: new TextEncoder().encode(JSON.stringify(review)),
          signal: abort.signal,
        });
        return { status: answer.status, text: await readText(answer) };
      };
      const { status, text } = await untilAborted(exchange(), abort.signal);
      if (status !== 200) throw new WebhookRefusal(refusal(status, text));
      return parseJson(text);
    } catch (error) {
      if (error instanceof WebhookRefusal) throw error;
      // A connection that hangs would hang the next call too.
      clients.delete(key);
      client.close();
      const why = abort.signal.aborted ? "context deadline exceeded" : (error as Error).message;
      throw new Error(`Post ${JSON.stringify(withTimeout)}: ${why}`);
    }
  };
  return Object.assign(call, {
    [Symbol.dispose]() {
      for (const client of clients.values()) client.close();
    },
  });
}

class WebhookRefusal extends Error {}

function refusal(status: number, text: string): string {
  if (status === 404) return "the server could not find the requested resource";
  return `an error on the server (${JSON.stringify(text.slice(0, 200))}) has prevented the request from succeeding`;
}

interface Place {
  url: string;
  path: string;
  ca?: string;
  serverName?: string;
  /** As errors show it. */
  shown: string;
}

function placeOf({ url, service, caBundle }: WebhookClientConfig, registry: Registry): Place {
  const ca = caBundle ? atob(caBundle) : undefined;
  if (service) {
    const { namespace, name, path = "/", port = 443 } = service;
    const shown = `https://${name}.${namespace}.svc:${port}${path}`;
    try {
      const target = serviceTarget(registry, namespace, name, port);
      const host = target.host.includes(":") ? `[${target.host}]` : target.host;
      return { url: `https://${host}:${target.port}`, path, ca, serverName: target.serverName, shown };
    } catch (error) {
      throw new Error(`Post ${JSON.stringify(`${shown}?timeout=30s`)}: ${(error as Error).message}`);
    }
  }
  const parsed = new URL(url!);
  return { url: parsed.origin, path: parsed.pathname + parsed.search, ca, shown: url! };
}

/** Somebody who hangs while connecting or in the middle of an answer must not hold the request. */
async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  work.catch(() => {});
  return Promise.race([work, aborted]);
}

async function readText(answer: HttpClientAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const part of answer.body) {
    size += part.length;
    if (size > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
