import type { HttpAnswer, HttpHandler, HttpTarget, Net, UserInfo } from "../base/http.ts";
import type { Client, RawRequest } from "./client.ts";
import { createClient } from "./typed.ts";

/** Carries requests to the API. */
export type Transport = (request: RawRequest & { signal: AbortSignal }) => Promise<HttpAnswer>;

/**
 * A client of an API server in the same process: objects by reference, no JSON, no TLS. `user` is who it acts as.
 */
export function inProcess(handler: HttpHandler, user: UserInfo): Client {
  return createClient((request) => handler({ headers: {}, user, ...request }));
}

export interface HttpAccess extends HttpTarget {
  /** Headers that say who asks, such as `authorization`. May be a function, for tokens that change. */
  headers?: Record<string, string> | (() => Record<string, string>);
  userAgent?: string;
}

/** A client over HTTP. */
export function overHttp(net: Net, access: HttpAccess): Client {
  const http = net.httpClient(access);
  const userAgent = access.userAgent ?? "typernetes";
  return createClient(async ({ method, url, headers, body, signal }) => {
    const own = typeof access.headers === "function" ? access.headers() : access.headers;
    const bytes = body && "object" in body ? new TextEncoder().encode(JSON.stringify(body.object)) : body;
    const answer = await http.request({
      method,
      url,
      headers: { accept: "application/json", "user-agent": userAgent, ...own, ...headers },
      body: bytes as Uint8Array | AsyncIterable<Uint8Array> | undefined,
      signal,
    });
    return { status: answer.status, headers: answer.headers, body: { stream: answer.body } };
  });
}
