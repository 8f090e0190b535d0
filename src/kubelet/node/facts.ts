import type { Disk } from "../../base/world.ts";

/** What the machine says about itself. */
export interface MachineFacts {
  hostname: string;
  cpus: number;
  memoryBytes: number;
  ephemeralBytes: number;
  machineId: string;
  systemUuid: string;
  bootId: string;
  kernelVersion: string;
  osImage: string;
  architecture: string;
}

const architectures: Record<string, string> = { x86_64: "amd64", aarch64: "arm64", armv7l: "arm", i686: "386" };

/** Reads the machine's facts from /proc, /sys and /etc. What is not there is empty. */
export async function machineFacts(disk: Disk, dataDir: string): Promise<MachineFacts> {
  const read = async (path: string) => (await disk.readText(path).catch(() => "")).trim();
  const [hostname, memory, stat, machineId, uuid, bootId, kernel, release, usage] = await Promise.all([
    read("/proc/sys/kernel/hostname"),
    read("/proc/meminfo"),
    read("/proc/stat"),
    read("/etc/machine-id"),
    read("/sys/class/dmi/id/product_uuid"),
    read("/proc/sys/kernel/random/boot_id"),
    read("/proc/sys/kernel/osrelease"),
    read("/etc/os-release"),
    disk.usage(dataDir),
  ]);
  const machine = await read("/proc/sys/kernel/arch");
  const memoryKi = Number(/^MemTotal:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0);
  return {
    hostname: hostname.toLowerCase(),
    cpus: stat.match(/^cpu\d+ /gm)?.length ?? 1,
    memoryBytes: memoryKi * 1024,
    ephemeralBytes: usage.totalBytes,
    machineId,
    systemUuid: uuid || machineId,
    bootId,
    kernelVersion: kernel,
    osImage: /^PRETTY_NAME="?([^"\n]*)"?/m.exec(release)?.[1] ?? "Linux",
    architecture: architectures[machine] ?? (machine || "amd64"),
  };
}
