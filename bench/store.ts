// Commits through the store over raw lmdb puts, in the same run: both durable, with as many writers at once.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { openLmdbStore } from "../src/store/mod.ts";
import { median } from "./report.ts";

const writers = 64;
const writesPerRound = 10_000;
const rounds = 4;
const value = new Uint8Array(1_000).fill(97);

async function rate(write: (index: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let left = writesPerRound;
  const lane = async () => {
    while (left-- > 0) await write(left);
  };
  await Promise.all(Array.from({ length: writers }, lane));
  return writesPerRound / ((performance.now() - began) / 1000);
}

/** Measures both in turn and prints the ratio. */
export async function benchStore(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const raw = open({ path: join(directory, "raw"), encoding: "binary", overlappingSync: false });
  const store = await openLmdbStore(join(directory, "store"));
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let index = 0; index < rounds; index++) {
    const limit = await rate((key) => raw.put(`/registry/pods/default/${key}`, value));
    const own = await rate((key) => store.commit([], [{ put: `/registry/pods/default/${key}`, value }]));
    ratios.push(own / limit);
    rates.push(own);
  }
  console.log(
    `store over raw lmdb, ${writers} writers: ${(median(ratios) * 100).toFixed(0)} % of its rate (${median(rates).toFixed(0)} durable commits/s)`,
  );
  await store[Symbol.asyncDispose]();
  await raw.close();
  rmSync(directory, { recursive: true });
}
