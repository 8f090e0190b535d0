import type { HandlerOptions } from "./handler.ts";

/** Nanoseconds a tick of /proc/stat, on every Linux that matters (USER_HZ is 100). */
const nsPerTick = 1e7;

/** The whole node's use of CPU, memory and disk, from /proc; empty without a machine. */
export async function nodeUsage({ options }: HandlerOptions, now: string): Promise<object> {
  if (!options.machine) return {};
  const { disk, dataDir } = options.machine;
  const [stat, meminfo, usage] = await Promise.all([
    disk.readText("/proc/stat"),
    disk.readText("/proc/meminfo"),
    disk.usage(dataDir),
  ]);
  const ticks = /^cpu\s+(.*)$/m.exec(stat)?.[1]?.split(" ").map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = ticks;
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(meminfo)?.[1] ?? 0) * 1024;
  const used = bytes("MemTotal") - bytes("MemAvailable");
  return {
    cpu: { time: now, usageCoreNanoSeconds: (user + nice + system + irq + softIrq + steal) * nsPerTick },
    memory: { time: now, availableBytes: bytes("MemAvailable"), usageBytes: used, workingSetBytes: used },
    fs: {
      time: now,
      availableBytes: usage.availableBytes,
      capacityBytes: usage.totalBytes,
      usedBytes: usage.totalBytes - usage.availableBytes,
      inodes: usage.inodes,
      inodesFree: usage.inodesFree,
      inodesUsed: usage.inodes - usage.inodesFree,
    },
  };
}
