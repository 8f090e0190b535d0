import { parseKubeconfig } from "../client/mod.ts";
import type { Machine, Self } from "../host/mod.ts";
import { type FlagTable, parseFlags } from "./flags.ts";
import { editKubeconfig, mergeKubeconfig } from "./kubeconfig.ts";
import { newSettings } from "./server.ts";
import { contextName, type Places, placesOf, readSettings, type Settings } from "./settings.ts";

export const clusterFlags: FlagTable = {
  name: { type: "string", default: "default", help: "The cluster's name" },
  "data-dir": { type: "string", default: "/var/lib/typernetes", help: "Where clusters keep their files" },
};

export const upFlags: FlagTable = {
  ...clusterFlags,
  uplink: { type: "string", default: "machine", help: "How pods reach the outside: machine or none" },
  port: { type: "number", default: 6443, help: "The port of the API" },
  "pod-network-cidr": { type: "string", default: "10.244.0.0/16", help: "Addresses of pods" },
  "service-cidr": { type: "string", default: "10.96.0.0/16", help: "Addresses of Services" },
  "node-name": { type: "string", help: "The node's name; the machine's if absent" },
  "write-kubeconfig": { type: "boolean", default: true, help: "Add a context to ~/.kube/config" },
  timeout: { type: "number", default: 120, help: "Seconds to wait until the node is ready" },
};

/** Programs of the machine that a node needs → the Debian package that has them. */
const needed: Record<string, string> = {
  "/usr/bin/containerd": "containerd",
  "/usr/sbin/runc": "runc",
  "/usr/lib/cni/bridge": "containernetworking-plugins",
  "/usr/sbin/nft": "nftables",
  "/usr/sbin/ip": "iproute2",
};

const pollMs = 10;

/** Brings the cluster up and waits until its node is ready. Gives the exit code. */
export async function up(args: readonly string[], machine: Machine, self: Self): Promise<number> {
  const flags = parseFlags(args, upFlags);
  const { disk, exec, clock } = machine;
  const uplink = flags.string("uplink")!;
  if (uplink !== "machine" && uplink !== "none")
    throw new Error(`invalid argument ${JSON.stringify(uplink)} for "--uplink" flag: wanted machine or none`);
  if (!self.isRoot()) throw new Error("containers need root: run it with sudo");
  await checkPrograms(machine);
  const name = flags.string("name")!;
  const places = placesOf(name, flags.string("data-dir")!);
  let settings = await readSettings(places, disk);
  if (!settings) {
    settings = await newSettings(
      {
        name,
        uplink,
        apiPort: flags.number("port"),
        clusterCidr: flags.string("pod-network-cidr"),
        serviceCidr: flags.string("service-cidr"),
        nodeName: flags.string("node-name"),
      },
      machine,
      self,
    );
    await disk.makeDirectory(places.data, { mode: 0o711 });
    await disk.replace(places.settings, JSON.stringify(settings, null, 2));
  }
  const began = clock.monotonicMs();
  const running = await serverPid(places, machine);
  if (!running) {
    await disk.makeDirectory(places.state, { mode: 0o711 });
    await disk.remove(places.ready);
    const script = [
      ...self.programFlags,
      self.script,
      "server",
      "--name",
      name,
      "--data-dir",
      flags.string("data-dir")!,
    ];
    const child = exec.start(self.program, script, {
      logPath: places.log,
      detached: true,
    });
    await waitUntilReady(child.pid, places, machine, flags.number("timeout")! * 1000);
  } else if (!(await disk.stat(places.ready)))
    await waitUntilReady(running, places, machine, flags.number("timeout")! * 1000);
  if (flags.boolean("write-kubeconfig")) await writeContext(places, machine, self);
  const seconds = ((clock.monotonicMs() - began) / 1000).toFixed(1);
  self.print(
    running
      ? `The cluster ${JSON.stringify(name)} is up.\n`
      : `The cluster ${JSON.stringify(name)} is up: node ${settings.nodeName} is Ready (${seconds} s).\n`,
  );
  self.print(`kubectl context: ${contextName(name)}\n`);
  return 0;
}

async function checkPrograms({ disk }: Machine): Promise<void> {
  const missing: string[] = [];
  for (const [path, name] of Object.entries(needed)) if (!(await disk.stat(path))) missing.push(name);
  if (missing.length > 0)
    throw new Error(`this machine lacks ${missing.join(", ")}: apt-get install ${missing.join(" ")}`);
}

/** The id of the cluster's server process, if it lives. */
export async function serverPid(places: Places, { disk, exec }: Machine): Promise<number | undefined> {
  const pid = Number(await disk.readText(places.pid).catch(() => ""));
  if (!pid || !exec.isAlive(pid)) return undefined;
  const command = await disk.readText(`/proc/${pid}/cmdline`).catch(() => "");
  return command.includes("\0server\0") ? pid : undefined;
}

async function waitUntilReady(
  pid: number,
  places: Places,
  { disk, exec, clock }: Machine,
  limitMs: number,
): Promise<void> {
  const deadline = clock.monotonicMs() + limitMs;
  while (!(await disk.stat(places.ready))) {
    const alive = exec.isAlive(pid) && !(await isZombie(pid, disk));
    if (!alive || clock.monotonicMs() > deadline) {
      const words = (await disk.readText(places.log).catch(() => "")).trim().split("\n").slice(-8).join("\n");
      throw new Error(
        `${alive ? `the node is not ready after ${limitMs / 1000} s` : "the server ended"}; the end of ${places.log}:\n${words}`,
      );
    }
    await clock.sleep(pollMs);
  }
}

async function isZombie(pid: number, disk: Machine["disk"]): Promise<boolean> {
  const stat = await disk.readText(`/proc/${pid}/stat`).catch(() => ") Z");
  return /\) Z/.test(stat);
}

/** The kubeconfig file that a user's tools read. */
export function userKubeconfig(self: Self): string {
  const [first] = (self.env.KUBECONFIG ?? "").split(":");
  return first || `${self.env.HOME ?? "/root"}/.kube/config`;
}

async function writeContext(places: Places, { disk }: Machine, self: Self): Promise<void> {
  const own = parseKubeconfig(await disk.readText(places.kubeconfig));
  await editKubeconfig(userKubeconfig(self), disk, (present) => mergeKubeconfig(present, own));
}

export type { Settings };
