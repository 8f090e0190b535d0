// `npm test`: every test. The quick ones side by side, those with real containers one after the other.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { directoryOfRun, sweep, sweepFormerRuns } from "./leftovers.ts";
import { say } from "./run.ts";
import { root } from "./sources.ts";

/** Test files below a folder, from the root. */
function testsBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => join(folder, path))
    .sort();
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

sweepFormerRuns();
const directory = directoryOfRun(process.pid);
mkdirSync(directory);

/** Runs test files and counts what the runner says. */
function run(what: string, files: readonly string[], ...options: string[]): Counts {
  say(`${what} (${files.length} files)`);
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const reporter = ["--test-reporter=tap", "--test-reporter-destination=stdout"];
  const { stdout, status, error } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--test", ...reporter, ...options, ...files],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: directory },
    },
  );
  if (error) throw error;
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(stdout)?.[1] ?? 0);
  const counts = { passed: count("pass"), failed: count("fail") + count("cancelled"), skipped: count("skipped") };
  if (status !== 0) {
    printFailures(stdout);
    counts.failed = Math.max(1, counts.failed);
  }
  console.log(`    ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts;
}

/** Prints the failed tests with what was wrong. */
function printFailures(tap: string): void {
  let inFailure = false;
  for (const line of tap.split("\n")) {
    if (/^\s*not ok /.test(line)) inFailure = true;
    if (inFailure) console.log(line);
    if (/^\s*\.\.\.$/.test(line)) inFailure = false;
  }
}

const pure = [...testsBelow("src"), ...testsBelow("tools")];
const machine = pure.filter((path) => path.endsWith("lmdb.test.ts"));
const runs = [
  run(
    "rooms, layers and style",
    pure.filter((path) => !machine.includes(path)),
    "--test-concurrency=2",
  ),
  run("the store against crashes", machine),
  run("simulation", testsBelow("sim"), "--test-concurrency=2"),
  run("recorded answers", testsBelow("test/oracle")),
  run("sessions with kubectl", testsBelow("test/script"), "--test-concurrency=1"),
  run("real containers", testsBelow("test/e2e"), "--test-concurrency=1"),
];
sweep(directory);
const total = runs.reduce((sum, each) => ({
  passed: sum.passed + each.passed,
  failed: sum.failed + each.failed,
  skipped: sum.skipped + each.skipped,
}));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);
