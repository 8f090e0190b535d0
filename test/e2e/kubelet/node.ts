// A node for tests with real containers: a containerd of its own, inside a network namespace that nothing leaves.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineClock, machineDisk, machineExec } from "../../../src/host/mod.ts";
import { rpcClient } from "../../../src/host/rpc.ts";
import { startContainerd } from "../../../src/kubelet/containerd/process.ts";
import { criRuntime } from "../../../src/kubelet/cri/client.ts";
import { containerdEventsProto, criProto } from "../../../src/kubelet/cri/proto.ts";
import type { Runtime } from "../../../src/kubelet/cri/runtime.ts";
import { buildImage, busyboxImage, pauseImage, writeLayout } from "./images.ts";

const insideMark = "TYPERNETES_TEST_NETNS";

/**
 * True in a process whose network is a namespace of its own. Otherwise runs the file again in such a process, with its
 * output passed through, and says whether that succeeded.
 */
export function insideNamespace(file: string): { inside: boolean; succeeded: boolean } {
  if (process.env[insideMark]) return { inside: true, succeeded: true };
  const command = `ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward && exec "$0" --test-reporter=spec ${JSON.stringify(file)}`;
  const env: NodeJS.ProcessEnv = { ...process.env, [insideMark]: "1" };
  delete env.NODE_TEST_CONTEXT;
  const ran = spawnSync("unshare", ["--net", "sh", "-c", command, process.execPath], { stdio: "inherit", env });
  return { inside: false, succeeded: ran.status === 0 };
}

export const canRunContainers =
  process.getuid?.() === 0 && ["/usr/bin/containerd", "/usr/sbin/runc", "/usr/bin/catatonit"].every(existsSync);

export interface TestNode extends AsyncDisposable {
  directory: string;
  runtime: Runtime;
  socket: string;
  startMs: number;
  cgroupParent: string;
  restartContainerd(): Promise<void>;
}

export async function testNode(): Promise<TestNode> {
  const directory = mkdtempSync(join(tmpdir(), "tn-"));
  const cni = join(directory, "cni");
  mkdirSync(cni);
  writeFileSync(join(cni, "10-test.conflist"), JSON.stringify(cniConf(directory)));
  const socket = join(directory, "c.sock");
  const rpc = rpcClient({ target: `unix://${socket}`, protos: [criProto, containerdEventsProto] });
  const runtime = criRuntime(rpc, machineClock);
  const world = { exec: machineExec, disk: machineDisk, clock: machineClock };
  const options = {
    home: join(directory, "containerd"),
    root: join(directory, "root"),
    state: join(directory, "state"),
    socket,
    cniConfDir: cni,
    cniBinDir: "/usr/lib/cni",
    registryConfigDir: join(directory, "certs.d"),
    sandboxImage: pauseImage.name,
    systemdCgroup: false,
    restrictOomScoreAdj: true,
    disableAppArmor: true,
  };
  const began = performance.now();
  let containerd = await startContainerd(options, runtime, world);
  const startMs = performance.now() - began;
  const layout = join(directory, "images.tar");
  await writeLayout(layout, [await buildImage(pauseImage), await buildImage(busyboxImage)]);
  const imported = spawnSync("ctr", ["-a", socket, "-n", "k8s.io", "images", "import", layout], { encoding: "utf8" });
  if (imported.status !== 0) throw new Error(imported.stderr);
  const cgroupParent = `tn-test-${process.pid}`;
  return {
    directory,
    runtime,
    socket,
    startMs,
    cgroupParent,
    async restartContainerd() {
      machineExec.signal(containerd.pid, "SIGKILL");
      while (machineExec.isAlive(containerd.pid)) await machineClock.sleep(5);
      containerd = await startContainerd(options, runtime, world);
    },
    async [Symbol.asyncDispose]() {
      for (const sandbox of await runtime.listSandboxes().catch(() => [])) {
        await runtime.stopSandbox(sandbox.id).catch(() => {});
        await runtime.removeSandbox(sandbox.id).catch(() => {});
      }
      rpc.close();
      await containerd.stop();
      unmountUnder(directory);
      removeCgroups(cgroupParent);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function cniConf(directory: string): object {
  return {
    cniVersion: "0.4.0",
    name: "test",
    plugins: [
      {
        type: "bridge",
        bridge: "tnbr0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: join(directory, "ipam"),
          ranges: [[{ subnet: "10.199.0.0/24" }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function unmountUnder(directory: string): void {
  const mounts = spawnSync("cat", ["/proc/self/mounts"], { encoding: "utf8" })
    .stdout.split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${directory}/`))
    .sort()
    .reverse();
  for (const path of mounts) spawnSync("umount", ["-l", path]);
}

function removeCgroups(parent: string): void {
  for (const controller of readdirSync("/sys/fs/cgroup")) {
    const path = `/sys/fs/cgroup/${controller}/${parent}`;
    if (existsSync(path)) spawnSync("find", [path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
}
