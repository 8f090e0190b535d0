import type { Disk } from "../../base/world.ts";
import type { Payload } from "./payload.ts";

/** The link to the directory that holds the present files. */
const dataLink = "..data";

/**
 * Makes a directory hold exactly these files, in one step for whoever reads it: the files are in a directory of their
 * own, a link `..data` leads to it, and links with the files' names lead through `..data`. Renaming a new `..data`
 * over the old one switches all files at once. `mark` names the new directory; it must not have been used before here.
 */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  mark: string,
  disk: Disk,
  fsGroup?: number,
): Promise<void> {
  const fresh = `..${mark}`;
  const old = await disk.readLink(`${directory}/${dataLink}`).catch(() => undefined);
  await makeShared(disk, `${directory}/${fresh}`, fsGroup);
  const made = new Set<string>();
  for (const [path, file] of payload) {
    const parents = path.split("/").slice(0, -1);
    for (let i = 1; i <= parents.length; i++) {
      const parent = parents.slice(0, i).join("/");
      if (!made.has(parent)) await makeShared(disk, `${directory}/${fresh}/${parent}`, fsGroup);
      made.add(parent);
    }
    const target = `${directory}/${fresh}/${path}`;
    await disk.write(target, file.content, { mode: file.mode });
    // The umask took its part of the mode; with a group, the group may read what the owner may.
    const groupMode = fsGroup === undefined ? 0 : (file.mode & 0o500) >> 3;
    if (file.uid !== undefined || fsGroup !== undefined) await disk.changeOwner(target, file.uid ?? 0, fsGroup ?? 0);
    await disk.changeMode(target, file.mode | groupMode);
  }
  await disk.remove(`${directory}/${dataLink}_tmp`);
  await disk.link(fresh, `${directory}/${dataLink}_tmp`);
  await disk.rename(`${directory}/${dataLink}_tmp`, `${directory}/${dataLink}`);

  const wanted = new Set([...payload.keys()].map((path) => path.split("/")[0]!));
  const present = new Set((await disk.list(directory)).filter((name) => !name.startsWith("..")));
  for (const name of wanted) if (!present.has(name)) await disk.link(`${dataLink}/${name}`, `${directory}/${name}`);
  for (const name of present) if (!wanted.has(name)) await disk.remove(`${directory}/${name}`, { recursive: true });
  if (old && old !== fresh) await disk.remove(`${directory}/${old}`, { recursive: true });
}

async function makeShared(disk: Disk, path: string, fsGroup: number | undefined): Promise<void> {
  await disk.makeDirectory(path);
  await disk.changeMode(path, fsGroup === undefined ? 0o755 : 0o2775);
  if (fsGroup !== undefined) await disk.changeOwner(path, 0, fsGroup);
}

/** True if two payloads are the same files. Pure. */
export function samePayload(a: Payload, b: Payload): boolean {
  if (a.size !== b.size) return false;
  for (const [path, file] of a) {
    const other = b.get(path);
    if (!other || other.mode !== file.mode || other.content.length !== file.content.length) return false;
    if (!other.content.every((byte, i) => byte === file.content[i])) return false;
  }
  return true;
}
