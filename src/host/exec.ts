import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import type { Exec, ExecOptions, ExecResult } from "../base/world.ts";

/** The machine's programs. */
export const machineExec: Exec = {
  run: runProgram,
  start(program, args, options = {}) {
    const log = options.logPath === undefined ? "ignore" : openSync(options.logPath, "a", 0o640);
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: options.env ? { ...process.env, ...options.env } : process.env,
      detached: options.detached ?? false,
      stdio: ["ignore", log, log],
    });
    if (typeof log === "number") closeSync(log);
    const exited = new Promise<number>((resolve) => {
      child.once("error", () => resolve(127));
      child.once("exit", (code, signal) => resolve(exitCode(code, signal)));
    });
    if (options.detached) child.unref();
    return { pid: child.pid ?? 0, exited, kill: (signal = "SIGTERM") => void child.kill(signal) };
  },
  isAlive(pid) {
    if (pid <= 0) return false;
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM";
    }
  },
  signal(pid, signal) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  },
};

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

function runProgram(program: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: options.env ? { ...process.env, ...options.env } : process.env,
      signal: options.signal,
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
      stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: exitCode(code, signal), stdout, stderr }));
    // A program that ends without reading its input is no error of ours: its exit code tells.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.stdin);
  });
}
