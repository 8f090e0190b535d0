// What a command is, and what it is given when it runs.

import type { Discovered, Discovery } from "./discovery.ts";
import type { Flags, FlagTable } from "./flags.ts";
import type { Access, Config } from "./kubeconfig.ts";
import type { Rest } from "./rest.ts";
import type { Machine, Self } from "./world.ts";

export interface Command {
  /** Words after `kubectl`: `create namespace`. */
  path: string;
  /** The words after the path in `Usage:`. */
  usage: string;
  summary: string;
  examples?: string;
  flags: FlagTable;
  /** Whether the flags `-o`, `--template` and so on are read by the command itself. Resolves to the exit code, 0 if void. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands have nothing to say but success.
  run(call: Call): Promise<number | void>;
}

/** Declares a command. */
export function defineCommand(command: Command): Command {
  return command;
}

/** One run of a command. Connections are opened when first asked for. */
export interface Call {
  command: Command;
  args: string[];
  /** How many arguments stood before `--`; -1 without one. */
  dashAt: number;
  flags: Flags;
  machine: Machine;
  self: Self;
  print(text: string): void;
  printError(text: string): void;
  config(): Promise<Config>;
  access(): Promise<Access>;
  rest(): Promise<Rest>;
  discovery(): Promise<Discovery>;
  discovered(): Promise<Discovered>;
  /** Warnings that the server sent so far. */
  warnings: string[];
  signal: AbortSignal;
}
