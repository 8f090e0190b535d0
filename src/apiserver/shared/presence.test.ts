import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { keepPresence, presenceMs } from "./presence.ts";

/** Time that passes when told to. */
function handTime() {
  let now = 0;
  let sleeping: { until: number; wake: () => void }[] = [];
  const clock = {
    ...machine.clock,
    monotonicMs: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((wake) => {
        sleeping.push({ until: now + ms, wake });
        signal?.addEventListener("abort", () => wake(), { once: true });
      }),
  };
  const pass = async (ms: number) => {
    now += ms;
    const due = sleeping.filter(({ until }) => until <= now);
    sleeping = sleeping.filter(({ until }) => until > now);
    for (const { wake } of due) wake();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };
  return { clock, pass };
}

test("all servers of a store are published, by each of them, until they go or fall silent", async () => {
  await using store = await openMemoryStore();
  const { clock, pass } = handTime();
  let published: readonly string[] = [];
  const publish = async (addresses: readonly string[]) => {
    published = addresses;
  };
  const reported: unknown[] = [];
  const start = (address: string, on = store) =>
    keepPresence(on, clock, address, publish, (error) => reported.push(error));

  const one = await start("10.0.0.2");
  assert.deepEqual(published, ["10.0.0.2"]);
  const two = await start("10.0.0.1");
  assert.deepEqual(published, ["10.0.0.1", "10.0.0.2"]);
  await pass(presenceMs);
  assert.deepEqual(published, ["10.0.0.1", "10.0.0.2"]);
  await one[Symbol.asyncDispose]();
  assert.deepEqual(published, ["10.0.0.1"], "one that leaves takes itself out");

  let isCut = false;
  const cut = {
    ...store,
    commit: async (...given: Parameters<typeof store.commit>) => {
      if (isCut) throw new Error("cut off");
      return store.commit(...given);
    },
  };
  const three = await start("10.0.0.3", cut);
  await pass(presenceMs);
  assert.deepEqual(published, ["10.0.0.1", "10.0.0.3"]);
  isCut = true;
  await pass(presenceMs);
  assert.deepEqual(published, ["10.0.0.1", "10.0.0.3"], "one word missed is nothing yet");
  await pass(presenceMs);
  assert.deepEqual(published, ["10.0.0.1"]);
  assert.match(String(reported[0]), /cut off/);
  isCut = false;
  await pass(presenceMs);
  assert.deepEqual(published, ["10.0.0.1", "10.0.0.3"], "it is back as soon as it can speak");
  await three[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  assert.deepEqual(published, ["10.0.0.1"], "the last one leaves the address");
});
