import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./sources.ts";

/** The program, as a user starts it. */
export const typernetes = join(root, "bin", "typernetes");

/** Runs a program with its output passed through; ends this process with its exit code if it fails. */
export function must(program: string, ...args: string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a program quietly and gives what it printed. */
export function output(program: string, ...args: string[]): { code: number; text: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  return { code: status ?? 1, text: `${stdout}${stderr}` };
}

/** Tells how far we are. */
export function say(text: string): void {
  console.log(`\u001b[1m==>\u001b[0m ${text}`);
}
