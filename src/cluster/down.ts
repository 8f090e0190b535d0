import type { Machine, Self } from "../host/mod.ts";
import { tearDownNetwork } from "../network/mod.ts";
import { type FlagTable, parseFlags } from "./flags.ts";
import { editKubeconfig, withoutContext } from "./kubeconfig.ts";
import { cgroupParent, networkOf, openRuntime, restoreForwarding } from "./node.ts";
import { contextName, type Places, placesOf, readSettings, type Settings } from "./settings.ts";
import { clusterFlags, serverPid, userKubeconfig } from "./up.ts";

export const downFlags: FlagTable = {
  ...clusterFlags,
  "keep-data": { type: "boolean", help: "Keep the store and the certificates: the next up finds everything again" },
};

/** How long a process may take to end when asked, in milliseconds. */
const endMs = 15_000;

const pollMs = 20;

/** Ends the cluster and removes all that it made. Gives the exit code. */
export async function down(args: readonly string[], machine: Machine, self: Self): Promise<number> {
  const flags = parseFlags(args, downFlags);
  const { disk } = machine;
  const name = flags.string("name")!;
  const places = placesOf(name, flags.string("data-dir")!);
  const settings = await readSettings(places, disk);
  if (!settings) {
    self.print(`There is no cluster ${JSON.stringify(name)}.\n`);
    return 0;
  }
  const pid = await serverPid(places, machine);
  if (pid) await endProcess(pid, machine);
  await removePods(places, machine);
  const containerd = Number(await disk.readText(`${places.containerd}/home/pid`).catch(() => ""));
  if (containerd && (await commandOf(containerd, machine)).includes(places.containerd))
    await endProcess(containerd, machine);
  await endShims(places, machine);
  await unmountBelow([places.state, places.data], machine);
  await removeCgroups(settings, machine);
  await tearDownNetwork(networkOf(settings), machine);
  await restoreForwarding(places, machine);
  await disk.remove(places.state, { recursive: true });
  if (flags.boolean("keep-data")) {
    for (const path of [places.containerd, places.kubelet, places.cni, `${places.data}/addresses`])
      await disk.remove(path, { recursive: true });
  } else {
    await disk.remove(places.data, { recursive: true });
    const path = userKubeconfig(self);
    if (await disk.stat(path))
      await editKubeconfig(path, disk, (present) => withoutContext(present, contextName(name)));
  }
  self.print(`The cluster ${JSON.stringify(name)} is down.\n`);
  return 0;
}

async function endProcess(pid: number, { exec, clock }: Machine): Promise<void> {
  exec.signal(pid, "SIGTERM");
  for (let waited = 0; exec.isAlive(pid) && waited < endMs; waited += pollMs) await clock.sleep(pollMs);
  if (exec.isAlive(pid)) exec.signal(pid, "SIGKILL");
}

/** Ends all pods through the runtime, if it still answers. */
async function removePods(places: Places, machine: Machine): Promise<void> {
  if (!(await machine.disk.stat(places.socket))) return;
  const { runtime, close } = openRuntime(places, machine);
  try {
    const containers = await runtime.listContainers();
    await Promise.all(containers.map((container) => runtime.stopContainer(container.id, 0).catch(() => {})));
    for (const sandbox of await runtime.listSandboxes()) {
      await runtime.stopSandbox(sandbox.id).catch(() => {});
      await runtime.removeSandbox(sandbox.id).catch(() => {});
    }
  } catch {
    // It does not answer: what is left is ended by its processes and mounts.
  }
  close();
}

async function commandOf(pid: number | string, { disk }: Machine): Promise<string> {
  return (await disk.readText(`/proc/${pid}/cmdline`).catch(() => "")).replaceAll("\0", " ");
}

/** Ends the processes of this cluster that containerd left behind: those that name its socket. */
async function endShims(places: Places, machine: Machine): Promise<void> {
  for (const pid of await machine.disk.list("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await commandOf(pid, machine);
    if (command.includes("containerd-shim") && command.includes(`${places.socket} `.trim()))
      machine.exec.signal(Number(pid), "SIGKILL");
  }
}

async function unmountBelow(roots: readonly string[], { disk, exec }: Machine): Promise<void> {
  const mounts = (await disk.readText("/proc/self/mounts"))
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replaceAll("\\040", " "));
  const ours = mounts.filter((path) => roots.some((root) => path.startsWith(`${root}/`)));
  // The deepest first.
  for (const path of ours.sort((a, b) => b.length - a.length)) await exec.run("umount", ["-l", path]);
}

/** Removes the cluster's cgroups in every hierarchy, children first. */
async function removeCgroups(settings: Settings, { disk, exec }: Machine): Promise<void> {
  const parent = cgroupParent(settings);
  const roots = ["/sys/fs/cgroup", ...(await disk.list("/sys/fs/cgroup")).map((each) => `/sys/fs/cgroup/${each}`)];
  for (const root of roots) {
    const path = `${root}/${parent}`;
    if (await disk.stat(path)) await exec.run("find", [path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
}
