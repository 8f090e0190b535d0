import type { Stats } from "node:fs";
import { watch } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Disk, FileStat } from "../base/world.ts";

/** The machine's files. */
export const machineDisk: Disk = {
  read: async (path) => new Uint8Array(await fs.readFile(path)),
  readText: (path) => fs.readFile(path, "utf8"),
  async readAt(path, offset, length) {
    await using file = await fs.open(path, "r");
    const buffer = new Uint8Array(length);
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  },
  async write(path, content, options = {}) {
    await fs.writeFile(path, content, { mode: options.mode, flag: options.append ? "a" : "w" });
  },
  replace: replaceFile,
  async makeDirectory(path, options = {}) {
    await fs.mkdir(path, { recursive: true, mode: options.mode });
  },
  list: (path) => fs.readdir(path),
  async stat(path, options = {}) {
    try {
      return fileStat(await (options.link ? fs.lstat(path) : fs.stat(path)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  },
  remove: (path, options = {}) => fs.rm(path, { recursive: options.recursive ?? false, force: true }),
  removeDirectory: (path) => fs.rmdir(path),
  rename: (from, to) => fs.rename(from, to),
  link: (target, path) => fs.symlink(target, path),
  readLink: (path) => fs.readlink(path),
  realPath: (path) => fs.realpath(path),
  changeMode: (path, mode) => fs.chmod(path, mode),
  changeOwner: (path, uid, gid) => fs.chown(path, uid, gid),
  async usage(path) {
    const stat = await fs.statfs(path);
    return {
      totalBytes: stat.blocks * stat.bsize,
      availableBytes: stat.bavail * stat.bsize,
      inodes: stat.files,
      inodesFree: stat.ffree,
    };
  },
  watch(path, changed) {
    const watcher = watch(path, { persistent: false }, () => changed());
    watcher.on("error", () => changed());
    return { [Symbol.dispose]: () => watcher.close() };
  },
};

async function replaceFile(path: string, content: Uint8Array | string, options: { mode?: number } = {}): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  {
    await using file = await fs.open(beside, "w", options.mode);
    await file.writeFile(content);
    await file.sync();
  }
  await fs.rename(beside, path);
}

function fileStat(stats: Stats): FileStat {
  return {
    kind: kindOf(stats),
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: stats.size,
    modifiedMs: stats.mtimeMs,
    inode: stats.ino,
  };
}

function kindOf(stats: Stats): FileStat["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isSocket()) return "socket";
  if (stats.isCharacterDevice()) return "char";
  if (stats.isBlockDevice()) return "block";
  return "fifo";
}
