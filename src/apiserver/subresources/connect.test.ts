import assert from "node:assert/strict";
import * as net from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { HttpHandler, HttpRequest, HttpTarget } from "../../base/http.ts";
import { createAuthority, issueCertificate } from "../../cluster/certificates.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";

const podIp = "10.20.0.1";
const pods = "/api/v1/namespaces/default/pods";
const utf8 = new TextEncoder();
const text = (bytes: Uint8Array | string) => (typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes));

interface World {
  /** Where the API server listens, without TLS. */
  port: number;
  /** Asks over the socket as an administrator. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  client: ReturnType<typeof machine.net.httpClient>;
  /** What the pod and the kubelet were asked. */
  seen: HttpRequest[];
  /** Where connections were opened to. */
  targets: HttpTarget[];
}

const authorization = "Bearer boss";

/**
 * A server on a socket, a pod at an address that stands for a listener of ours, and a kubelet behind TLS that knows the
 * server by its certificate.
 */
function check(what: string, backend: HttpHandler, body: (world: World) => Promise<void>): void {
  test(what, { timeout: 20_000 }, async () => {
    const now = machine.clock.now();
    const authority = await createAuthority("kubelets", now);
    const kubeletIdentity = await issueCertificate(authority, { commonName: "node", names: ["127.0.0.1"] }, now);
    const own = { commonName: "kube-apiserver-kubelet-client", organizations: ["system:masters"] };
    const identity = await issueCertificate(authority, own, now);
    const seen: HttpRequest[] = [];
    const targets: HttpTarget[] = [];
    const serve: HttpHandler = (request) => {
      seen.push(request);
      return backend(request);
    };
    await using stack = new AsyncDisposableStack();
    const tls = { identity: kubeletIdentity, clientCa: authority.certificate };
    const kubelet = stack.use(await machine.net.listenHttp({ host: "127.0.0.1", port: 0, tls }, serve));
    const podListener = stack.use(await machine.net.listenHttp({ host: "127.0.0.1", port: 0 }, serve));
    const places: Record<string, number> = { [`${podIp}:80`]: podListener.port, [`${podIp}:10250`]: kubelet.port };
    const httpClient = (target: HttpTarget) => {
      targets.push(target);
      const url = new URL(target.url);
      const port = places[url.port ? url.host : `${url.hostname}:80`] ?? (url.hostname === "127.0.0.1" ? url.port : 1);
      return machine.net.httpClient({ ...target, url: `${url.protocol}//127.0.0.1:${port}` });
    };
    const store = stack.use(await openMemoryStore());
    const server = stack.use(
      await createApiServer({
        store,
        ...machine,
        net: { ...machine.net, httpClient },
        tokenFile: 'boss,boss,1,"system:masters"\nann,ann,2,"g"',
        kubelet: { identity, ca: authority.certificate },
      }),
    );
    await populate(server, kubelet.port);
    const listener = stack.use(await machine.net.listenHttp({ host: "127.0.0.1", port: 0 }, server.handler));
    const client = machine.net.httpClient({ url: `http://127.0.0.1:${listener.port}` });
    const get = (path: string, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${listener.port}${path}`, {
        redirect: "manual",
        ...init,
        headers: { authorization, ...(init.headers as Record<string, string>) },
      });
    await body({ port: listener.port, fetch: get, client, seen, targets });
    client.close();
  });
}

/** A node of our kubelet, and a pod on it. */
async function populate(server: { handler: HttpHandler }, kubeletPort: number): Promise<void> {
  const call = (method: string, path: string, body: object) => ask(server, { method, path, body, user: masters });
  await call("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
  const daemonEndpoints = { kubeletEndpoint: { Port: kubeletPort } };
  const addresses = [{ type: "InternalIP", address: "127.0.0.1" }];
  await call("POST", "/api/v1/nodes", { metadata: { name: "node" }, status: { addresses, daemonEndpoints } });
  const { body: pod } = await call("POST", pods, {
    metadata: { name: "p" },
    spec: { nodeName: "node", containers: [{ name: "c", image: "i" }] },
  });
  const status = { ...pod.status, podIP: podIp, podIPs: [{ ip: podIp }] };
  const { code } = await call("PUT", `${pods}/p/status`, { ...pod, status });
  assert.equal(code, 200);
}

const hello: HttpHandler = async () => ({ status: 200, headers: {}, body: utf8.encode("hello") });

check("a pod is asked just what was asked for", hello, async ({ fetch, seen }) => {
  const answer = await fetch(`${pods}/p/proxy/a%2Fb/c%20d?x=%20+&y=%26`, { method: "POST", body: "body" });
  assert.equal(await answer.text(), "hello");
  assert.equal(seen[0]!.method, "POST");
  assert.equal(seen[0]!.url, "/a%2Fb/c%20d?x=%20+&y=%26");
});

check("a pod is asked in every way", hello, async ({ fetch, seen }) => {
  const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
  for (const method of methods) {
    const answer = await fetch(`${pods}/p/proxy/a`, { method });
    assert.deepEqual([answer.status, await answer.text()], [200, method === "HEAD" ? "" : "hello"], method);
  }
  assert.deepEqual(
    seen.map(({ method }) => method),
    methods,
  );
});

check("the pod learns where from, and no credentials", hello, async ({ fetch, seen }) => {
  const headers = {
    "x-forwarded-for": "1.2.3.4",
    "x-mine": "1",
    cookie: "a=b",
  };
  await (await fetch(`${pods}/p/proxy/`, { headers })).text();
  const got = seen[0]!.headers;
  assert.equal(got.authorization, undefined);
  assert.equal(got["x-mine"], "1");
  assert.equal(got.cookie, "a=b");
  assert.match(got["x-forwarded-for"]!, /^1\.2\.3\.4, .*127\.0\.0\.1$/);
  assert.equal(got["x-forwarded-uri"], `${pods}/p/proxy/`);
});

check("who may not, does not", hello, async ({ fetch, seen }) => {
  const answer = await fetch(`${pods}/p/proxy/`, { headers: { authorization: "Bearer ann" } });
  assert.equal(answer.status, 403);
  assert.equal(seen.length, 0);
});

check("without an end the path gets one", hello, async ({ fetch }) => {
  const answer = await fetch(`${pods}/p/proxy?a=b`);
  assert.equal(answer.status, 301);
  assert.equal(answer.headers.get("location"), `${pods}/p/proxy/?a=b`);
});

const redirecting: HttpHandler = async () => ({
  status: 302,
  headers: { location: "/login", "access-control-allow-origin": "*" },
});
check("redirects stay within the proxy, and nothing is opened to others", redirecting, async ({ fetch }) => {
  const { headers } = await fetch(`${pods}/p/proxy/x`);
  assert.equal(headers.get("location"), `${pods}/p/proxy/login`);
  assert.equal(headers.get("access-control-allow-origin"), null);
});

const page = `<a href="/next">next</a><a href="beside">beside</a>`;

/** A page, in the encoding that is asked for. */
const paging: HttpHandler = async ({ headers }) => {
  const zipped = headers["accept-encoding"] === "gzip";
  const bytes = zipped ? gzipSync(page) : utf8.encode(page);
  const length = { "content-length": String(bytes.length) };
  const type = { "content-type": headers["x-type"] ?? "text/html; charset=utf-8" };
  return { status: 200, headers: { ...type, ...length, ...(zipped && { "content-encoding": "gzip" }) }, body: bytes };
};
check("a page's links lead through the proxy", paging, async ({ fetch }) => {
  for (const encoding of ["identity", "gzip"]) {
    const answer = await fetch(`${pods}/p/proxy/x/`, { headers: { "accept-encoding": encoding } });
    assert.equal(answer.headers.get("content-encoding"), encoding === "gzip" ? "gzip" : null);
    assert.equal(await answer.text(), page.replace("/next", `${pods}/p/proxy/next`));
  }
  const head = await fetch(`${pods}/p/proxy/x`, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const text = await fetch(`${pods}/p/proxy/x`, { headers: { "x-type": "text/plain", "accept-encoding": "identity" } });
  assert.equal(await text.text(), page);
});

check("a pod at the kubelet's address is not shown our certificate", hello, async ({ fetch, seen, targets }) => {
  // The kubelet's connection is there already.
  await (await fetch(`${pods}/p/log`)).text();
  assert.equal(seen[0]!.peer?.commonName, "kube-apiserver-kubelet-client");
  await (await fetch(`${pods}/https:p:10250/proxy/exec`)).text();
  assert.equal(seen[1]!.peer, undefined);
  assert.equal(targets.find(({ url }) => url === `https://${podIp}:10250`)!.identity, undefined);
});

check("a node at a loopback address is not proxied to", hello, async ({ fetch, seen }) => {
  const answer = await fetch("/api/v1/nodes/node/proxy/healthz");
  assert.equal(answer.status, 400);
  assert.equal(((await answer.json()) as any).message, "address not allowed");
  assert.equal(seen.length, 0);
});

check("a pod that does not listen", hello, async ({ fetch }) => {
  const answer = await fetch(`${pods}/p:81/proxy/`);
  assert.equal(answer.status, 503);
  assert.match(((await answer.json()) as any).message, /^error trying to reach service: .*ECONNREFUSED/);
});

const huge: HttpHandler = async () => ({ status: 200, headers: { "x-huge": "x".repeat(100_000) } });
check("headers without end are refused", huge, async ({ fetch }) => {
  assert.equal((await fetch(`${pods}/p/proxy/`)).status, 503);
});

const gone = Promise.withResolvers<void>();
const hanging: HttpHandler = ({ signal }) =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      gone.resolve();
      resolve({ status: 200, headers: {} });
    });
  });
check("a pod that never answers is let go with the client", hanging, async ({ fetch, seen }) => {
  const abort = new AbortController();
  const asking = fetch(`${pods}/p/proxy/`, { signal: abort.signal }).catch(() => {});
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await asking;
  await gone.promise;
});

/** Sends bytes as they are and gives all that comes back. */
function raw(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(lines.join("\r\n")));
    let all = "";
    socket.on("data", (chunk) => {
      all += chunk;
    });
    socket.on("close", () => resolve(all));
    socket.on("error", reject);
  });
}

check("headers of the connection end here", hello, async ({ port, seen }) => {
  const answer = await raw(port, [
    `GET ${pods}/p/proxy/ HTTP/1.1`,
    "Host: a",
    "Authorization: Bearer boss",
    "Connection: close, X-Secret",
    "X-Secret: 1",
    "X-Kept: 1",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "",
    "",
  ]);
  assert.match(answer, /^HTTP\/1\.1 200 /);
  const { headers } = seen[0]!;
  assert.deepEqual([headers["x-secret"], headers["proxy-connection"], headers.te], [undefined, undefined, undefined]);
  assert.equal(headers["x-kept"], "1");
});

check("one request cannot be read as two", hello, async ({ port, seen }) => {
  const smuggled = `GET ${pods}/p/proxy/smuggled HTTP/1.1`;
  const start = [`POST ${pods}/p/proxy/ HTTP/1.1`, "Host: a", "Authorization: Bearer boss", "Connection: close"];
  const both = ["Content-Length: 5", "Transfer-Encoding: chunked"];
  assert.match(await raw(port, [...start, ...both, "", "0", "", smuggled, "", ""]), /^(HTTP\/1\.1 400 |$)/);
  const lengths = ["Content-Length: 5", "Content-Length: 50"];
  assert.match(await raw(port, [...start, ...lengths, "", smuggled, "", ""]), /^(HTTP\/1\.1 400 |$)/);
  assert.deepEqual(
    seen.filter(({ url }) => url === "/smuggled"),
    [],
  );
});

const echoing: HttpHandler = async ({ upgrade }) => {
  const socket = await upgrade!.acceptWebSocket(["v5.channel.k8s.io", "v4.channel.k8s.io", "chat"]);
  void (async () => {
    for await (const message of socket.messages) {
      await socket.send(message);
      // The end of the input, as v5 has it: the output goes on.
      if (typeof message !== "string" && message[0] === 255) {
        await socket.send("after the end of input");
        socket.close(1000);
      }
    }
  })();
  return { status: 101, headers: {}, upgraded: true };
};

for (const [name, path] of [
  ["exec", `${pods}/p/exec?command=cat&stdin=true&stdout=true`],
  ["attach", `${pods}/p/attach?stdin=true&stdout=true`],
  ["a pod's own WebSocket", `${pods}/p/proxy/chat`],
] as const) {
  check(`${name} over a WebSocket, with the end of the input`, echoing, async ({ client, seen }) => {
    const protocols = ["v5.channel.k8s.io"];
    const socket = await client.webSocket({ url: path, headers: { authorization }, protocols });
    assert.equal(socket.protocol, "v5.channel.k8s.io");
    await socket.send(Uint8Array.of(0, 104, 105));
    await socket.send(Uint8Array.of(255, 0));
    const got: string[] = [];
    for await (const message of socket.messages) got.push(typeof message === "string" ? message : message.join());
    assert.deepEqual(got, ["0,104,105", "255,0", "after the end of input"]);
    assert.equal(seen[0]!.headers.authorization, undefined);
  });
}

const logging: HttpHandler = async () => ({ status: 200, headers: {}, body: utf8.encode("one\ntwo\n") });
for (const [protocol, wanted] of [
  ["binary.k8s.io", ["", "one\ntwo\n"]],
  ["base64.binary.k8s.io", ["", btoa("one\ntwo\n")]],
] as const) {
  check(`logs over a WebSocket: ${protocol}`, logging, async ({ client, seen }) => {
    const url = `${pods}/p/log?container=c`;
    const socket = await client.webSocket({ url, headers: { authorization }, protocols: [protocol] });
    assert.equal(socket.protocol, protocol);
    const got: string[] = [];
    for await (const message of socket.messages) got.push(text(message));
    assert.deepEqual(got, wanted);
    assert.equal(seen[0]!.headers.upgrade, undefined);
  });
}

check("a watch over a WebSocket, until the client has seen enough", hello, async ({ client, fetch }) => {
  const url = `${pods}?watch=true`;
  const socket = await client.webSocket({ url, headers: { authorization }, protocols: [] });
  for await (const message of socket.messages) {
    assert.equal(typeof message, "string");
    const { type, object } = JSON.parse(String(message));
    assert.deepEqual([type, object.kind, object.metadata.name], ["ADDED", "Pod", "p"]);
    break;
  }
  // It has no seat any more: what runs is the question alone.
  const metrics = await (await fetch("/metrics")).text();
  assert.match(metrics, /^apiserver_flowcontrol_current_executing_requests\{[^}]*exempt[^}]*\} 1$/m);
  socket.close(1000);
  await socket.closed;
});

check("exec's options in the kubelet's words", echoing, async ({ client, seen }) => {
  const url = `${pods}/p/exec?command=a&command=b%26c&stdin=true&stdout=1&stderr=false&tty=true&container=c`;
  const socket = await client.webSocket({ url, headers: { authorization }, protocols: ["v4.channel.k8s.io"] });
  socket.close();
  const asked = new URL(seen[0]!.url, "http://kubelet");
  assert.match(asked.pathname, /^\/exec\/default\/p\/[0-9a-f-]{36}\/c$/);
  assert.equal(asked.search, "?command=a&command=b%26c&input=1&output=1&tty=1");
  assert.equal(seen[0]!.peer?.commonName, "kube-apiserver-kubelet-client");
});

let ended = Promise.withResolvers<void>();
const counting: HttpHandler = async ({ upgrade }) => {
  const stream = upgrade!.accept({ connection: "Upgrade", upgrade: "SPDY/3.1" });
  void (async () => {
    let bytes = 0;
    for await (const chunk of stream.readable) {
      bytes += chunk.length;
      if (bytes === 1_000_000) await stream.write(utf8.encode("all there"));
    }
    ended.resolve();
  })();
  return { status: 101, headers: {}, upgraded: true };
};
for (const name of ["exec?command=cat&stdin=true", "attach?stdin=true", "portforward"]) {
  check(`${name} over SPDY: bytes pass both ways, and the end`, counting, async ({ client }) => {
    ended = Promise.withResolvers();
    const headers = { authorization, connection: "Upgrade", upgrade: "SPDY/3.1" };
    const { status, stream } = await client.upgrade({ method: "POST", url: `${pods}/p/${name}`, headers });
    assert.equal(status, 101);
    for (let index = 0; index < 50; index++) await stream!.write(new Uint8Array(20_000));
    for await (const chunk of stream!.readable) {
      assert.equal(text(chunk), "all there");
      break;
    }
    stream!.close();
    await ended.promise;
  });
}

check(
  "a kubelet that declines says why",
  async () => ({ status: 404, headers: {}, body: utf8.encode("no such") }),
  async (world) => {
    const headers = { authorization, connection: "Upgrade", upgrade: "SPDY/3.1" };
    const answer = await world.client.upgrade({ method: "POST", url: `${pods}/p/exec?command=a`, headers });
    assert.equal(answer.status, 404);
    let got = "";
    for await (const chunk of answer.body!) got += text(chunk);
    assert.equal(got, "no such");
  },
);

check("streams are for those who may create them", echoing, async ({ client, seen }) => {
  const headers = { authorization: "Bearer ann" };
  const opening = client.webSocket({ url: `${pods}/p/exec?command=a`, headers, protocols: ["v4.channel.k8s.io"] });
  await assert.rejects(opening, { status: 403 });
  assert.equal(seen.length, 0);
});
