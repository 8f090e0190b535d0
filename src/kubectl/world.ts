// What kubectl needs of the machine and of its process. `host/` gives both; tests may give their own.

import type { ByteStream, Net } from "../base/http.ts";
import type { Clock, Disk, Exec, Random } from "../base/world.ts";

/** One stream of a SPDY connection. */
export interface SpdyStream {
  readable: AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  closeWrite(): void;
  reset(): void;
}

/** The machine. */
export interface Machine {
  clock: Clock;
  random: Random;
  disk: Disk;
  exec: Exec;
  net: Net;
  /** Speaks SPDY/3.1 as the client over a connection: what carries forwarded ports. */
  spdy(connection: ByteStream): Promise<{
    open(headers: Record<string, string>): Promise<SpdyStream>;
    close(): void;
    closed: Promise<void>;
  }>;
}

/** This process: its words, its streams, its terminal. */
export interface Self {
  env: Record<string, string | undefined>;
  program: string;
  script: string;
  cwd(): string;
  /** Whether standard output is a terminal. */
  isTerminal(): boolean;
  print(text: string): void;
  printError(text: string): void;
  printBytes(bytes: Uint8Array, to: "stdout" | "stderr"): void;
  /** Standard input, chunk by chunk. */
  stdin(): AsyncIterable<Uint8Array>;
  isInputTerminal(): boolean;
  /** Hands every key over as it is pressed. No effect without a terminal. */
  setRawMode(on: boolean): void;
  windowSize(): { columns: number; rows: number } | undefined;
  onResize(changed: () => void): Disposable;
  onInterrupt(interrupted: (signal: string) => void): Disposable;
  /** Runs a program on this terminal and resolves to its exit code. */
  runInTerminal(program: string, args: readonly string[], env?: Record<string, string>): Promise<number>;
}
