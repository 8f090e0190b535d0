// What tests of a whole cluster share: one of their own, beside whatever else runs on the machine.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standIns } from "../../tools/images.ts";
import { typernetes } from "../../tools/run.ts";

export interface TestCluster {
  name: string;
  directory: string;
  kubeconfig: string;
  /** Runs the program on this cluster and gives what it printed. Throws if it fails. */
  run(...args: string[]): string;
  /** Brings it up, with the stand-in images. */
  up(): void;
  /** Takes it down, and its directory away. */
  remove(): void;
}

/** A cluster with addresses of its own: `index` tells it from other tests' clusters. */
export function testCluster(name: string, index: number): TestCluster {
  const directory = mkdtempSync(join(tmpdir(), "cluster-"));
  const where = ["--name", name, "--data-dir", directory];
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(typernetes, [...args, ...where], {
      encoding: "utf8",
      timeout: 180_000,
    });
    assert.equal(status, 0, `typernetes ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    name,
    directory,
    kubeconfig: join(directory, name, "kubeconfig"),
    run,
    up() {
      const ranges = ["--pod-network-cidr", `10.${200 + index}.0.0/16`, "--service-cidr", `10.${220 + index}.0.0/16`];
      run("up", "--uplink", "none", "--write-kubeconfig=false", "--port", String(16_450 + index), ...ranges);
      run("images", "load", standIns());
    },
    remove() {
      spawnSync(typernetes, ["down", ...where]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
