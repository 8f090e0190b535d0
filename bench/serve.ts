import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";

/** Starts a server of `bench/servers.ts` and gives where it listens. */
export async function serve(kind: "bare" | "api"): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, "servers.ts"), [kind], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(String(message)));
    child.once("exit", (code) => reject(new Error(`bench server ${kind} ended with ${code}`)));
  });
  return { child, url };
}
