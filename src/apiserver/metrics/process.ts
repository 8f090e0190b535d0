import type { Clock, Disk } from "../../base/world.ts";
import type { ServerMetrics } from "./server_metrics.ts";

/** Linux' unit of processor time in /proc, in seconds, and the size of a page, in bytes (proc(5), on the machines we run on). */
const [tickSeconds, pageBytes] = [0.01, 4096];

/** Takes the process's own numbers from /proc; where there is none, they stay away. */
export async function readProcess(metrics: ServerMetrics, disk: Disk, clock: Clock): Promise<void> {
  try {
    const [stat, uptime, limits, files] = await Promise.all([
      disk.readText("/proc/self/stat"),
      disk.readText("/proc/uptime"),
      disk.readText("/proc/self/limits"),
      disk.list("/proc/self/fd"),
    ]);
    // The name in parentheses may hold anything; what follows it is numbers.
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [userTicks, systemTicks, startTicks, virtual, pages] = [11, 12, 19, 20, 21].map((at) => fields[at] ?? 0);
    setCounter(metrics, (userTicks! + systemTicks!) * tickSeconds);
    metrics.virtual.set([], virtual!);
    metrics.resident.set([], pages! * pageBytes);
    metrics.files.set([], files.length);
    const max = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    if (max) metrics.filesMax.set([], Number(max));
    const bootMs = clock.now() - Number(uptime.split(" ")[0]) * 1000;
    metrics.started.set([], bootMs / 1000 + startTicks! * tickSeconds);
  } catch {
    // No /proc here.
  }
}

const before = new WeakMap<ServerMetrics, number>();

function setCounter(metrics: ServerMetrics, seconds: number): void {
  metrics.cpu.add([], Math.max(0, seconds - (before.get(metrics) ?? 0)));
  before.set(metrics, seconds);
}
