// The interfaces to the world. Rooms take these as arguments; `host/` implements them on the machine, `sim/` in memory.

/** Time. Nothing outside `host/` reads the machine's clock or sets its timers. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Monotonic time in milliseconds; only differences mean anything. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`, unless disposed before. A pending timer does not keep the process alive. */
  after(ms: number, run: () => void): Disposable;
}

/** Chance. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` random bytes, fit for secrets on a real host. */
  bytes(length: number): Uint8Array;
}

export interface FileStat {
  kind: "file" | "directory" | "symlink" | "socket" | "char" | "block" | "fifo";
  /** Permission bits, for example 0o644. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Milliseconds since the epoch. */
  modifiedMs: number;
  inode: number;
}

/** Files. Paths are absolute. A missing file rejects with an error whose `code` is `ENOENT`, and so on as POSIX has it. */
export interface Disk {
  read(path: string): Promise<Uint8Array>;
  readText(path: string): Promise<string>;
  /** Reads at most `length` bytes from `offset`; fewer at the end of the file. */
  readAt(path: string, offset: number, length: number): Promise<Uint8Array>;
  write(path: string, content: Uint8Array | string, options?: { mode?: number; append?: boolean }): Promise<void>;
  /** Writes beside the file, syncs and renames: readers see the old content or the new, whole, even after a crash. */
  replace(path: string, content: Uint8Array | string, options?: { mode?: number }): Promise<void>;
  makeDirectory(path: string, options?: { mode?: number }): Promise<void>;
  list(path: string): Promise<string[]>;
  /** Follows links unless `link` is set. Undefined if there is nothing. */
  stat(path: string, options?: { link?: boolean }): Promise<FileStat | undefined>;
  remove(path: string, options?: { recursive?: boolean }): Promise<void>;
  /** Removes an empty directory; also those of kernel file systems, whose files cannot be removed. */
  removeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  link(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string>;
  /** The path with every symbolic link resolved. */
  realPath(path: string): Promise<string>;
  changeMode(path: string, mode: number): Promise<void>;
  changeOwner(path: string, uid: number, gid: number): Promise<void>;
  /** Size and use of the file system that holds `path`, in bytes. */
  usage(path: string): Promise<{ totalBytes: number; availableBytes: number; inodes: number; inodesFree: number }>;
  /** Calls `changed` after something under `path` (a file or a directory, not recursive) changed. */
  watch(path: string, changed: () => void): Disposable;
}

export interface ExecResult {
  /** Exit code; 128 + signal number if a signal ended the process. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  /** Milliseconds after which the process is killed. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A process that goes on. */
export interface Child {
  pid: number;
  exited: Promise<number>;
  kill(signal?: "SIGTERM" | "SIGKILL" | "SIGHUP"): void;
}

/** Programs. */
export interface Exec {
  /** Runs a program to its end. Rejects only if it cannot be started (`code` `ENOENT`). */
  run(program: string, args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Starts a program; its output goes to `logPath`. `detached` processes outlive this one. */
  start(
    program: string,
    args: readonly string[],
    options?: { env?: Record<string, string>; cwd?: string; logPath?: string; detached?: boolean },
  ): Child;
  /** True while a process with this id exists. */
  isAlive(pid: number): boolean;
  signal(pid: number, signal: "SIGTERM" | "SIGKILL" | "SIGHUP"): void;
}
