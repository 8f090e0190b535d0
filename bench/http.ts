// Requests to the API server over a bare node:http2 server that answers the same bytes, in the same run. Admission and
// roles are on; the store is in memory.

import * as http2 from "node:http2";
import { median } from "./report.ts";
import { type BenchRequest, requests } from "./requests.ts";
import { serve } from "./serve.ts";

const rounds = 5;

let next = 1;

/** Requests per second of one round: a bounded number, a bounded number at once. */
async function round(session: http2.ClientHttp2Session, request: BenchRequest): Promise<number> {
  const { name, method, path, headers, body, count, lanes } = request;
  const began = performance.now();
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const index = next++;
      const own = { ":method": method, ":path": path(index), authorization: "Bearer bench", "x-bench": name };
      await new Promise<void>((resolve, reject) => {
        const stream = session.request({ ...own, ...headers }, { endStream: body === undefined });
        if (body) stream.end(body(index));
        stream.once("response", ({ ":status": status }) => {
          if (Number(status) >= 300) reject(new Error(`${name}: status ${status}`));
        });
        stream.on("data", () => {});
        stream.once("end", resolve);
        stream.once("error", reject);
      });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return count / ((performance.now() - began) / 1000);
}

/** Measures both in turn and prints the ratios. */
export async function benchHttp(): Promise<void> {
  const [bare, api] = await Promise.all([serve("bare"), serve("api")]);
  const connect = (url: string) =>
    http2.connect(url, { rejectUnauthorized: false, settings: { initialWindowSize: 16 << 20 } });
  const sessions = { bare: connect(bare.url), api: connect(api.url) };
  for (const session of Object.values(sessions)) session.once("connect", () => session.setLocalWindowSize(64 << 20));
  for (const request of requests) {
    const ratios: number[] = [];
    const rates: number[] = [];
    for (let index = 0; index < rounds + 1; index++) {
      const limit = await round(sessions.bare, request);
      const rate = await round(sessions.api, request);
      // The first round warms both up.
      if (index === 0) continue;
      ratios.push(rate / limit);
      rates.push(rate);
    }
    const share = (median(ratios) * 100).toFixed(0);
    console.log(`${request.name} over bare http2: ${share} % of its rate (${median(rates).toFixed(0)} requests/s)`);
  }
  for (const session of Object.values(sessions)) session.destroy();
  bare.child.kill();
  api.child.kill();
}
