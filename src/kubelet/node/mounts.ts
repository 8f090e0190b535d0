import type { Disk, Exec } from "../../base/world.ts";
import { expandVariables } from "../config/expand.ts";
import type { CriMount } from "../cri/types.ts";
import type { Container, Pod, VolumeMount } from "../pods/pod.ts";
import { bindSubPath } from "../volumes/subpath.ts";
import type { Volumes } from "../volumes/volumes.ts";

const propagations = {
  None: "PROPAGATION_PRIVATE",
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
} as const;

interface MountOptions {
  attempt: number;
  env: ReadonlyMap<string, string>;
  hostsPath: string;
  podDir: string;
  volumes: Pick<Volumes, "pathOf">;
  disk: Disk;
  exec: Exec;
}

/** Everything mounted into a container: its volumes, its hosts file and the file for its last words. */
export async function containerMounts(pod: Pod, container: Container, options: MountOptions): Promise<CriMount[]> {
  const mounts: CriMount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const { readOnly, recursiveReadOnly, mountPropagation, mountPath } = mount;
    mounts.push({
      containerPath: mountPath.startsWith("/") ? mountPath : `/${mountPath}`,
      hostPath: await sourceOf(pod, container, mount, index, options),
      readonly: readOnly ?? false,
      recursiveReadOnly: recursiveReadOnly === "Enabled",
      propagation: propagations[mountPropagation ?? "None"],
    });
  }
  // A container that brings its own hosts file keeps it.
  if (!mounts.some(({ containerPath }) => containerPath === "/etc/hosts"))
    mounts.push({ containerPath: "/etc/hosts", hostPath: options.hostsPath });
  if (container.terminationMessagePath !== "") {
    const hostPath = lastWordsPath(options.podDir, container.name, options.attempt);
    await options.disk.makeDirectory(hostPath.slice(0, hostPath.lastIndexOf("/")));
    await options.disk.write(hostPath, "", { mode: 0o666 });
    await options.disk.changeMode(hostPath, 0o666);
    mounts.push({ containerPath: container.terminationMessagePath ?? "/dev/termination-log", hostPath });
  }
  return mounts;
}

/** Where a container's last words are on the node. */
export function lastWordsPath(podDir: string, name: string, attempt: number): string {
  return `${podDir}/containers/${name}/${attempt}`;
}

async function sourceOf(
  pod: Pod,
  container: Container,
  mount: VolumeMount,
  index: number,
  options: MountOptions,
): Promise<string> {
  const volume = options.volumes.pathOf(pod, mount.name);
  const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, options.env) : mount.subPath;
  if (!subPath) return volume;
  const target = `${options.podDir}/volume-subpaths/${mount.name}/${container.name}/${index}-${options.attempt}`;
  try {
    await bindSubPath(volume, subPath, target, options);
    return target;
  } catch (error) {
    const where = `volumeMount ${JSON.stringify(mount.name)} of container ${JSON.stringify(container.name)}`;
    throw new Error(`failed to prepare subPath for ${where}: ${(error as Error).message}`);
  }
}

function expandStrictly(expression: string, env: ReadonlyMap<string, string>): string {
  const path = expandVariables(expression, (name) => {
    const value = env.get(name);
    if (value === undefined) throw new Error(`missing value for ${JSON.stringify(name)}`);
    return value;
  });
  if (path.startsWith("/") || path.split("/").includes(".."))
    throw new Error(`subPath ${JSON.stringify(path)} must be relative and stay in the volume`);
  return path;
}
