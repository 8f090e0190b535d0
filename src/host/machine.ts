import { hostname } from "node:os";
import type { ByteStream } from "../base/http.ts";
import { machineClock, machineRandom } from "./clock.ts";
import { machineDisk } from "./disk.ts";
import { machineExec } from "./exec.ts";
import { machineNet } from "./net.ts";
import { terminal } from "./terminal.ts";

/** Everything of this machine that programs are given. */
export const machine = {
  clock: machineClock,
  random: machineRandom,
  disk: machineDisk,
  exec: machineExec,
  net: machineNet,
  /** Speaks SPDY/3.1 as the client over a connection. Loaded when it is first needed. */
  spdy: async (connection: ByteStream) => (await import("./spdy.ts")).spdyClient(connection),
};

export type Machine = typeof machine;

/** This process, for the composition root. */
export const self = {
  ...terminal,
  args: process.argv.slice(2),
  /** The program, its own flags and the script that run now, to start another of its kind. */
  program: process.execPath,
  programFlags: process.execArgv as readonly string[],
  script: process.argv[1] ?? "",
  pid: process.pid,
  env: process.env as Record<string, string | undefined>,
  cwd: () => process.cwd(),
  hostname: () => hostname().toLowerCase(),
  isRoot: () => process.getuid?.() === 0,
  isTerminal: () => process.stdout.isTTY === true,
  print: (text: string) => void process.stdout.write(text),
  printError: (text: string) => void process.stderr.write(text),
  /** Ends the process once what was printed has been taken: a pipe's reader may be slow. */
  exit: async (code: number): Promise<never> => {
    for (const out of [process.stdout, process.stderr])
      if (out.writableLength > 0) await new Promise<void>((resolve) => out.write("", () => resolve()));
    return process.exit(code);
  },
  /** From now on this process ends, as others do by SIGPIPE, when nobody reads what it prints. */
  endWithReader: () => {
    process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "EPIPE") process.exit(128 + 13);
    });
  },
  /** Resolves with the name of the signal that asks this process to end. */
  asked: () =>
    new Promise<string>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
    }),
  /** Calls back for errors that nobody handles. */
  onLost: (report: (error: unknown) => void) => {
    process.on("unhandledRejection", report);
    process.on("uncaughtException", report);
  },
};

export type Self = typeof self;
