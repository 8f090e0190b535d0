import { parseJson } from "../../api/machinery/json.ts";
import type { HttpClient, HttpClientAnswer, HttpTarget, Net } from "../../base/http.ts";
import type { Registry } from "../registry/scope.ts";
import { serviceTarget } from "./target.ts";

/** Where a webhook is ("WebhookClientConfig" of admissionregistration.k8s.io and apiextensions.k8s.io). */
export interface WebhookClient {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** PEM in base64; the system's authorities if absent. */
  caBundle?: string;
}

/** Posts a review to a webhook and gives the answer's JSON. Rejects with an Error in the words of a real server. */
export type PostReview = (
  client: WebhookClient,
  review: object,
  limits: { timeoutSeconds: number; signal: AbortSignal },
) => Promise<unknown>;

/** How many clients are kept: one for each place and authority. */
const clientsMax = 200;

interface Place extends HttpTarget {
  path: string;
  /** As errors show it. */
  shown: string;
}

/** Who calls, and how much of an answer is read, in bytes. */
export interface Caller {
  userAgent: string;
  answerBytesMax: number;
}

/** A way to call webhooks. Its clients keep their connections until it is disposed of. */
export function webhookPoster(registry: () => Registry, net: Net, caller: Caller): PostReview & Disposable {
  const clients = new Map<string, HttpClient>();

  function clientOf({ url, ca, serverName }: Place): HttpClient {
    const key = JSON.stringify([url, ca, serverName]);
    const known = clients.get(key);
    if (known) return known;
    if (clients.size >= clientsMax) {
      const [oldest, client] = clients.entries().next().value!;
      client.close();
      clients.delete(oldest);
    }
    const made = net.httpClient({ url, ca, serverName });
    clients.set(key, made);
    return made;
  }

  const post: PostReview = async (config, review, { timeoutSeconds, signal }) => {
    const query = `?timeout=${timeoutSeconds}s`;
    const shown = `${shownUrl(config)}${query}`;
    const abort = new AbortController();
    const cancel = () => abort.abort(new Error("context canceled"));
    using _timer = registry().clock.after(timeoutSeconds * 1000, () => {
      abort.abort(new Error("context deadline exceeded"));
    });
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const work = async (): Promise<{ status: number; text: string }> => {
        const place = placeOf(config, registry());
        const answer = await clientOf(place).request({
          method: "POST",
          url: `${place.path}${query}`,
          headers: {
            "content-type": "application/json",
            accept: "application/json, */*",
            "user-agent": caller.userAgent,
          },
          body: new TextEncoder().encode(JSON.stringify(review)),
          signal: abort.signal,
        });
        return { status: answer.status, text: await readText(answer, caller.answerBytesMax) };
      };
      const { status, text } = await untilAborted(work(), abort.signal);
      if (status < 200 || status > 202) throw new AnswerError(refusalText(status, text));
      return readAnswer(text);
    } catch (error) {
      if (error instanceof AnswerError) throw error;
      const why = abort.signal.aborted ? (abort.signal.reason as Error).message : networkError(error as Error, config);
      throw new Error(`Post ${JSON.stringify(shown)}: ${why}`);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
  return Object.assign(post, {
    [Symbol.dispose]() {
      for (const client of clients.values()) client.close();
    },
  });
}

/** The webhook answered, but not with a review. */
class AnswerError extends Error {}

function readAnswer(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new AnswerError(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

function shownUrl({ url, service }: WebhookClient): string {
  if (!service) return url ?? "";
  const { namespace, name, path = "/", port = 443 } = service;
  return `https://${name}.${namespace}.svc:${port}${path}`;
}

/** Throws an Error if a service has nobody behind it. */
function placeOf(config: WebhookClient, registry: Registry): Place {
  const { url, service, caBundle } = config;
  const ca = caBundle ? atob(caBundle) : undefined;
  if (!service) {
    const parsed = new URL(url!);
    return { url: parsed.origin, path: parsed.pathname, ca, shown: url! };
  }
  const { namespace, name, path = "/", port = 443 } = service;
  const target = serviceTarget(registry, namespace, name, port);
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  // Whatever address answers must be able to show the service's own name.
  return { url: `https://${host}:${target.port}`, path, ca, serverName: target.serverName, shown: shownUrl(config) };
}

/** Somebody who hangs while connecting or in the middle of an answer must not hold the request. */
async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  work.catch(() => {});
  return Promise.race([work, aborted]);
}

async function readText(answer: HttpClientAnswer, answerBytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const part of answer.body) {
    size += part.length;
    if (size > answerBytesMax) throw new AnswerError(`the answer is larger than ${answerBytesMax} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

const refusals: Record<number, string> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
};

/** How much of an answer's text is shown. */
const shownLettersMax = 2_048;

/** What a client of Kubernetes says of an answer that is no success. */
function refusalText(status: number, text: string): string {
  const known = refusals[status];
  if (known) return known;
  if (status < 400) return `the server responded with the status code ${status} but did not return more information`;
  const shown = text.trim().slice(0, shownLettersMax) || "unknown";
  return `an error on the server (${JSON.stringify(shown)}) has prevented the request from succeeding`;
}

const untrusted = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_GET_ISSUER_CERT",
]);

/** What went wrong on the way, in Go's words where there are any. */
function networkError(error: Error & { code?: string }, { url, service }: WebhookClient): string {
  const host = service ? `${service.name}.${service.namespace}.svc` : new URL(url!).hostname;
  if (error.code && untrusted.has(error.code)) {
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
  switch (error.code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `tls: failed to verify certificate: x509: certificate is not valid for any names, but wanted to match ${host}`;
    case "CERT_HAS_EXPIRED":
      return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
    case "ECONNREFUSED": {
      const { address, port } = error as { address?: string; port?: number };
      return `dial tcp ${address?.includes(":") ? `[${address}]` : address}:${port}: connect: connection refused`;
    }
    case "ENOTFOUND":
      return `dial tcp: lookup ${host}: no such host`;
    case "ECONNRESET":
      return "EOF";
  }
  return error.message;
}
