import type { Disk, FileStat } from "../../base/world.ts";

const checks: Record<string, { kind: FileStat["kind"]; what: string }> = {
  Directory: { kind: "directory", what: "a directory" },
  DirectoryOrCreate: { kind: "directory", what: "a directory" },
  File: { kind: "file", what: "a file" },
  FileOrCreate: { kind: "file", what: "a file" },
  Socket: { kind: "socket", what: "a socket file" },
  CharDevice: { kind: "char", what: "a character device" },
  BlockDevice: { kind: "block", what: "a block device" },
};

/** Checks a hostPath by its type, creating it where the type says so. Rejects with what FailedMount then says. */
export async function prepareHostPath(path: string, type: string, disk: Disk): Promise<void> {
  const check = checks[type];
  if (!check) return;
  const stat = await disk.stat(path);
  if (!stat && type === "DirectoryOrCreate") return disk.makeDirectory(path, { mode: 0o755 });
  if (!stat && type === "FileOrCreate") return disk.write(path, "", { mode: 0o644 });
  if (stat?.kind !== check.kind) throw new Error(`hostPath type check failed: ${path} is not ${check.what}`);
}
