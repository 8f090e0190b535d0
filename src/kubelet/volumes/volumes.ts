import type { Clock, Disk, Exec } from "../../base/world.ts";
import type { Client } from "../../client/mod.ts";
import { wholeUnits } from "../config/quantity.ts";
import type { Pod, Volume } from "../pods/pod.ts";
import { containersOf } from "../pods/pod.ts";
import { samePayload, writeAtomically } from "./atomic.ts";
import { claimSource } from "./claims.ts";
import { prepareHostPath } from "./hostpath.ts";
import type { Payload, PayloadSources } from "./payload.ts";
import { hasPayload, volumePayload } from "./payload.ts";

/** A volume that could not be set up; the message is FailedMount's. */
class MountFailure extends Error {
  constructor(volume: string, why: string) {
    super(`MountVolume.SetUp failed for volume ${JSON.stringify(volume)} : ${why}`);
    this.name = "MountFailure";
  }
}

export interface Volumes {
  /** Sets up every volume that the pod uses. Rejects with a MountFailure. */
  mount(pod: Pod): Promise<void>;
  /** Brings the files of config maps, secrets, tokens and fields up to date. */
  refresh(pod: Pod): Promise<void>;
  /** The path of a volume on the node. Throws if it is not set up. */
  pathOf(pod: Pod, volume: string): string;
  /** Undoes everything, also what an earlier kubelet left. */
  unmount(uid: string): Promise<void>;
}

interface World {
  disk: Disk;
  exec: Exec;
  clock: Clock;
  client: Client;
  /** Holds `pods/<uid>`. */
  dataDir: string;
  sources(pod: Pod): PayloadSources;
}

const pluginDirs: [source: keyof Volume, directory: string][] = [
  ["emptyDir", "kubernetes.io~empty-dir"],
  ["configMap", "kubernetes.io~configmap"],
  ["secret", "kubernetes.io~secret"],
  ["downwardAPI", "kubernetes.io~downward-api"],
  ["projected", "kubernetes.io~projected"],
  ["nfs", "kubernetes.io~nfs"],
];

/** The volumes of this node's pods. */
export function volumeManager(world: World): Volumes {
  const { disk } = world;
  const mounted = new Map<string, Map<string, { path: string; payload?: Payload }>>();
  let marks = 0;
  const memoryDir = `${world.dataDir}/memory`;
  let memory: Promise<void> | undefined;

  const podDir = (uid: string) => `${world.dataDir}/pods/${uid}`;
  /** What must not reach a disk lives in one tmpfs for all pods: a mount a pod would cost more than all the rest. */
  const inMemory = () => {
    memory ??= mountMemory(memoryDir, world);
    return memory;
  };
  const mark = () => `${new Date(world.clock.now()).toISOString().replace(/[-:T]/g, "_").replace("Z", "")}.${++marks}`;

  async function setUp(pod: Pod, volume: Volume): Promise<{ path: string; payload?: Payload }> {
    const { uid } = pod.metadata;
    if (volume.hostPath) {
      await prepareHostPath(volume.hostPath.path, volume.hostPath.type ?? "", disk);
      return { path: volume.hostPath.path };
    }
    const plugin = pluginDirs.find(([source]) => volume[source] !== undefined)?.[1];
    if (!plugin) throw new Error(`not supported yet: volumes of type ${sourceOf(volume)}`);
    const secret = volume.secret !== undefined || volume.projected !== undefined;
    if (secret) await inMemory();
    const path = `${secret ? `${memoryDir}/${uid}` : `${podDir(uid)}/volumes`}/${plugin}/${volume.name}`;
    const fsGroup = pod.spec.securityContext?.fsGroup;
    if (hasPayload(volume)) {
      const payload = await volumePayload(pod, volume, world.sources(pod));
      await makeShared(path, fsGroup, 0o755);
      await writeAtomically(path, payload, mark(), disk, fsGroup);
      return { path, payload };
    }
    await makeShared(path, fsGroup, 0o777);
    if (volume.emptyDir?.medium === "Memory") await mountTmpfs(path, volume.emptyDir.sizeLimit, fsGroup);
    else if (volume.emptyDir?.medium)
      throw new Error(`not supported yet: emptyDir of medium ${volume.emptyDir.medium}`);
    if (volume.nfs) await mountNfs(path, volume.nfs, world);
    return { path };
  }

  async function makeShared(path: string, fsGroup: number | undefined, mode: number): Promise<void> {
    await disk.makeDirectory(path);
    await disk.changeMode(path, fsGroup === undefined ? mode : mode | 0o2070);
    if (fsGroup !== undefined) await disk.changeOwner(path, 0, fsGroup);
  }

  async function mountTmpfs(path: string, sizeLimit: string | number | undefined, fsGroup?: number): Promise<void> {
    if ((await mountsUnder(path, disk)).length > 0) return;
    const size = sizeLimit === undefined ? 0 : wholeUnits(sizeLimit);
    const options = size > 0 ? ["-o", `size=${size}`] : [];
    await run(world.exec, "mount", ["-t", "tmpfs", ...options, "tmpfs", path]);
    await makeShared(path, fsGroup, 0o777);
  }

  return {
    async mount(pod) {
      const own = mounted.get(pod.metadata.uid) ?? new Map();
      mounted.set(pod.metadata.uid, own);
      for (const declared of usedVolumes(pod)) {
        if (own.has(declared.name)) continue;
        try {
          const volume = await claimSource(pod, declared, world.client);
          own.set(declared.name, await setUp(pod, volume));
        } catch (error) {
          throw new MountFailure(declared.name, (error as Error).message);
        }
      }
    },
    async refresh(pod) {
      const own = mounted.get(pod.metadata.uid);
      for (const volume of usedVolumes(pod)) {
        const known = own?.get(volume.name);
        if (!known?.payload) continue;
        const payload = await volumePayload(pod, volume, world.sources(pod)).catch(() => undefined);
        // What is missing now stays as it was, as long as the pod runs.
        if (!payload || samePayload(payload, known.payload)) continue;
        await writeAtomically(known.path, payload, mark(), disk, pod.spec.securityContext?.fsGroup);
        known.payload = payload;
      }
    },
    pathOf(pod, volume) {
      const known = mounted.get(pod.metadata.uid)?.get(volume);
      if (!known) throw new Error(`volume ${JSON.stringify(volume)} is not set up`);
      return known.path;
    },
    async unmount(uid) {
      mounted.delete(uid);
      for (const path of await mountsUnder(podDir(uid), disk)) await unmountPath(path, world.exec);
      const left = await mountsUnder(podDir(uid), disk);
      // Removing through a mount would remove what is not ours.
      if (left.length > 0) throw new Error(`unmount volumes of pod ${uid}: still mounted: ${left.join(", ")}`);
      await disk.remove(`${memoryDir}/${uid}`, { recursive: true });
      await disk.remove(`${podDir(uid)}/volumes`, { recursive: true });
      await disk.remove(`${podDir(uid)}/volume-subpaths`, { recursive: true });
    },
  };
}

/** The pod's volumes that a container mounts. */
function usedVolumes(pod: Pod): Volume[] {
  const used = new Set(
    containersOf(pod).flatMap(({ container }) =>
      [...(container.volumeMounts ?? []), ...(container.volumeDevices ?? [])].map(({ name }) => name),
    ),
  );
  return (pod.spec.volumes ?? []).filter(({ name }) => used.has(name));
}

function sourceOf(volume: Volume): string {
  return Object.keys(volume).find((key) => key !== "name" && volume[key] !== undefined) ?? "unknown";
}

async function mountMemory(path: string, { disk, exec }: World): Promise<void> {
  await disk.makeDirectory(path, { mode: 0o750 });
  if ((await mountsUnder(path, disk)).includes(path)) return;
  await run(exec, "mount", ["-t", "tmpfs", "-o", "mode=0750", "tmpfs", path]);
}

async function mountNfs(path: string, nfs: NonNullable<Volume["nfs"]>, { disk, exec }: World): Promise<void> {
  if ((await mountsUnder(path, disk)).length > 0) return;
  const args = ["-t", "nfs", ...(nfs.readOnly ? ["-o", "ro"] : []), `${nfs.server}:${nfs.path}`, path];
  const result = await exec.run("mount", args, { timeoutMs: 120_000 });
  if (result.code === 0) return;
  const command = `Mounting command: mount\nMounting arguments: ${args.join(" ")}`;
  throw new Error(`mount failed: exit status ${result.code}\n${command}\nOutput: ${result.stderr.trim()}`);
}

/** Mount points at or under a path, the innermost first. */
async function mountsUnder(path: string, disk: Disk): Promise<string[]> {
  const table = await disk.readText("/proc/self/mounts").catch(() => "");
  const points = table
    .split("\n")
    .map((line) =>
      (line.split(" ")[1] ?? "").replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    );
  return points
    .filter((point) => point === path || point.startsWith(`${path}/`))
    .sort()
    .reverse();
}

/** Unmounts; by force of laziness if something still uses it. */
async function unmountPath(path: string, exec: Exec): Promise<void> {
  const result = await exec.run("umount", [path]);
  if (result.code !== 0) await exec.run("umount", ["-l", path]);
}

async function run(exec: Exec, program: string, args: string[]): Promise<void> {
  const { code, stderr } = await exec.run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr.trim()}`);
}
