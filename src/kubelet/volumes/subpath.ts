import type { Disk, Exec } from "../../base/world.ts";

/**
 * Makes a part of a volume mountable so that the container cannot lead the mount astray: the part is resolved, must lie
 * in the volume, is bound to a path of the kubelet's own, and what was bound must be what was resolved. What does not
 * exist is made a directory. Rejects with why not.
 */
export async function bindSubPath(
  volume: string,
  subPath: string,
  target: string,
  world: { disk: Disk; exec: Exec },
): Promise<void> {
  const { disk, exec } = world;
  const root = await disk.realPath(volume);
  let path = root;
  for (const part of subPath.split("/").filter((one) => one !== "" && one !== ".")) {
    if (part === "..") throw new Error(`subPath ${JSON.stringify(subPath)} must not contain ".."`);
    const next = `${path}/${part}`;
    if (!(await disk.stat(next, { link: true }))) {
      await disk.makeDirectory(next, { mode: 0o750 });
      const parent = await disk.stat(path);
      // The new directory is as open as the one it is in.
      if (parent) await disk.changeMode(next, parent.mode);
      if (parent && (parent.gid !== 0 || parent.uid !== 0)) await disk.changeOwner(next, parent.uid, parent.gid);
    }
    path = await disk.realPath(next);
    if (path !== root && !path.startsWith(`${root}/`))
      throw new Error(`subpath ${JSON.stringify(subPath)} leads out of the volume`);
  }
  const stat = await disk.stat(path);
  await disk.makeDirectory(target.slice(0, target.lastIndexOf("/")));
  if (stat?.kind === "directory") await disk.makeDirectory(target);
  else if (!(await disk.stat(target))) await disk.write(target, "");
  const mounted = await exec.run("mount", ["--no-canonicalize", "--bind", path, target]);
  if (mounted.code !== 0) throw new Error(mounted.stderr.trim());
  const bound = await disk.stat(target);
  if (bound?.inode === stat?.inode && (await disk.realPath(path)) === path) return;
  await exec.run("umount", ["--no-canonicalize", target]);
  throw new Error(`subpath ${JSON.stringify(subPath)} changed while it was mounted`);
}
