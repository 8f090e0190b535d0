import type { Disk } from "../../base/world.ts";
import { podResources, quotaPeriodUs } from "../config/resources.ts";
import type { Pod, QosClass } from "../pods/pod.ts";
import { qosClass } from "../pods/qos.ts";

const cgroupRoot = "/sys/fs/cgroup";

export interface Cgroups {
  v2: boolean;
  /** The parent for a pod's sandbox and containers, as the runtime wants it. */
  parentOf(pod: Pod): string;
  /** Makes the pod's own cgroup with the pod's limits. */
  create(pod: Pod): Promise<void>;
  /** Removes the pod's cgroups in every hierarchy; the runtime leaves them. */
  remove(uid: string): Promise<void>;
  /** Ids of pods that have cgroups. */
  pods(): Promise<string[]>;
}

const qosDirs: Record<QosClass, string> = { Guaranteed: "", Burstable: "/burstable", BestEffort: "/besteffort" };

/** A pod's cgroup below the node's. Pure. */
export function podCgroup(parent: string, pod: Pod): string {
  return `${parent}/kubepods${qosDirs[qosClass(pod)]}/pod${pod.metadata.uid}`;
}

/** The same in systemd's names: every slice carries its parents' names. Pure. */
export function podSlice(pod: Pod): string {
  const qos = qosDirs[qosClass(pod)].replace("/", "-");
  return `kubepods${qos}-pod${pod.metadata.uid.replaceAll("-", "_")}.slice`;
}

/** The cgroups of pods under `parent` (`/name` or ""). systemd makes and limits its slices itself. */
export async function podCgroups(parent: string, systemd: boolean, disk: Disk): Promise<Cgroups> {
  const v2 = (await disk.stat(`${cgroupRoot}/cgroup.controllers`)) !== undefined;
  const hierarchies = async () =>
    v2 ? [cgroupRoot] : (await disk.list(cgroupRoot)).map((name) => `${cgroupRoot}/${name}`);

  return {
    v2,
    parentOf: (pod) => (systemd ? podSlice(pod) : podCgroup(parent, pod)),
    async create(pod) {
      if (systemd) return;
      const path = podCgroup(parent, pod);
      if (v2) await createV2(path, pod, disk);
      else await createV1(path, pod, disk);
    },
    async remove(uid) {
      for (const hierarchy of await hierarchies())
        for (const qos of Object.values(qosDirs))
          await removeTree(`${hierarchy}${parent}/kubepods${qos}/pod${uid}`, disk);
    },
    async pods() {
      const found = new Set<string>();
      for (const hierarchy of await hierarchies())
        for (const qos of Object.values(qosDirs))
          for (const name of await disk.list(`${hierarchy}${parent}/kubepods${qos}`).catch(() => []))
            if (name.startsWith("pod")) found.add(name.slice(3));
      return [...found];
    },
  };
}

async function createV1(path: string, pod: Pod, disk: Disk): Promise<void> {
  const { cpuShares, cpuQuotaUs, memoryBytes } = podResources(pod);
  const set = async (controller: string, file: string, value: number) => {
    await disk.write(`${cgroupRoot}/${controller}${path}/${file}`, String(value));
  };
  if (await disk.stat(`${cgroupRoot}/cpu`)) {
    await disk.makeDirectory(`${cgroupRoot}/cpu${path}`);
    await set("cpu", "cpu.shares", cpuShares);
    if (cpuQuotaUs) {
      await set("cpu", "cpu.cfs_period_us", quotaPeriodUs);
      await set("cpu", "cpu.cfs_quota_us", cpuQuotaUs);
    }
  }
  if (memoryBytes && (await disk.stat(`${cgroupRoot}/memory`))) {
    await disk.makeDirectory(`${cgroupRoot}/memory${path}`);
    await set("memory", "memory.limit_in_bytes", memoryBytes);
  }
}

async function createV2(path: string, pod: Pod, disk: Disk): Promise<void> {
  const available = (await disk.readText(`${cgroupRoot}/cgroup.controllers`)).trim().split(" ");
  const wanted = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"].filter((name) => available.includes(name));
  let at = cgroupRoot;
  for (const part of path.split("/").filter(Boolean)) {
    // A controller must be handed down at every level before it works below.
    await disk.write(`${at}/cgroup.subtree_control`, wanted.map((name) => `+${name}`).join(" ")).catch(() => {});
    at += `/${part}`;
    await disk.makeDirectory(at);
  }
  const { cpuShares, cpuQuotaUs, memoryBytes } = podResources(pod);
  await disk.write(`${at}/cpu.weight`, String(cpuWeight(cpuShares)));
  if (cpuQuotaUs) await disk.write(`${at}/cpu.max`, `${cpuQuotaUs} ${quotaPeriodUs}`);
  if (memoryBytes) await disk.write(`${at}/memory.max`, String(memoryBytes));
}

/** cgroup v2's weight (1 to 10,000) for v1's shares (2 to 262,144). Pure. */
export function cpuWeight(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142);
}

async function removeTree(path: string, disk: Disk): Promise<void> {
  const stat = await disk.stat(path);
  if (stat?.kind !== "directory") return;
  for (const name of await disk.list(path).catch(() => [])) await removeTree(`${path}/${name}`, disk);
  await disk.removeDirectory(path).catch(() => {
    // A process is just leaving it: the next pod's end, or the next start, tries again.
  });
}
