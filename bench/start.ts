// How long the API server takes until it is ready, from process start.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { typernetes } from "../tools/run.ts";
import { median } from "./report.ts";

const port = 16_443;
const rounds = 6;

/** Whether a server on this machine says that it is ready. */
export function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = https.get(
      { host: "127.0.0.1", port, path: "/readyz", rejectUnauthorized: false, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.once("error", () => resolve(false));
  });
}

/** Starts it several times on one data directory; the first start, which makes certificates, does not count. */
export async function benchStart(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const tokens = join(directory, "tokens.csv");
  writeFileSync(tokens, 'bench,bench,1,"system:masters"\n');
  const times: number[] = [];
  for (let index = 0; index < rounds; index++) {
    const began = performance.now();
    const child = spawn(
      typernetes,
      ["apiserver", "--data-dir", join(directory, "data"), "--secure-port", String(port), "--token-auth-file", tokens],
      { stdio: "ignore" },
    );
    while (!(await isReady(port))) await sleep(2);
    if (index > 0) times.push(performance.now() - began);
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
  }
  console.log(
    `apiserver start → /readyz: ${median(times).toFixed(0)} ms (upstream with etcd: 2970 ms on the machine where it was measured)`,
  );
  rmSync(directory, { recursive: true });
}
