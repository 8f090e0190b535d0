import type { Clock, Disk } from "../../base/world.ts";
import { type AuditEvent, legacyLine } from "./event.ts";

/** `--audit-log-*`. */
export interface AuditLogOptions {
  /** A file, or `-` for the standard output. */
  path: string;
  /** Days that rotated files are kept; 0: for ever. */
  maxAgeDays?: number;
  /** Rotated files that are kept; 0: all. */
  maxBackups?: number;
  /** The size at which a file is rotated, in megabytes; 100 if absent or 0. */
  maxSizeMb?: number;
  format?: "json" | "legacy";
  /** `blocking`: a request is answered after its events are written. `batch`: it never waits. */
  mode?: "blocking" | "batch";
}

/** Where events go. */
export interface AuditSink {
  /** Resolves when the event is written, or, in batch mode, at once. */
  write(event: AuditEvent): Promise<void> | undefined;
  /** Writes what is left. */
  flush(): Promise<void>;
}

/** Events that wait at most: beyond them new ones are dropped rather than the memory filled. */
const waitingMax = 10_000;

const standardSizeMb = 100;
const dayMs = 86_400_000;

/**
 * Writes events to a file, one a line, and rotates it. One write is under way at a time and takes with it all lines that
 * came meanwhile. `dropped` is told of events that were lost.
 */
export function auditLog(
  options: AuditLogOptions,
  disk: Disk,
  clock: Clock,
  dropped: (error: unknown, events: number) => void,
): AuditSink {
  const toStdout = options.path === "-";
  const path = toStdout ? "/dev/stdout" : options.path;
  const sizeMax = (options.maxSizeMb || standardSizeMb) * 1024 * 1024;
  const blocking = (options.mode ?? "blocking") === "blocking";
  const utf8 = new TextEncoder();
  let next = batch();
  let size: number | undefined;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (next.lines.length > 0) {
      const { lines, resolve } = next;
      next = batch();
      const bytes = utf8.encode(lines.join(""));
      try {
        if (!toStdout) await makeRoom(bytes.length);
        await disk.write(path, bytes, { append: true, mode: 0o600 });
        size = (size ?? 0) + bytes.length;
      } catch (error) {
        dropped(error, lines.length);
      }
      resolve();
    }
    writing = undefined;
  }

  async function makeRoom(more: number): Promise<void> {
    if (size === undefined) {
      await disk.makeDirectory(folderOf(path));
      size = (await disk.stat(path))?.size ?? 0;
    }
    if (size === 0 || size + more <= sizeMax) return;
    await disk.rename(path, backupName(path, clock.now()));
    size = 0;
    const names = await disk.list(folderOf(path));
    for (const name of planRemovals(path, names, options, clock.now())) await disk.remove(`${folderOf(path)}/${name}`);
  }

  return {
    write(event) {
      if (next.lines.length >= waitingMax && !blocking) {
        dropped(new Error(`audit log ${path}: ${waitingMax} events are waiting already`), 1);
        return undefined;
      }
      const { lines, promise } = next;
      lines.push(`${options.format === "legacy" ? legacyLine(event) : JSON.stringify(event)}\n`);
      writing ??= writeAll();
      return blocking ? promise : undefined;
    },
    async flush() {
      await writing;
    },
  };
}

/** Lines that are written together. */
function batch(): { lines: string[]; promise: Promise<void>; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { lines: [], promise, resolve };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** A file's name before and after the place where a backup's time stands. */
function nameParts(path: string): [prefix: string, extension: string] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? [`${name}-`, ""] : [`${name.slice(0, dot)}-`, name.slice(dot)];
}

/** `audit-2026-01-02T15-04-05.000.log` for `audit.log`. */
export function backupName(path: string, now: number): string {
  const [prefix, extension] = nameParts(path);
  const time = new Date(now).toISOString().slice(0, -1).replaceAll(":", "-");
  return `${folderOf(path)}/${prefix}${time}${extension}`;
}

/** The backups that are too old or too many. Pure. */
export function planRemovals(
  path: string,
  names: readonly string[],
  { maxAgeDays = 0, maxBackups = 0 }: Pick<AuditLogOptions, "maxAgeDays" | "maxBackups">,
  now: number,
): string[] {
  const [prefix, extension] = nameParts(path);
  const backups = names
    .flatMap((name) => {
      if (!name.startsWith(prefix) || !name.endsWith(extension)) return [];
      const text = name.slice(prefix.length, name.length - extension.length);
      const match = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(text);
      if (!match) return [];
      return [{ name, time: Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}Z`) }];
    })
    .sort((a, b) => b.time - a.time);
  return backups
    .filter(({ time }, index) => {
      return (maxBackups > 0 && index >= maxBackups) || (maxAgeDays > 0 && now - time > maxAgeDays * dayMs);
    })
    .map(({ name }) => name);
}
