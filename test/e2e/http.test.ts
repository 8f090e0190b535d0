// The listener itself, over real connections: HTTP/2 and HTTP/1.1 on one port.

import assert from "node:assert/strict";
import * as http2 from "node:http2";
import * as https from "node:https";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpAnswer, HttpRequest } from "../../src/base/http.ts";
import { createAuthority, issueCertificate } from "../../src/cluster/certificates.ts";
import { machine } from "../../src/host/mod.ts";

const closing = new AsyncDisposableStack();
let port: number;
let ca: string;
/** What became of requests whose client left. */
const ended: string[] = [];

/** How each path answers. */
const paths: Record<string, (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>> = {
  "/echo": async (request) => {
    const parts: Uint8Array[] = [];
    for await (const part of request.body as AsyncIterable<Uint8Array>) parts.push(part);
    return { status: 201, headers: { "X-Method": request.method }, body: Buffer.concat(parts) };
  },
  "/bodiless": ({ body }) => ({ status: 200, headers: {}, body: Buffer.from(body === undefined ? "none" : "some") }),
  "/early": async ({ body }) => {
    for await (const _ of body as AsyncIterable<Uint8Array>) break;
    return { status: 413, headers: {}, body: Buffer.from("too large") };
  },
  "/unread": () => ({ status: 401, headers: {}, body: Buffer.from("who are you") }),
  "/nothing": () => ({ status: 204, headers: {}, body: Buffer.from("never seen") }),
  "/hop": () => ({
    status: 200,
    headers: { connection: "close", "Keep-Alive": "timeout=5", "transfer-encoding": "chunked", warning: ["a", "b"] },
    body: Buffer.from("x"),
  }),
  "/values": ({ headerValues }) => ({
    status: 200,
    headers: {},
    body: Buffer.from(headerValues!("x-twice").join("|")),
  }),
  "/fails": () => {
    throw new Error("out of order");
  },
  "/large": () => ({ status: 200, headers: {}, body: { stream: large() } }),
  "/waits": ({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        ended.push(String(signal.reason.message));
        resolve({ status: 200, headers: {}, body: undefined });
      });
    }),
};

const chunk = Buffer.alloc(256 * 1024, "x");
const chunks = 80;
async function* large(): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < chunks; count++) yield chunk;
}

before(async () => {
  const authority = await createAuthority("test", Date.now());
  ca = authority.certificate;
  const identity = await issueCertificate(authority, { commonName: "server", names: ["localhost"] }, Date.now());
  const listener = await machine.net.listenHttp({ host: "127.0.0.1", port: 0, tls: { identity } }, async (request) =>
    paths[request.url]!(request),
  );
  closing.use(listener);
  port = listener.port;
});
after(() => closing.disposeAsync());

type Seen = { status: number; headers: Record<string, unknown>; body: string };
type Ask = (method: string, path: string, body?: Buffer, headers?: object) => Promise<Seen>;

const session = () => http2.connect(`https://localhost:${port}`, { ca });

/** One request over HTTP/2, in a session of its own. */
const ask2: Ask = (method, path, body, headers = {}) =>
  new Promise((resolve, reject) => {
    const client = session();
    const stream = client.request({ ":method": method, ":path": path, ...headers }, { endStream: body === undefined });
    let seen: Seen | undefined;
    let text = "";
    stream.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    stream.on("response", (answered) => {
      seen = { status: answered[":status"]!, headers: answered, body: "" };
    });
    stream.on("error", reject);
    stream.on("close", () => {
      client.destroy();
      if (seen) resolve({ ...seen, body: text });
      else reject(new Error("no answer"));
    });
    // In pieces: a client's session holds no more than ten megabytes.
    if (body) pieces(body).pipe(stream);
  });

function pieces(body: Buffer): Readable {
  const size = 64 * 1024;
  const count = Math.ceil(body.length / size);
  return Readable.from(Array.from({ length: count }, (_, index) => body.subarray(index * size, (index + 1) * size)));
}

/** One request over HTTP/1.1. */
const ask1: Ask = (method, path, body, headers = {}) =>
  new Promise((resolve, reject) => {
    const options = {
      method,
      path,
      port,
      host: "localhost",
      ca,
      headers: headers as Record<string, string>,
      agent: false,
    };
    const request = https.request(options, (answered) => {
      let text = "";
      answered.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      answered.on("end", () => resolve({ status: answered.statusCode!, headers: answered.headers, body: text }));
    });
    request.on("error", reject);
    request.end(body);
  });

for (const [protocol, ask] of [
  ["HTTP/2", ask2],
  ["HTTP/1.1", ask1],
] as const) {
  test(`${protocol}: bodies both ways, and none where there is none`, async () => {
    const sent = Buffer.alloc(3 << 20, "abc");
    const echo = await ask("POST", "/echo", sent);
    assert.deepEqual([echo.status, echo.headers["x-method"], echo.body.length], [201, "POST", sent.length]);
    assert.equal((await ask("GET", "/bodiless")).body, "none");
    const { status, body, headers } = await ask("HEAD", "/bodiless");
    assert.deepEqual([status, body, headers["content-length"]], [200, "", undefined]);
    const nothing = await ask("GET", "/nothing");
    assert.deepEqual([nothing.status, nothing.body], [204, ""]);
    assert.equal((await ask("GET", "/large")).body.length, chunk.length * chunks);
  });

  test(`${protocol}: a handler that fails is a 500, and the next request is served`, async () => {
    const { status, body } = await ask("GET", "/fails");
    assert.deepEqual([status, body], [500, "out of order\n"]);
    assert.equal((await ask("GET", "/bodiless")).status, 200);
  });

  test(`${protocol}: the values of a header that comes twice are told apart`, async () => {
    assert.equal((await ask("GET", "/values", undefined, { "x-twice": ["a, b", "c"] })).body, "a, b|c");
  });
}

test("HTTP/2: a refused body need not be sent to its end, and its client learns why", async () => {
  const sent = Buffer.alloc(20 << 20);
  for (const [path, status, body] of [
    ["/early", 413, "too large"],
    ["/unread", 401, "who are you"],
  ] as const) {
    const seen = await ask2("POST", path, sent);
    assert.deepEqual([seen.status, seen.body], [status, body]);
  }
});

test("HTTP/2: headers of a connection are left out, others may come twice", async () => {
  const { status, headers } = await ask2("GET", "/hop");
  assert.equal(status, 200);
  for (const name of ["connection", "keep-alive", "transfer-encoding"]) assert.equal(headers[name], undefined);
  assert.equal(headers.warning, "a, b");
});

test("HTTP/2: whoever asks whether to go on is told to", async () => {
  const client = session();
  const stream = client.request({ ":method": "POST", ":path": "/echo", expect: "100-continue" });
  await new Promise((resolve) => stream.once("continue", resolve));
  stream.end("more");
  let text = "";
  for await (const part of stream.setEncoding("utf8")) text += part;
  assert.equal(text, "more");
  client.destroy();
});

test("HTTP/2: tunnels are refused, other streams of the connection go on", async () => {
  const client = session();
  const status = (stream: http2.ClientHttp2Stream) =>
    new Promise((resolve) => stream.once("response", (headers) => resolve(headers[":status"])));
  assert.equal(await status(client.request({ ":method": "CONNECT", ":authority": "elsewhere:443" })), 405);
  assert.equal(await status(client.request({ ":path": "/bodiless" })), 200);
  client.destroy();
});

test("a client that leaves ends its request, over either protocol", async () => {
  ended.length = 0;
  const client = session();
  const stream = client.request({ ":path": "/waits" });
  await sleep(100);
  stream.close(http2.constants.NGHTTP2_CANCEL);
  const request = https.request({ path: "/waits", port, host: "localhost", ca, agent: false });
  request.on("error", () => {});
  request.end();
  await sleep(100);
  request.destroy();
  while (ended.length < 2) await sleep(5);
  assert.deepEqual(ended, ["the client went away", "the client went away"]);
  client.destroy();
});
