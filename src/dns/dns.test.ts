import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { test } from "node:test";
import { type Answer, decode, encode, type Packet, streamEncode } from "dns-packet";
import { createApiServer } from "../apiserver/mod.ts";
import { inProcess } from "../client/mod.ts";
import { machine } from "../host/mod.ts";
import { openMemoryStore } from "../store/mod.ts";
import { startDns } from "./mod.ts";

const host = "127.0.0.1";

const question = (name: string): Packet => ({ type: "query", id: 7, questions: [{ type: "A", name }] });

function overUdp(port: number, name: string): Promise<Packet> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4", (bytes) => {
      socket.close();
      resolve(decode(bytes));
    });
    socket.once("error", reject);
    socket.send(encode(question(name)), port, host);
  });
}

/** Asks several things on one connection, in pieces of so many bytes, and gives the answers in their order. */
function overTcp(port: number, names: readonly string[], pieceBytes: number): Promise<Packet[]> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.concat(names.map((name) => streamEncode(question(name))));
    const answers: Packet[] = [];
    let rest = Buffer.alloc(0);
    const socket = connect({ port, host, noDelay: true }, async () => {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        await new Promise((sent) => socket.write(bytes.subarray(at, at + pieceBytes), sent));
        await new Promise(setImmediate);
      }
    });
    socket.once("error", reject);
    socket.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= rest.readUInt16BE() + 2) {
        const end = rest.readUInt16BE() + 2;
        answers.push(decode(rest.subarray(2, end)));
        rest = rest.subarray(end);
      }
      if (answers.length < names.length) return;
      socket.destroy();
      resolve(answers);
    });
  });
}

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  await using listener = await machine.net.listenTcp({ host, port: 0 }, () => {});
  return listener.port;
}

const addressOf = ({ answers }: Packet) =>
  (answers as Answer[]).map((each) => ("data" in each ? each.data : undefined));

test("dns: the same answers over UDP and TCP", { timeout: 20_000 }, async () => {
  await using store = await openMemoryStore();
  await using server = await createApiServer({ store, ...machine });
  const client = inProcess(server.handler, { username: "dns", groups: ["system:masters"] });
  await client.create("services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: { clusterIP: "10.96.0.77", ports: [{ port: 80 }] },
  });
  const port = await freePort();
  await using _dns = await startDns({
    client,
    net: machine.net,
    clock: machine.clock,
    host,
    port,
    domain: "cluster.local",
    upstreams: [],
    report: (error) => assert.fail(String(error)),
  });
  const web = "web.default.svc.cluster.local";
  const pod = "10-1-2-3.default.pod.cluster.local";
  assert.deepEqual(addressOf(await overUdp(port, web)), ["10.96.0.77"]);
  for (const pieceBytes of [1, 5, 1_000]) {
    const [first, second, none] = await overTcp(port, [web, pod, "none.default.svc.cluster.local"], pieceBytes);
    assert.deepEqual([addressOf(first!), addressOf(second!)], [["10.96.0.77"], ["10.1.2.3"]]);
    assert.deepEqual([none!.id, (none as { rcode?: string }).rcode], [7, "NXDOMAIN"]);
  }
});
