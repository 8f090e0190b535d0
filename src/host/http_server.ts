import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import type {
  AnswerBody,
  Headers,
  HttpAnswer,
  HttpHandler,
  HttpListener,
  HttpRequest,
  Net,
  Upgrade,
} from "../base/http.ts";
import { acceptsGzip, compressedFrom, gzipParts } from "./gzip.ts";
import { type ClientAuthorities, clientAuthorities, peerOf } from "./peer.ts";
import { byteStream } from "./stream.ts";
import { webSocketStream } from "./websocket.ts";

/** Where an answer goes: the head in its protocol's own way, then bytes. */
interface Out {
  readonly stream: http.ServerResponse | http2.ServerHttp2Stream;
  /** Sends the status and the headers; `ends`: nothing comes after them. */
  head(status: number, headers: HttpAnswer["headers"], ends: boolean): void;
  readonly begun: boolean;
}

/** How long an idle connection's keep-alive lasts. Clients keep connections for 90 s: outlive them, so that they never race. */
const keepAliveMs = 120_000;

/** Streams one client may have open on one connection, as the real API server allows. */
const concurrentStreamsMax = 250;

/** Serves a handler: HTTP/1.1, and under TLS HTTP/2 beside it on the same port. */
export const listenHttp: Net["listenHttp"] = async (options, handler) => {
  const sockets = new Set<Socket>();
  const { clientCa } = options.tls ?? {};
  const authorities = clientAuthorities(typeof clientCa === "string" ? { client: clientCa } : (clientCa ?? {}));
  const server = options.tls
    ? http2.createSecureServer({
        allowHTTP1: true,
        cert: options.tls.identity.certificate,
        key: options.tls.identity.key,
        ca: authorities.bundle,
        requestCert: authorities.bundle !== undefined,
        // Certificates are checked by the handler's authentication: a client without one may still have a token.
        rejectUnauthorized: false,
        settings: { maxConcurrentStreams: concurrentStreamsMax, initialWindowSize: 1 << 20 },
      })
    : http.createServer();
  if ("keepAliveTimeout" in server) (server as http.Server).keepAliveTimeout = keepAliveMs;
  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", onConnection);
  server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
    void serve((signal) => toRequest(request, authorities, signal), http1Out(response), handler);
  });
  if (options.tls) serveStreams(server as http2.Http2SecureServer, handler, authorities);
  server.on(
    "upgrade",
    (request: http.IncomingMessage, socket: Socket, head: Uint8Array) =>
      void serveUpgrade(request, socket, head, handler, authorities),
  );
  server.on("sessionError", () => {});
  server.on("clientError", (_error, socket: Socket) => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => resolve());
  });
  return listener(server.address() as AddressInfo, async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
};

export function listener(address: AddressInfo, close: () => Promise<void>): HttpListener {
  return { port: address.port, address: address.address, [Symbol.asyncDispose]: close };
}

/** What a request that lost its client is ended with. One for all: the place where it is made tells nobody anything. */
const clientGone = new Error("the client went away");

async function serve(requestFor: (signal: AbortSignal) => HttpRequest, out: Out, handler: HttpHandler): Promise<void> {
  const abort = new AbortController();
  const { stream } = out;
  stream.on("close", () => abort.abort(clientGone));
  // An error of the socket shows as "close".
  stream.on("error", () => {});
  try {
    const request = requestFor(abort.signal);
    const answer = await handler(request);
    if (stream.destroyed) return;
    await sendAnswer(request, out, answer);
  } catch (error) {
    if (stream.destroyed) return;
    if (out.begun) {
      stream.destroy();
      return;
    }
    out.head(500, {}, false);
    stream.end(`${error instanceof Error ? error.message : error}\n`);
  }
}

function http1Out(response: http.ServerResponse): Out {
  return {
    stream: response,
    head: (status, headers) => void response.writeHead(status, headers),
    get begun() {
      return response.headersSent;
    },
  };
}

function toRequest(
  request: http.IncomingMessage,
  authorities: ClientAuthorities,
  signal: AbortSignal,
  upgrade?: Upgrade,
): HttpRequest {
  const { socket } = request;
  return {
    method: request.method ?? "GET",
    url: request.url ?? "/",
    headers: request.headers as Headers,
    headerValues: (name) => valuesOf(request.rawHeaders, name),
    body: hasBody(request) ? request : undefined,
    ...peerOf(socket as TLSSocket, authorities),
    remoteAddress: socket?.remoteAddress,
    signal,
    upgrade,
  };
}

/** Headers that speak of a connection: HTTP/2 has none of them (RFC 9113, section 8.2.2). */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/**
 * Serves HTTP/2's streams themselves. Node's requests and responses, which are made to look like HTTP/1.1's, cost more than
 * half as much again as the streams below them (measured: see DESIGN.md).
 */
function serveStreams(server: http2.Http2SecureServer, handler: HttpHandler, authorities: ClientAuthorities): void {
  // Listening to "request", which HTTP/1.1 needs, has made a listener for streams too.
  server.removeAllListeners("stream");
  const serveStream = (
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    _flags: number,
    rawHeaders: readonly string[],
  ): void => {
    if (headers[":method"] === "CONNECT") {
      stream.on("error", () => {});
      stream.respond({ ":status": 405 }, { endStream: true });
      return;
    }
    if (headers.expect === "100-continue") stream.additionalHeaders({ ":status": 100 });
    const requestFor = (signal: AbortSignal) => streamRequest(stream, headers, rawHeaders, authorities, signal);
    void serve(requestFor, http2Out(stream), handler);
  };
  // The types do not know of the fourth argument.
  (server as NodeJS.EventEmitter).on("stream", serveStream);
}

function http2Out(stream: http2.ServerHttp2Stream): Out {
  return {
    stream,
    head(status, headers, ends) {
      const all: http2.OutgoingHttpHeaders = { ":status": status };
      for (const name in headers) if (!connectionHeaders.has(name.toLowerCase())) all[name] = headers[name];
      stream.respond(all, { endStream: ends });
      if (!stream.endAfterHeaders) stream.once("finish", () => leaveRest(stream));
    },
    get begun() {
      return stream.headersSent;
    },
  };
}

/** Lets go of what is left of a body that nobody wants. A client that still sends is told that it need not. */
function leaveRest(stream: http2.ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  stream.resume();
  setImmediate(() => {
    if (!stream.readableEnded) stream.close(http2.constants.NGHTTP2_NO_ERROR);
  });
}

interface Connection {
  socket: TLSSocket;
  remoteAddress: string | undefined;
}

const connections = new WeakMap<object, Connection>();

/** What a session's streams have in common. Asked once: each look through its proxy of the socket costs. */
function connectionOf(session: http2.Http2Session): Connection {
  const known = connections.get(session);
  if (known) return known;
  const socket = session.socket as TLSSocket;
  const connection = { socket, remoteAddress: socket.remoteAddress };
  connections.set(session, connection);
  return connection;
}

function streamRequest(
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  rawHeaders: readonly string[],
  authorities: ClientAuthorities,
  signal: AbortSignal,
): HttpRequest {
  const connection = stream.session && connectionOf(stream.session);
  return {
    method: headers[":method"] ?? "GET",
    url: headers[":path"] ?? "/",
    headers: headers as Headers,
    headerValues: (name) => valuesOf(rawHeaders, name),
    // Whoever stops reading must not end the answer.
    body: stream.endAfterHeaders
      ? undefined
      : { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() },
    ...peerOf(connection?.socket, authorities),
    remoteAddress: connection?.remoteAddress,
    signal,
  };
}

function hasBody({ headers }: http.IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** The values of a header among names and values in turn. */
function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < raw.length; at += 2) if (raw[at]!.toLowerCase() === name) values.push(raw[at + 1]!);
  return values;
}

/** Statuses whose answers have no body. */
const bodiless = new Set([204, 205, 304]);

async function sendAnswer(
  request: Pick<HttpRequest, "method" | "headers">,
  out: Out,
  { status, headers, body }: HttpAnswer,
): Promise<void> {
  const { stream } = out;
  if (body === undefined || request.method === "HEAD" || bodiless.has(status)) {
    out.head(status, headers, true);
    stream.end();
    return;
  }
  if (body instanceof Uint8Array || "bytes" in body) return sendBytes(request, out, status, headers, partsOf(body));
  out.head(status, headers, false);
  if ("flushHeaders" in stream) stream.flushHeaders();
  if ("stream" in body) {
    for await (const chunk of body.stream) await writeOut(stream, chunk);
  } else {
    for await (const batch of body.events) {
      const lines = batch.map((event) => event.bytes());
      await writeOut(stream, lines.length === 1 ? lines[0]! : Buffer.concat(lines));
    }
  }
  stream.end();
}

function partsOf(body: Extract<AnswerBody, Uint8Array | { bytes(): Uint8Array }>): readonly Uint8Array[] {
  if (body instanceof Uint8Array) return [body];
  return body.parts?.() ?? [body.bytes()];
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Sends an answer whose bytes are there, compressed if it is large and the client can read that. */
async function sendBytes(
  request: Pick<HttpRequest, "headers">,
  out: Out,
  status: number,
  headers: HttpAnswer["headers"],
  parts: readonly Uint8Array[],
): Promise<void> {
  let pieces = parts;
  if (sizeOf(parts) >= compressedFrom && acceptsGzip(request.headers["accept-encoding"] as string | undefined)) {
    pieces = await gzipParts(parts);
    headers["content-encoding"] = "gzip";
    headers.vary = "Accept-Encoding";
  }
  headers["content-length"] = String(sizeOf(pieces));
  const { stream } = out;
  if (stream.destroyed) return;
  out.head(status, headers, false);
  for (const piece of pieces.slice(0, -1)) stream.write(piece);
  stream.end(pieces.at(-1));
}

/** Writes and, if the other side is slow, waits until it has caught up or gone. */
async function writeOut(response: Out["stream"], chunk: Uint8Array): Promise<void> {
  if (response.destroyed) return;
  if (response.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
/** The protocol chosen for a handshake. Not left to `ws`: it refuses Kubernetes' names that have a slash. */
const chosenProtocols = new WeakMap<http.IncomingMessage, string>();
webSockets.on("headers", (lines, request) => {
  const chosen = chosenProtocols.get(request);
  if (chosen !== undefined) lines.push(`Sec-WebSocket-Protocol: ${chosen}`);
});

async function serveUpgrade(
  request: http.IncomingMessage,
  socket: Socket,
  head: Uint8Array,
  handler: HttpHandler,
  authorities: ClientAuthorities,
): Promise<void> {
  const abort = new AbortController();
  socket.on("error", () => {});
  socket.once("close", () => abort.abort(clientGone));
  const upgrade: Upgrade = {
    protocol: (request.headers.upgrade ?? "").toLowerCase(),
    accept(headers) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
      return byteStream(socket, head);
    },
    acceptWebSocket(protocols) {
      const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
      const chosen = protocols.find((each) => offered.includes(each));
      delete request.headers["sec-websocket-protocol"];
      if (chosen !== undefined) chosenProtocols.set(request, chosen);
      return new Promise((resolve) =>
        webSockets.handleUpgrade(request, socket, Buffer.from(head), (ws) =>
          resolve({ ...webSocketStream(ws), protocol: chosen ?? "" }),
        ),
      );
    },
  };
  try {
    const answer = await handler(toRequest(request, authorities, abort.signal, upgrade));
    if (answer.upgraded || socket.destroyed) return;
    await refuseUpgrade(request, socket, answer);
  } catch (error) {
    socket.end(
      `HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n\r\n${error instanceof Error ? error.message : error}\n`,
    );
  }
}

/** Answers an upgrade request with an ordinary HTTP answer. */
async function refuseUpgrade(
  request: http.IncomingMessage,
  socket: Socket,
  answer: { status: number; headers: HttpAnswer["headers"]; body?: AnswerBody },
): Promise<void> {
  const response = new http.ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => socket.end());
  const asked = { method: request.method ?? "GET", headers: request.headers as Headers };
  await sendAnswer(asked, http1Out(response), answer as HttpAnswer);
}
