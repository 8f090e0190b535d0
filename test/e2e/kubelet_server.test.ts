import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteStream, HttpClient } from "../../src/base/http.ts";
import { machineNet } from "../../src/host/mod.ts";
import { spdyClient } from "../../src/host/spdy.ts";
import { testPod } from "./kubelet/api.ts";
import type { TestCluster } from "./kubelet/cluster.ts";
import { testCluster } from "./kubelet/cluster.ts";
import { canRunContainers, insideNamespace } from "./kubelet/node.ts";

const { inside, succeeded } = insideNamespace(import.meta.filename);
const text = (chunk: Uint8Array | string) => (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += text(chunk);
  return all;
}

async function get(client: HttpClient, url: string): Promise<{ status: number; body: string }> {
  const { status, body } = await client.request({ method: "GET", url, headers: {} });
  return { status, body: await read(body) };
}

async function logs(client: HttpClient, { api }: TestCluster): Promise<void> {
  const path = "/containerLogs/default/web/c";
  assert.equal((await get(client, path)).body, "one\ntwo\nthree\n");
  assert.equal((await get(client, `${path}?tailLines=2`)).body, "two\nthree\n");
  assert.equal((await get(client, `${path}?limitBytes=5`)).body, "one\nt");
  assert.match((await get(client, `${path}?timestamps=true&tailLines=1`)).body, /^\d{4}-\d\d-\d\dT\S+Z three\n$/);
  assert.deepEqual(await get(client, "/containerLogs/default/web/nope"), {
    status: 404,
    body: "container nope is not valid for pod web\n",
  });
  await api.client.create(
    "pods",
    testPod("talks", {
      restartPolicy: "Never",
      containers: [{ name: "c", command: ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done"] }],
    }),
  );
  await api.until("pods", "talks", (found) => found?.status?.phase === "Running");
  assert.equal((await get(client, "/containerLogs/default/talks/c?follow=true")).body, "1\n2\n3\n");
}

async function webSocketExec(client: HttpClient): Promise<void> {
  const run = async (query: string, protocol: string, input?: string) => {
    const socket = await client.webSocket({ url: `/exec/default/web/c?${query}`, headers: {}, protocols: [protocol] });
    assert.equal(socket.protocol, protocol);
    if (input !== undefined) {
      await socket.send(Buffer.from(`\0${input}`));
      await socket.send(Uint8Array.of(255, 0));
    }
    const out = ["", "", "", ""];
    for await (const message of socket.messages) {
      const bytes = Buffer.from(message as Uint8Array);
      out[bytes[0]!] += bytes.subarray(1).toString();
    }
    return out;
  };
  const sh = (command: string) => ["sh", "-c", command].map((word) => `command=${encodeURIComponent(word)}`).join("&");
  const [, stdout, stderr, error] = await run(
    `${sh("echo out; echo err >&2; exit 7")}&output=1&error=1`,
    "v4.channel.k8s.io",
  );
  assert.equal(stdout, "out\n");
  assert.equal(stderr, "err\n");
  assert.deepEqual(JSON.parse(error!).details.causes, [{ reason: "ExitCode", message: "7" }]);
  // Older clients know no Status: they are told in words what went wrong, and nothing of success.
  const failed = await run(`${sh("exit 7")}&output=1`, "channel.k8s.io");
  assert.match(failed[3]!, /^command terminated with non-zero exit code: .*\b7$/);
  assert.deepEqual(await run(`${sh("echo out")}&output=1`, "channel.k8s.io"), ["", "out\n", "", ""]);
  const echoed = await run(`${sh("cat")}&input=1&output=1`, "v5.channel.k8s.io", "to cat");
  assert.equal(echoed[1], "to cat");
  assert.equal(JSON.parse(echoed[3]!).status, "Success");
}

async function spdyExec(client: HttpClient): Promise<void> {
  const headers = { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" };
  const answer = await client.upgrade({
    method: "POST",
    url: "/exec/default/web/c?command=echo&command=hello&output=1",
    headers,
  });
  assert.equal(answer.status, 101);
  assert.equal(answer.headers["x-stream-protocol-version"], "v4.channel.k8s.io");
  const spdy = spdyClient(answer.stream!);
  await spdy.open({ streamtype: "error" });
  const stdout = await spdy.open({ streamtype: "stdout" });
  assert.equal(await read(stdout.readable), "hello\n");
  spdy.close();
}

/** WebSocket frames by hand: client libraries refuse the protocol's name, which has a slash. */
function framed(stream: ByteStream): ByteStream {
  async function* readable() {
    let held = Buffer.alloc(0);
    for await (const chunk of stream.readable) {
      held = Buffer.concat([held, chunk]);
      for (;;) {
        if (held.length < 4) break;
        const short = held[1]! & 127;
        const [begin, length] = short === 126 ? [4, held.readUInt16BE(2)] : [2, short];
        if (held.length < begin + length) break;
        if ((held[0]! & 15) === 2) yield held.subarray(begin, begin + length);
        held = held.subarray(begin + length);
      }
    }
  }
  const write = (chunk: Uint8Array) => {
    const head = Buffer.from([0x82, 0x80 | 126, chunk.length >> 8, chunk.length & 255, 0, 0, 0, 0]);
    return stream.write(Buffer.concat([head, chunk]));
  };
  return { ...stream, readable: readable(), write };
}

async function portForward(client: HttpClient): Promise<void> {
  const protocol = "SPDY/3.1+portforward.k8s.io";
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    "sec-websocket-protocol": protocol,
  };
  const answer = await client.upgrade({ method: "GET", url: "/portForward/default/web", headers });
  assert.equal(answer.status, 101);
  assert.equal(answer.headers["sec-websocket-protocol"], protocol);
  const spdy = spdyClient(framed(answer.stream!));
  await spdy.open({ streamtype: "error", port: "8080", requestid: "0" });
  const data = await spdy.open({ streamtype: "data", port: "8080", requestid: "0" });
  await data.write(Buffer.from("GET /ok HTTP/1.0\r\n\r\n"));
  assert.match(await read(data.readable), /200 OK[\s\S]*fine\n$/);
  spdy.close();
}

async function portForwardInChannels(client: HttpClient): Promise<void> {
  for (const protocol of ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"]) {
    const inBase64 = protocol.includes("base64");
    const url = "/portForward/default/web?port=8080&port=81";
    const socket = await client.webSocket({ url, headers: {}, protocols: [protocol] });
    const said: Buffer[] = Array.from({ length: 4 }, () => Buffer.alloc(0));
    const request = Buffer.from("GET /ok HTTP/1.0\r\n\r\n");
    await socket.send(inBase64 ? `0${request.toString("base64")}` : Buffer.concat([Buffer.of(0), request]));
    await socket.send(inBase64 ? "2YQ==" : Buffer.of(2, 97));
    for await (const message of socket.messages) {
      const bytes = Buffer.from(message as Uint8Array);
      const to = inBase64 ? Number(String(message)[0]) : bytes[0]!;
      const chunk = inBase64 ? Buffer.from(String(message).slice(1), "base64") : bytes.subarray(1);
      said[to] = Buffer.concat([said[to]!, chunk]);
    }
    assert.deepEqual(
      said.map((each) => each.readUInt16LE()),
      [8080, 8080, 81, 81],
    );
    assert.match(said[0]!.subarray(2).toString(), /200 OK[\s\S]*fine\n$/);
    assert.equal(said[1]!.length, 2);
    assert.match(said[3]!.subarray(2).toString(), /refused/);
  }
}

test("the kubelet's API", { skip: !canRunContainers }, async (t) => {
  if (!inside) return assert.ok(succeeded);
  await using cluster = await testCluster();
  const admin = { commonName: "kube-apiserver-kubelet-client", organizations: [] };
  await using server = await machineNet.listenHttp({ host: "127.0.0.1", port: 0 }, (request) =>
    cluster.kubelet.handler({ ...request, peer: admin }),
  );
  const client = machineNet.httpClient({ url: `http://127.0.0.1:${server.port}` });
  const command = "mkdir /www; echo fine > /www/ok; echo one; echo two; echo three; exec httpd -f -p 8080 -h /www";
  await cluster.api.client.create(
    "pods",
    testPod("web", {
      containers: [
        { name: "c", command: ["sh", "-c", command], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } },
      ],
    }),
  );
  await cluster.api.until("pods", "web", (found) => found?.status?.containerStatuses?.[0]?.ready === true);
  await t.test("logs", () => logs(client, cluster));
  await t.test("exec over WebSockets", () => webSocketExec(client));
  await t.test("exec over SPDY", () => spdyExec(client));
  await t.test("port-forward through a WebSocket", () => portForward(client));
  await t.test("port-forward in a WebSocket's channels", () => portForwardInChannels(client));
  await t.test("the rest", async () => {
    assert.equal((await get(client, "/healthz")).body, "ok");
    assert.equal(JSON.parse((await get(client, "/pods")).body).items.length, 2);
    assert.equal(JSON.parse((await get(client, "/stats/summary")).body).pods.length, 2);
    assert.match((await get(client, "/metrics")).body, /^kubelet_running_pods 1$/m);
    assert.match(
      (await get(client, "/metrics/resource")).body,
      /container_memory_working_set_bytes\{container="c",namespace="default",pod="web"\} \d+/,
    );
    const refused = await cluster.kubelet.handler({
      method: "GET",
      url: "/pods",
      headers: {},
      signal: new AbortController().signal,
    });
    assert.equal(refused.status, 401);
  });
  client.close();
});
