// A thousand watchers of one resource, one write a second: how long until the last of them has the event.

import * as http2 from "node:http2";
import { median } from "./report.ts";
import { serve } from "./serve.ts";

const watchers = 1_000;
const sessionsCount = 10;
const writes = 12;
const pauseMs = 1_000;

/** Prints the median and the worst time from sending a write to the last watcher's having read its event. */
export async function benchWatchers(): Promise<void> {
  const api = await serve("api");
  const sessions = Array.from({ length: sessionsCount }, () => http2.connect(api.url, { rejectUnauthorized: false }));
  const base = { authorization: "Bearer bench", "x-bench": "", accept: "application/json" };
  const path = "/api/v1/namespaces/made/configmaps";
  let arrived = 0;
  let last = 0;
  let done = () => {};
  const streams = Array.from({ length: watchers }, (_, index) => {
    const stream = sessions[index % sessionsCount]!.request({ ...base, ":path": `${path}?watch=1` });
    stream.on("data", () => {
      last = performance.now();
      if (++arrived === watchers) done();
    });
    return stream;
  });
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once("response", resolve))));
  const times: number[] = [];
  for (let index = 0; index < writes; index++) {
    arrived = 0;
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const began = performance.now();
    const body = JSON.stringify({ metadata: { name: `c${index}` }, data: { text: "x".repeat(1_000) } });
    const write = sessions[0]!.request({
      ...base,
      ":method": "POST",
      ":path": path,
      "content-type": "application/json",
    });
    write.resume();
    write.end(body);
    await all;
    times.push(last - began);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const worst = Math.max(...times.slice(1));
  console.log(
    `${watchers} watchers, one write a second: the last has it after ${median(times.slice(1)).toFixed(0)} ms, at worst ${worst.toFixed(0)} ms`,
  );
  for (const session of sessions) session.destroy();
  api.child.kill();
}
