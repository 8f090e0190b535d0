import { spawn } from "node:child_process";

/** This process' terminal and standard streams, for programs that talk to a person. */
export const terminal = {
  printBytes(bytes: Uint8Array, to: "stdout" | "stderr"): void {
    process[to].write(bytes);
  },
  /** Standard input, chunk by chunk. */
  async *stdin(): AsyncGenerator<Uint8Array> {
    for await (const chunk of process.stdin) yield chunk as Uint8Array;
  },
  isInputTerminal: () => process.stdin.isTTY === true,
  /** Hands every key over as it is pressed. No effect without a terminal. */
  setRawMode(on: boolean): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(on);
  },
  windowSize: () => (process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : undefined),
  onResize(changed: () => void): Disposable {
    process.stdout.on("resize", changed);
    return { [Symbol.dispose]: () => void process.stdout.off("resize", changed) };
  },
  onInterrupt(interrupted: (signal: string) => void): Disposable {
    const signals = ["SIGINT", "SIGTERM"] as const;
    const listener = (signal: string) => interrupted(signal);
    for (const signal of signals) process.on(signal, listener);
    return {
      [Symbol.dispose]: () => {
        for (const signal of signals) process.off(signal, listener);
      },
    };
  },
  /** Runs a program on this terminal and resolves to its exit code; 127 if it cannot be started. */
  runInTerminal: (program: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve) => {
      const child = spawn(program, [...args], { stdio: "inherit", env: { ...process.env, ...env } });
      child.once("error", () => resolve(127));
      child.once("exit", (code) => resolve(code ?? 1));
    }),
};
