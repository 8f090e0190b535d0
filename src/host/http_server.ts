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

type IncomingMessage = http.IncomingMessage | http2.Http2ServerRequest;
type ServerResponse = http.ServerResponse | http2.Http2ServerResponse;

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
  server.on(
    "request",
    (request: IncomingMessage, response: ServerResponse) => void serve(request, response, handler, authorities),
  );
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

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handler: HttpHandler,
  authorities: ClientAuthorities,
): Promise<void> {
  const abort = new AbortController();
  response.on("close", () => abort.abort(new Error("the client went away")));
  // An error of the socket shows as "close".
  response.on("error", () => {});
  try {
    const answer = await handler(toRequest(request, authorities, abort.signal));
    if (response.destroyed) return;
    await sendAnswer(request, response, answer);
  } catch (error) {
    if (!response.headersSent) {
      response.statusCode = 500;
      response.end(`${error instanceof Error ? error.message : error}\n`);
    } else (response as http.ServerResponse).destroy();
  }
}

function toRequest(
  request: IncomingMessage,
  authorities: ClientAuthorities,
  signal: AbortSignal,
  upgrade?: Upgrade,
): HttpRequest {
  const socket = (request as http2.Http2ServerRequest).stream?.session?.socket ?? request.socket;
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

function hasBody(request: IncomingMessage): boolean {
  if (request.httpVersionMajor >= 2) return !(request as http2.Http2ServerRequest).stream.endAfterHeaders;
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** The values of a header among names and values in turn. */
function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < raw.length; at += 2) if (raw[at]!.toLowerCase() === name) values.push(raw[at + 1]!);
  return values;
}

async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: HttpAnswer,
): Promise<void> {
  const out = response as http.ServerResponse;
  if (body === undefined || request.method === "HEAD") {
    out.writeHead(status, headers);
    out.end();
    return;
  }
  if (body instanceof Uint8Array || "bytes" in body) return sendBytes(request, out, status, headers, partsOf(body));
  out.writeHead(status, headers);
  out.flushHeaders?.();
  if ("stream" in body) {
    for await (const chunk of body.stream) await writeOut(out, chunk);
  } else {
    for await (const batch of body.events) {
      const lines = batch.map((event) => event.bytes());
      await writeOut(out, lines.length === 1 ? lines[0]! : Buffer.concat(lines));
    }
  }
  out.end();
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
  request: IncomingMessage,
  out: http.ServerResponse,
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
  out.writeHead(status, headers);
  for (const piece of pieces.slice(0, -1)) out.write(piece);
  out.end(pieces.at(-1));
}

/** Writes and, if the other side is slow, waits until it has caught up or gone. */
async function writeOut(response: http.ServerResponse, chunk: Uint8Array): Promise<void> {
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
  socket.once("close", () => abort.abort(new Error("the client went away")));
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
  await sendAnswer(request, response, answer as HttpAnswer);
}
