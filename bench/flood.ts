// What a flood from one client does to another of the same priority level: the polite client's latency with the flood over
// its latency without, with priority and fairness and without, in the same run.

import { type ChildProcess, fork } from "node:child_process";
import * as http2 from "node:http2";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./report.ts";

const requestsPerRound = 300;

async function start(script: string, ...args: string[]): Promise<{ child: ChildProcess; told: string }> {
  const child = fork(join(import.meta.dirname, script), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const told = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(String(message)));
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  return { child, told };
}

/** Milliseconds of each of some requests, one after the other. */
async function politely(session: http2.ClientHttp2Session): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < requestsPerRound; index++) {
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      const path = "/api/v1/namespaces/default/configmaps/map-1";
      const stream = session.request({ ":path": path, authorization: "Bearer polite" });
      stream.once("response", ({ ":status": status }) => status !== 200 && reject(new Error(`status ${status}`)));
      stream.on("data", () => {});
      stream.once("end", resolve);
      stream.once("error", reject);
    });
    times.push(performance.now() - began);
  }
  return times;
}

/** Latency with the flood over latency without. */
async function ratio(fairness: "on" | "off"): Promise<{ ratio: number; alone: number; flooded: number }> {
  const server = await start("flood_server.ts", fairness);
  const session = http2.connect(server.told, { rejectUnauthorized: false });
  await politely(session);
  const alone = median(await politely(session));
  const flood = await start("flood_client.ts", server.told);
  await sleep(1000);
  const flooded = median(await politely(session));
  flood.child.kill();
  session.destroy();
  server.child.kill();
  return { ratio: flooded / alone, alone, flooded };
}

/** Measures both and prints them. */
export async function benchFlood(): Promise<void> {
  for (const fairness of ["off", "on"] as const) {
    const { ratio: times, alone, flooded } = await ratio(fairness);
    const how = `${alone.toFixed(2)} → ${flooded.toFixed(1)} ms`;
    console.log(
      `a polite client's latency in another's flood, priority and fairness ${fairness}: ${times.toFixed(0)} × (${how})`,
    );
  }
}
