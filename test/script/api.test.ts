// Sessions that need no containers, against an API server of our own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runSession, runsWith, tools } from "./run.ts";
import { parseSession } from "./session.ts";

const directory = mkdtempSync(join(tmpdir(), "api-sessions-"));
const kubeconfig = join(directory, "kubeconfig");
let server: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", () => resolve()));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

before(async () => {
  const port = await freePort();
  const tokens = join(directory, "tokens");
  const data = join(directory, "data");
  writeFileSync(tokens, 'admin,admin,1,"system:masters"\n');
  const args = ["apiserver", "--data-dir", data, "--secure-port", String(port), "--token-auth-file", tokens];
  server = spawn(join(import.meta.dirname, "..", "..", "bin", "typernetes"), args, {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "c", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority": join(data, "ca.crt") } },
    ],
    users: [{ name: "u", user: { token: "admin" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    "current-context": "c",
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  await untilServes(port);
});

/** Waits until the server takes connections and its certificate is written. */
async function untilServes(port: number): Promise<void> {
  const { connect } = await import("node:net");
  for (let attempt = 0; ; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    if (attempt > 200 || server?.exitCode !== null) throw new Error("the API server does not come up");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

after(async () => {
  const ended = new Promise((resolve) => server?.once("exit", resolve));
  server?.kill();
  await ended;
  rmSync(directory, { recursive: true, force: true });
});

const sessions = join(import.meta.dirname, "api");
for (const file of readdirSync(sessions).sort()) {
  for (const tool of tools().filter((each) => runsWith(file, each))) {
    test(`${file} (${tool.name})`, async () => {
      const session = parseSession(readFileSync(join(sessions, file), "utf8"));
      assert.deepEqual((await runSession(session, tool, kubeconfig)).join("\n"), "");
    });
  }
}
