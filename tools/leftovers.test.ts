import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sweep } from "./leftovers.ts";

test("what a run left is taken away: its files, its processes, and what those started", async () => {
  const directory = mkdtempSync(join(tmpdir(), "leftovers-"));
  mkdirSync(join(directory, "kept"));
  writeFileSync(join(directory, "kept", "file"), "");
  // The inner one has no environment, like a container's processes.
  const pids = join(directory, "pids");
  const script = `env -i sleep 300 & echo $$ $! > ${pids}; wait`;
  const left = spawn("sh", ["-c", script], { env: { ...process.env, TMPDIR: directory }, stdio: "ignore" });
  const other = spawn("sleep", ["300"], { stdio: "ignore" });
  const ended = new Promise((resolve) => left.once("exit", (_, signal) => resolve(signal)));
  while (!existsSync(pids) || !readFileSync(pids, "utf8").endsWith("\n")) await new Promise(setImmediate);
  const inner = readFileSync(pids, "utf8").trim().split(" ")[1]!;

  sweep(directory);
  assert.equal(await ended, "SIGKILL");
  assert.equal(existsSync(directory), false);
  // Whoever inherits a process may take a while to bury it.
  const lives = () =>
    existsSync(`/proc/${inner}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${inner}/stat`, "utf8"));
  for (let tries = 0; lives() && tries < 500; tries++) await sleep(10);
  assert.equal(lives(), false);
  assert.equal(other.exitCode, null);
  assert.equal(existsSync(`/proc/${other.pid}`), true);
  other.kill();
});
