// Real etcds for tests and benches: on loopback, in a directory that goes with them.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TlsIdentity } from "../src/base/http.ts";

export interface EtcdTls {
  ca: string;
  server: TlsIdentity;
}

export interface TestEtcd extends AsyncDisposable {
  /** Where clients reach each member: `127.0.0.1:2379`. */
  endpoints: string[];
  /** Kills a member; its data stay. */
  stop(member: number): Promise<void>;
  /** Starts a member again. */
  start(member: number): Promise<void>;
}

const startMsMax = 20_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Starts an etcd of one or several members. With `tls`, clients must show a certificate of its authority. */
export async function startEtcd({ members = 1, tls }: { members?: number; tls?: EtcdTls } = {}): Promise<TestEtcd> {
  const directory = mkdtempSync(join(tmpdir(), "etcd-"));
  const places = await Promise.all(
    Array.from({ length: members }, async (_, index) => ({
      name: `member${index}`,
      client: await freePort(),
      peer: await freePort(),
      data: join(directory, `data${index}`),
    })),
  );
  const cluster = places.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(",");
  const files = tls && writeTls(directory, tls);
  const running = new Map<number, ChildProcess>();

  function spawnMember(index: number): void {
    const { name, client, peer, data } = places[index]!;
    const url = `${tls ? "https" : "http"}://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const args = ["--name", name, "--data-dir", data, "--log-level", "error", "--logger", "zap"];
    args.push("--listen-client-urls", url, "--advertise-client-urls", url);
    args.push("--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl, "--initial-cluster", cluster);
    args.push("--initial-cluster-state", existsSync(data) ? "existing" : "new");
    args.push("--heartbeat-interval", "20", "--election-timeout", "200", ...(files ?? []));
    running.set(index, spawn("etcd", args, { stdio: ["ignore", "ignore", "inherit"] }));
  }

  async function ready(index: number): Promise<void> {
    const deadline = performance.now() + startMsMax;
    while (!(await answers(places[index]!.client))) {
      const child = running.get(index)!;
      if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`);
      if (performance.now() > deadline) throw new Error("etcd did not start");
      await sleep(5);
    }
  }

  async function stop(index: number): Promise<void> {
    const child = running.get(index);
    if (!child) return;
    running.delete(index);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill("SIGKILL")) await ended;
  }

  for (const index of places.keys()) spawnMember(index);
  for (const index of places.keys()) await ready(index);
  return {
    endpoints: places.map(({ client }) => `127.0.0.1:${client}`),
    stop,
    async start(index) {
      spawnMember(index);
      await ready(index);
    },
    async [Symbol.asyncDispose]() {
      for (const index of places.keys()) await stop(index);
      rmSync(directory, { recursive: true });
    },
  };
}

function writeTls(directory: string, { ca, server }: EtcdTls): string[] {
  const [caFile, certFile, keyFile] = ["ca.crt", "server.crt", "server.key"].map((name) => join(directory, name));
  writeFileSync(caFile!, ca);
  writeFileSync(certFile!, server.certificate);
  writeFileSync(keyFile!, server.key, { mode: 0o600 });
  const args = ["--cert-file", certFile!, "--key-file", keyFile!];
  return [...args, "--trusted-ca-file", caFile!, "--client-cert-auth"];
}
