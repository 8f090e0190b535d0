// What a run of the tests that was ended from outside leaves: processes, clusters, mounts. The next run takes it away.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { typernetes } from "./run.ts";

const prefix = "typernetes-test-";

/** How the nodes of tests name their cgroups (`test/e2e/kubelet/node.ts`): the test's process follows. */
const cgroupPrefix = "tn-test-";
const cgroups = "/sys/fs/cgroup";

/** Where a run of the tests keeps all that it makes: its `TMPDIR`. */
export function directoryOfRun(pid: number): string {
  return join(tmpdir(), `${prefix}${pid}`);
}

/** Takes away what runs have left whose process is there no more. */
export function sweepFormerRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(pid) && !existsSync(`/proc/${pid}`)) sweep(join(tmpdir(), name));
  }
  for (const controller of readdirSync(cgroups)) {
    for (const name of foldersOf(join(cgroups, controller))) {
      const pid = name.startsWith(cgroupPrefix) ? name.slice(cgroupPrefix.length) : "self";
      if (existsSync(`/proc/${pid}`)) continue;
      spawnSync("find", [join(cgroups, controller, name), "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
    }
  }
}

/** Ends every process that was started with this `TMPDIR`, takes down the clusters in it, and takes it away. */
export function sweep(directory: string): void {
  for (const { name, home } of clustersIn(directory)) {
    spawnSync(typernetes, ["down", "--name", name, "--data-dir", home], { stdio: "ignore", timeout: 60_000 });
  }
  for (const pid of processesOf(directory)) kill(pid);
  for (const path of mountsBelow(directory)) spawnSync("umount", ["-l", path]);
  rmSync(directory, { recursive: true, force: true });
}

function clustersIn(directory: string): { name: string; home: string }[] {
  return foldersOf(directory).flatMap((folder) => {
    const home = join(directory, folder);
    return foldersOf(home)
      .filter((name) => existsSync(join(home, name, "cluster.json")))
      .map((name) => ({ name, home }));
  });
}

function foldersOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));
}

/** The processes, and those that they started: containers' have an environment of their own. */
function processesOf(directory: string): Set<number> {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0));
    if (read(`/proc/${pid}/environ`).split("\0").includes(`TMPDIR=${directory}`)) found.add(pid);
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return found;
}

function mountsBelow(directory: string): string[] {
  const paths = read("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return paths
    .filter((path) => path.startsWith(`${directory}/`))
    .sort()
    .reverse();
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
