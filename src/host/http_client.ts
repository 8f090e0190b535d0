import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import WebSocket from "ws";
import type { Headers, HttpClient, HttpTarget, Net, OutgoingHeaders } from "../base/http.ts";
import { byteStream, isDisconnect } from "./stream.ts";
import { webSocketStream } from "./websocket.ts";

/** A client of one target: HTTP/2 over TLS where the server has it, HTTP/1.1 otherwise. */
export const httpClient: Net["httpClient"] = (target): HttpClient => {
  const base = new URL(target.url);
  const prefix = base.pathname === "/" ? "" : base.pathname.replace(/\/$/, "");
  const secure = base.protocol === "https:";
  const tls = tlsOptions(target);
  const agent = secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true });
  const session = secure ? sharedSession(base, tls) : undefined;

  function http1(request: {
    method: string;
    url: string;
    headers: OutgoingHeaders;
    signal?: AbortSignal;
  }): http.ClientRequest {
    const options = {
      method: request.method,
      host: base.hostname.replace(/^\[|\]$/g, ""),
      port: base.port || (secure ? 443 : 80),
      path: prefix + request.url,
      headers: request.headers,
      signal: request.signal,
      agent,
      servername: tls.servername,
    };
    return secure ? https.request(options) : http.request(options);
  }

  return {
    async request(request) {
      const live = session ? await session.get() : undefined;
      if (live) return requestHttp2(live, base, prefix, request);
      return new Promise((resolve, reject) => {
        const outgoing = http1(request);
        outgoing.once("error", reject);
        outgoing.once("response", (incoming) =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers as Headers, body: bodyOf(incoming) }),
        );
        sendBody(outgoing, request.body);
      });
    },
    upgrade: (request) =>
      new Promise((resolve, reject) => {
        const outgoing = http1(request);
        outgoing.once("error", reject);
        outgoing.once("upgrade", (incoming, socket: Socket, head) => {
          resolve({ status: 101, headers: incoming.headers as Headers, stream: byteStream(socket, head) });
        });
        outgoing.once("response", (incoming) =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers as Headers, body: bodyOf(incoming) }),
        );
        outgoing.end();
      }),
    webSocket: (request) =>
      new Promise((resolve, reject) => {
        const url = `${secure ? "wss" : "ws"}://${base.host}${prefix}${request.url}`;
        const ws = new WebSocket(url, [...request.protocols], {
          headers: request.headers,
          perMessageDeflate: false,
          ...tls,
        });
        request.signal?.addEventListener("abort", () => ws.terminate(), { once: true });
        ws.once("error", reject);
        ws.once("open", () => resolve(webSocketStream(ws)));
        ws.once("unexpected-response", async (_request, incoming) => {
          const parts: Uint8Array[] = [];
          for await (const part of bodyOf(incoming)) parts.push(part);
          const body = Buffer.concat(parts).toString("utf8");
          reject(
            Object.assign(new Error(`unable to upgrade connection: ${body}`), { status: incoming.statusCode, body }),
          );
        });
      }),
    close() {
      agent.destroy();
      session?.close();
    },
  };
};

function tlsOptions(target: HttpTarget): SecureContextOptions & { rejectUnauthorized: boolean; servername?: string } {
  return {
    ...(target.ca ? { ca: target.ca } : {}),
    ...(target.identity ? { cert: target.identity.certificate, key: target.identity.key } : {}),
    ...(target.serverName ? { servername: target.serverName } : {}),
    rejectUnauthorized: !target.insecureSkipVerify,
  };
}

/** One HTTP/2 connection for all requests, opened when first needed and again after it broke. */
function sharedSession(base: URL, tls: SecureContextOptions) {
  let current: Promise<http2.ClientHttp2Session | undefined> | undefined;
  return {
    get(): Promise<http2.ClientHttp2Session | undefined> {
      current ??= open();
      return current;
    },
    close() {
      void current?.then((session) => session?.close()).catch(() => {});
    },
  };

  function open(): Promise<http2.ClientHttp2Session | undefined> {
    return new Promise((resolve, reject) => {
      const session = http2.connect(base.origin, {
        ...tls,
        ALPNProtocols: ["h2", "http/1.1"],
      } as http2.SecureClientSessionOptions);
      const forget = () => {
        current = undefined;
      };
      session.once("connect", (_session, socket) => {
        session.unref();
        if ((socket as { alpnProtocol?: string }).alpnProtocol === "http/1.1") {
          session.destroy();
          resolve(undefined);
        } else resolve(session);
      });
      session.once("goaway", forget);
      session.once("close", forget);
      session.on("error", (error) => {
        forget();
        reject(error);
      });
    });
  }
}

/** How many requests are open on a session. */
const openRequests = new WeakMap<http2.ClientHttp2Session, number>();

function requestHttp2(
  session: http2.ClientHttp2Session,
  base: URL,
  prefix: string,
  request: Parameters<HttpClient["request"]>[0],
): ReturnType<HttpClient["request"]> {
  return new Promise((resolve, reject) => {
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const stream = session.request(
      {
        ...headers,
        ":method": request.method,
        ":path": prefix + request.url,
        ":authority": base.host,
        ":scheme": "https",
      },
      { endStream: request.body === undefined },
    );
    // A session that is not referenced lets the process end; an open request must keep it alive.
    const open = (openRequests.get(session) ?? 0) + 1;
    openRequests.set(session, open);
    if (open === 1) session.ref();
    stream.once("close", () => {
      const left = openRequests.get(session)! - 1;
      openRequests.set(session, left);
      if (left === 0) session.unref();
    });
    const abort = () => stream.close(http2.constants.NGHTTP2_CANCEL);
    if (request.signal?.aborted) abort();
    request.signal?.addEventListener("abort", abort, { once: true });
    stream.once("close", () => {
      request.signal?.removeEventListener("abort", abort);
      reject(request.signal?.aborted ? request.signal.reason : new Error("the connection ended before the answer"));
    });
    stream.once("error", reject);
    stream.once("response", (received) => {
      resolve({ status: Number(received[":status"]), headers: received as unknown as Headers, body: bodyOf(stream) });
    });
    if (request.body !== undefined) sendBody(stream, request.body);
  });
}

function sendBody(out: NodeJS.WritableStream, body: Uint8Array | AsyncIterable<Uint8Array> | undefined): void {
  if (body === undefined) out.end();
  else if (body instanceof Uint8Array) out.end(body);
  else Readable.from(body, { objectMode: false }).pipe(out);
}

async function* bodyOf(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    if (!isDisconnect(error) && (error as Error).name !== "AbortError") throw error;
  }
}
