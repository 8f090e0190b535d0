// GET of a pod from the API server, over a bare node:http2 server that answers the same bytes, in the same run.

import { type ChildProcess, fork } from "node:child_process";
import * as http2 from "node:http2";
import { join } from "node:path";
import { median } from "./report.ts";

const requestsPerRound = 6_000;
const rounds = 5;
const streams = 32;

/** Starts a server of `bench/servers.ts` and gives where it listens. */
async function serve(kind: "bare" | "api"): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, "servers.ts"), [kind], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(String(message)));
    child.once("exit", (code) => reject(new Error(`bench server ${kind} ended with ${code}`)));
  });
  return { child, url };
}

/** Requests per second of one round: a bounded number, a bounded number at once. */
async function round(session: http2.ClientHttp2Session, path: string): Promise<number> {
  const began = performance.now();
  let left = requestsPerRound;
  const lane = async () => {
    while (left-- > 0) {
      await new Promise<void>((resolve, reject) => {
        const stream = session.request({ ":path": path, authorization: "Bearer bench", accept: "application/json" });
        stream.once(
          "response",
          (headers) => headers[":status"] !== 200 && reject(new Error(`status ${headers[":status"]}`)),
        );
        stream.on("data", () => {});
        stream.once("end", resolve);
        stream.once("error", reject);
      });
    }
  };
  await Promise.all(Array.from({ length: streams }, lane));
  return requestsPerRound / ((performance.now() - began) / 1000);
}

/** Measures both in turn and prints the ratio. */
export async function benchHttp(): Promise<void> {
  const [bare, api] = await Promise.all([serve("bare"), serve("api")]);
  const connect = (url: string) => http2.connect(url, { rejectUnauthorized: false });
  const sessions = { bare: connect(bare.url), api: connect(api.url) };
  const path = "/api/v1/namespaces/default/pods/bench";
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let index = 0; index < rounds + 1; index++) {
    const limit = await round(sessions.bare, path);
    const rate = await round(sessions.api, path);
    // The first round warms both up.
    if (index > 0) {
      ratios.push(rate / limit);
      rates.push(rate);
    }
  }
  console.log(
    `GET of a pod over bare http2: ${(median(ratios) * 100).toFixed(0)} % of its rate (${median(rates).toFixed(0)} requests/s)`,
  );
  for (const session of Object.values(sessions)) session.destroy();
  bare.child.kill();
  api.child.kill();
}
