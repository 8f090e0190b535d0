// `npm run dev`: a cluster from the sources; saving a file restarts its server. Containers stay and are adopted.

import { watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { output, say, typernetes } from "./run.ts";
import { root } from "./sources.ts";

/** How long saving may go on before the restart, in milliseconds. */
const gatherMs = 150;

function restart(): void {
  const status = output(typernetes, "status", "-o", "json");
  const pid = status.code === 0 || status.text.startsWith("{") ? JSON.parse(status.text).pid : undefined;
  if (pid) process.kill(pid, "SIGTERM");
  while (pid && isAlive(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  say(output(typernetes, "up", ...process.argv.slice(2)).text.trim());
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let changed = true;
watch(join(root, "src"), { recursive: true }, (_event, file) => {
  if (file?.endsWith(".ts")) changed = true;
});
for (;;) {
  if (changed) {
    changed = false;
    await sleep(gatherMs);
    restart();
  }
  await sleep(50);
}
