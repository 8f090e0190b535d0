import type { Clock, Disk } from "../../base/world.ts";
import type { Runtime } from "../cri/runtime.ts";
import type { PodManager } from "../pods/manager.ts";

/** Kubernetes' defaults: containerLogMaxSize, containerLogMaxFiles, containerLogMonitorInterval. */
const logBytesMax = 10 * 1024 * 1024;
const logFilesMax = 5;
const lookMs = 10_000;

/** Keeps the logs of running containers small until the signal is aborted: the full one is put aside, the oldest goes. */
export async function rotateLogs(
  manager: PodManager,
  world: { disk: Disk; clock: Clock; runtime: Pick<Runtime, "reopenLog"> },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await world.clock.sleep(lookMs, signal).catch(() => {});
    // A log that cannot be rotated now is tried again at the next look.
    for (const worker of signal.aborted ? [] : [...manager.workers()])
      for (const { id, state, logPath } of worker.view().runtime.containers)
        if (state === "running" && logPath) await rotateLog(id, logPath, world).catch(() => {});
  }
}

/** Rotates one log if it is full. */
export async function rotateLog(
  id: string,
  path: string,
  { disk, clock, runtime }: { disk: Disk; clock: Clock; runtime: Pick<Runtime, "reopenLog"> },
  bytesMax = logBytesMax,
): Promise<void> {
  const size = (await disk.stat(path))?.size ?? 0;
  if (size <= bytesMax) return;
  const directory = path.slice(0, path.lastIndexOf("/"));
  const name = path.slice(directory.length + 1);
  const old = (await disk.list(directory)).filter((one) => one.startsWith(`${name}.`)).sort();
  const surplus = old.length - (logFilesMax - 2);
  for (const one of old.slice(0, Math.max(0, surplus))) await disk.remove(`${directory}/${one}`);
  const mark = new Date(clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  await disk.rename(path, `${path}.${mark}`);
  try {
    await runtime.reopenLog(id);
  } catch (error) {
    // The runtime still writes to the file: it keeps its name.
    await disk.rename(`${path}.${mark}`, path);
    throw error;
  }
}
