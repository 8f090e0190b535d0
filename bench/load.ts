// An API server with 30,000 pods in its store: how long until it is ready, and how much memory it takes.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLmdbStore } from "../src/store/mod.ts";
import { typernetes } from "../tools/run.ts";
import { fill } from "./fill.ts";
import { median } from "./report.ts";
import { isReady } from "./start.ts";

const port = 16_444;
const pods = 30_000;
const rounds = 4;

/** How long it is left alone before its memory is looked at, in milliseconds: what it does after the start is done then. */
const settleMs = 10_000;

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}

/** Fills a store, starts a server on it several times and prints the middle values. */
export async function benchLoad(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const data = join(directory, "data");
  mkdirSync(join(data, "store"), { recursive: true });
  {
    await using store = await openLmdbStore(join(data, "store"));
    await fill(store, pods);
    await store.compact(await store.revision());
  }
  const tokens = join(directory, "tokens.csv");
  writeFileSync(tokens, 'bench,bench,1,"system:masters"\n');
  const times: number[] = [];
  const memory: number[] = [];
  // The first start makes certificates, and the store's file anew.
  for (let index = 0; index < rounds; index++) {
    const began = performance.now();
    const args = ["apiserver", "--data-dir", data, "--secure-port", String(port), "--token-auth-file", tokens];
    const child = spawn(typernetes, args, { stdio: "ignore" });
    while (!(await isReady(port))) await sleep(2);
    if (index > 0) {
      times.push(performance.now() - began);
      await sleep(settleMs);
      memory.push(residentBytes(child.pid!));
    }
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
  }
  const megabytes = (median(memory) / 2 ** 20).toFixed(0);
  console.log(`with ${pods} pods stored: start → /readyz ${median(times).toFixed(0)} ms, ${megabytes} MB resident`);
  rmSync(directory, { recursive: true });
}
