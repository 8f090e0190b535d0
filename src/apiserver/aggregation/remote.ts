// Talks to extension servers: requests passed on in the user's name, and questions of our own.

import { parseJson } from "../../api/machinery/json.ts";
import type { HttpAnswer, HttpClient, HttpRequest, Net, TlsIdentity, UserInfo } from "../../base/http.ts";
import type { Registry } from "../registry/scope.ts";
import { serviceTarget } from "../services/target.ts";
import { forward } from "../subresources/forward.ts";
import { type ApiService, isAvailable } from "./api_services.ts";

/** How long an extension server has for its discovery, in milliseconds. */
const askMs = 5_000;

/** How much of a document is read, in bytes. */
const documentBytesMax = 32 * 1024 * 1024;

/** How many clients are kept: one for each endpoint and certificate authority. */
const clientsMax = 100;

export interface RemoteServers extends Disposable {
  /** Passes a request on, as this user. */
  pass(service: ApiService, request: HttpRequest, user: UserInfo): Promise<HttpAnswer>;
  /** Reads a JSON document, as the aggregator itself. Rejects with an Error that says why it couldn't. */
  ask(service: ApiService, path: string, accept?: string): Promise<any>;
}

/** `identity`: the certificate by which extension servers know that they may believe who asks. */
export function remoteServers(registry: () => Registry, net: Net, identity: TlsIdentity | undefined): RemoteServers {
  const clients = new Map<string, HttpClient>();

  function reach({ spec }: ApiService, checked: boolean): { client: HttpClient; url: string; drop(): void } {
    const { namespace, name, port = 443 } = spec.service!;
    const target = serviceTarget(registry(), namespace, name, port);
    const host = target.host.includes(":") ? `[${target.host}]` : target.host;
    const url = `https://${host}:${target.port}`;
    const trust =
      !checked || spec.insecureSkipTLSVerify
        ? { insecureSkipVerify: true }
        : { ca: spec.caBundle ? atob(spec.caBundle) : undefined, serverName: target.serverName };
    const key = JSON.stringify([url, trust]);
    // A connection that hangs would hang the next request too.
    const drop = () => {
      clients.get(key)?.close();
      clients.delete(key);
    };
    const known = clients.get(key);
    if (known) return { client: known, url, drop };
    if (clients.size >= clientsMax) {
      const [oldest, client] = clients.entries().next().value!;
      client.close();
      clients.delete(oldest);
    }
    const client = net.httpClient({ url, identity, ...trust });
    clients.set(key, client);
    return { client, url, drop };
  }

  return {
    async pass(service, request, user) {
      if (!isAvailable(service)) return unavailable("service unavailable");
      let client: HttpClient;
      try {
        client = reach(service, true).client;
      } catch {
        return unavailable("service unavailable");
      }
      try {
        return await forward(request, client, request.url, inNameOf(user, request));
      } catch (error) {
        return unavailable((error as Error).message);
      }
    },
    async ask(service, path, accept = "application/json") {
      const { client, url, drop } = reach(service, false);
      const abort = new AbortController();
      using _timer = registry().clock.after(askMs, () =>
        abort.abort(new Error(`Get ${JSON.stringify(url + path)}: context deadline exceeded`)),
      );
      const self: UserInfo = { username: "system:kube-aggregator", groups: ["system:masters"] };
      const work = async (): Promise<unknown> => {
        const answer = await client.request({
          method: "GET",
          url: path,
          headers: { ...userHeaders(self), accept },
          signal: abort.signal,
        });
        if (answer.status < 200 || answer.status >= 300)
          throw new Error(`bad status from ${url}${path}: ${answer.status}`);
        return parseJson(await readBounded(answer.body));
      };
      const running = work();
      running.catch(() => {});
      const late = new Promise<never>((_, reject) => {
        abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
      });
      try {
        return await Promise.race([running, late]);
      } catch (error) {
        if (abort.signal.aborted) drop();
        throw new Error(`failing or missing response from ${url}${path}: ${(error as Error).message}`);
      }
    },
    [Symbol.dispose]() {
      for (const client of clients.values()) client.close();
    },
  };
}

/** Headers by which an extension server is told who asks: never what the client itself sent under these names. */
function inNameOf(user: UserInfo, { headers, remoteAddress }: HttpRequest): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (lower.startsWith("x-remote-") || lower === "authorization" || lower.startsWith("impersonate-")) continue;
    out[lower] = value;
  }
  if (remoteAddress) {
    const before = headers["x-forwarded-for"];
    out["x-forwarded-for"] = before ? `${before}, ${remoteAddress}` : remoteAddress;
  }
  return { ...out, ...userHeaders(user) };
}

function userHeaders({ username, uid, groups, extra }: UserInfo): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = { "x-remote-user": username };
  if (uid) out["x-remote-uid"] = uid;
  if (groups.length > 0) out["x-remote-group"] = [...groups];
  for (const [key, values] of Object.entries(extra ?? {}))
    if (values.length > 0) out[`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`] = [...values];
  return out;
}

function unavailable(message: string): HttpAnswer {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return { status: 503, headers, body: new TextEncoder().encode(`${message}\n`) };
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > documentBytesMax) throw new Error(`the document is larger than ${documentBytesMax} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
