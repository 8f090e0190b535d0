import type { Clock, Disk, Exec } from "../../base/world.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runtimeMessage } from "../cri/runtime.ts";
import type { ContainerdOptions } from "./config.ts";
import { containerdConfig } from "./config.ts";

/** What a private containerd needs beyond its configuration. */
export interface ContainerdProcessOptions extends ContainerdOptions {
  /** Holds config.toml, the pid file and the log. */
  home: string;
  /** The program; "containerd" unless told. */
  program?: string;
  /** Put before the program, such as `nsenter --net=…`. It must end by executing the program in its own process. */
  enter?: readonly string[];
}

export interface ContainerdProcess {
  pid: number;
  /** True if it was already running. */
  adopted: boolean;
  /** Ends containerd. Containers go on without it. */
  stop(): Promise<void>;
}

interface World {
  exec: Exec;
  disk: Disk;
  clock: Clock;
}

/** Milliseconds that containerd may take until it answers. */
const startLimitMs = 30_000;
const pollMs = 10;

/**
 * Starts a containerd of our own, or takes over the one that an earlier kubelet left, and waits until its CRI answers.
 * It outlives this process, so that containers survive us. Rejects with the last words of its log if it ends at once.
 */
export async function startContainerd(
  options: ContainerdProcessOptions,
  runtime: Pick<Runtime, "conditions">,
  world: World,
): Promise<ContainerdProcess> {
  const { disk, exec } = world;
  const files = { config: `${options.home}/config.toml`, pid: `${options.home}/pid`, log: `${options.home}/log` };
  for (const path of [options.home, options.root, options.state, options.cniConfDir]) await disk.makeDirectory(path);
  const config = containerdConfig(options);
  const running = await runningPid(files.pid, options.program ?? "containerd", world);
  const unchanged = running !== undefined && (await disk.readText(files.config).catch(() => "")) === config;
  if (running !== undefined && !unchanged) await end(running, world);
  if (!unchanged) await disk.write(files.config, config, { mode: 0o600 });

  const pid = unchanged ? running! : launch(options, files, world);
  if (!unchanged) await disk.write(files.pid, String(pid));
  await untilReady(pid, runtime, files.log, world);
  return { pid, adopted: unchanged, stop: () => end(pid, world) };

  function launch(from: ContainerdProcessOptions, paths: typeof files, { exec: programs }: World): number {
    const words = [...(from.enter ?? []), from.program ?? "containerd", "--config", paths.config];
    return programs.start(words[0]!, words.slice(1), { logPath: paths.log, detached: true }).pid;
  }

  async function end(target: number, { clock }: World): Promise<void> {
    exec.signal(target, "SIGTERM");
    for (let waitedMs = 0; exec.isAlive(target) && waitedMs < 10_000; waitedMs += pollMs) await clock.sleep(pollMs);
    if (exec.isAlive(target)) exec.signal(target, "SIGKILL");
    await disk.remove(files.pid);
  }
}

/** The process of the pid file, if it lives and is what it should be (ids are reused after a reboot). */
async function runningPid(pidFile: string, program: string, { disk, exec }: World): Promise<number | undefined> {
  const pid = Number(await disk.readText(pidFile).catch(() => ""));
  if (!pid || !exec.isAlive(pid)) return undefined;
  // One that has ended and was not collected yet is no process to adopt.
  if (/\) Z/.test(await disk.readText(`/proc/${pid}/stat`).catch(() => ""))) return undefined;
  const name = (await disk.readText(`/proc/${pid}/comm`).catch(() => "")).trim();
  return name === program.slice(program.lastIndexOf("/") + 1).slice(0, 15) ? pid : undefined;
}

async function untilReady(pid: number, runtime: Pick<Runtime, "conditions">, log: string, world: World): Promise<void> {
  const { clock, disk, exec } = world;
  const deadlineMs = clock.monotonicMs() + startLimitMs;
  for (;;) {
    try {
      await runtime.conditions();
      return;
    } catch (error) {
      const alive = exec.isAlive(pid);
      if (alive && clock.monotonicMs() < deadlineMs) {
        await clock.sleep(pollMs);
        continue;
      }
      const words = (await disk.readText(log).catch(() => "")).trim().split("\n").slice(-3).join("\n");
      const why = alive ? `does not answer: ${runtimeMessage(error)}` : "ended at once";
      throw new Error(`start containerd: it ${why}\n${words}`);
    }
  }
}

/** True where systemd is the machine's init: then cgroups are systemd's to make. */
export async function isSystemdInit(disk: Disk): Promise<boolean> {
  return (await disk.stat("/run/systemd/system")) !== undefined;
}

/** True if this process may lower OOM scores (CAP_SYS_RESOURCE is bit 24 of the effective capabilities). */
export async function mayLowerOomScore(disk: Disk): Promise<boolean> {
  const status = await disk.readText("/proc/self/status").catch(() => "");
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n;
}
