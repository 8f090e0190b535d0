import assert from "node:assert/strict";
import { test } from "node:test";
import { arrive, dealHand, dispatch, type Entry, hashFlow, type Level, leave, newLevel } from "./level.ts";

const entry = (flow: string, seats = 1): Entry => ({ flow: hashFlow("schema", flow), seats, state: "gone" });
const queuing = { queues: 128, handSize: 6, queueLengthLimit: 50 };

/** Chance from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What must hold of a level at all times. */
function audit(level: Level, entries: readonly Entry[], note: string): void {
  const sum = (state: Entry["state"]) =>
    entries.filter((each) => each.state === state).reduce((all, { seats }) => all + seats, 0);
  assert.equal(level.inUse, sum("running"), note);
  assert.equal(level.waitingSeats, sum("waiting"), note);
  const queued = [...level.queues.values()].flatMap(({ waiting }) => waiting);
  assert.equal(level.waiting, queued.length, note);
  for (const queue of level.queues.values()) assert.equal(level.backlogged.has(queue), queue.waiting.length > 0, note);
  assert.ok(level.inUse <= level.limit || level.running === 1, `${note}: more seats than there are`);
}

test("a hand has different queues of the deck, the same each time", () => {
  for (let flow = 0; flow < 2000; flow++) {
    const hand = dealHand(hashFlow("s", `user-${flow}`), 64, 8);
    assert.equal(new Set(hand).size, 8);
    assert.ok(hand.every((card) => card >= 0 && card < 64));
    assert.deepEqual(hand, dealHand(hashFlow("s", `user-${flow}`), 64, 8));
  }
  assert.deepEqual(dealHand(hashFlow("s", "a"), 1, 1), [0]);
});

test("hands are dealt evenly", () => {
  const counts = new Array(64).fill(0);
  for (let flow = 0; flow < 8000; flow++) for (const card of dealHand(hashFlow("s", `u${flow}`), 64, 8)) counts[card]++;
  for (const count of counts) assert.ok(count > 800 && count < 1200, `a queue was dealt ${count} times of 1000`);
});

test("what has no seat is refused where nobody may wait", () => {
  const level = newLevel(2, undefined);
  assert.deepEqual(
    ["a", "b", "c"].map((flow) => arrive(level, entry(flow))),
    ["run", "run", "concurrency-limit"],
  );
});

test("a full queue refuses", () => {
  const level = newLevel(1, { queues: 1, handSize: 1, queueLengthLimit: 2 });
  const arrivals = Array.from({ length: 4 }, () => arrive(level, entry("a")));
  assert.deepEqual(arrivals, ["run", "wait", "wait", "queue-full"]);
});

test("what is wider than the level runs alone", () => {
  const level = newLevel(3, queuing);
  const wide = entry("a", 10);
  assert.equal(arrive(level, wide), "run");
  assert.equal(arrive(level, entry("b")), "wait");
  leave(level, wide, 1);
  assert.equal(dispatch(level).length, 1);
});

test("a wide request is not starved by narrow ones", () => {
  const level = newLevel(4, queuing);
  const running = Array.from({ length: 4 }, () => entry("narrow"));
  for (const each of running) arrive(level, each);
  const wide = entry("wide", 4);
  assert.equal(arrive(level, wide), "wait");
  for (const each of running) {
    leave(level, each, 3);
    arrive(level, entry("narrow"));
    dispatch(level);
  }
  assert.equal(wide.state, "running");
});

test("a flood does not keep others waiting: a polite flow is served within one round", () => {
  const level = newLevel(4, queuing);
  const flood = Array.from({ length: 304 }, () => entry("flood"));
  const accepted = flood.filter((each) => ["run", "wait"].includes(arrive(level, each)));
  assert.equal(accepted.length, 4 + 6 * 50, "the flood fills its hand's queues and no more");
  const polite = entry("polite");
  assert.equal(arrive(level, polite), "wait");
  let served = 0;
  while (polite.state === "waiting") {
    leave(level, accepted.find(({ state }) => state === "running")!, 3);
    served += dispatch(level).length;
  }
  // Its queue competes with the six of the flood.
  assert.ok(served <= 8, `${served} others were first`);
});

test("flows share by what they cost, not by how many they send", () => {
  const level = newLevel(1, queuing);
  const seats: Record<string, number> = { heavy: 0, light: 0 };
  const running: [string, Entry][] = [];
  const send = (flow: string, width: number) => {
    const each = entry(flow, width);
    each.start = () => void 0;
    names.set(each, flow);
    if (arrive(level, each) === "run") running.push([flow, each]);
  };
  const names = new Map<Entry, string>();
  for (let round = 0; round < 4000; round++) {
    send("heavy", 1);
    send("light", 1);
    const next = running.shift();
    if (!next) continue;
    const [flow, each] = next;
    const ranMs = flow === "heavy" ? 30 : 3;
    seats[flow]! += ranMs;
    leave(level, each, ranMs);
    for (const started of dispatch(level)) running.push([names.get(started)!, started]);
  }
  const ratio = seats.heavy! / seats.light!;
  assert.ok(ratio > 0.8 && ratio < 1.25, `heavy had ${ratio.toFixed(2)} times of light's time`);
});

test("from many seeds: nothing is lost, nothing counted twice, whatever leaves when", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomFrom(seed);
    const limit = 1 + Math.floor(random() * 8);
    const level = newLevel(limit, { queues: 8, handSize: 3, queueLengthLimit: 1 + Math.floor(random() * 5) });
    const entries: Entry[] = [];
    for (let step = 0; step < 400; step++) {
      const note = `seed ${seed} step ${step}`;
      const present = entries.filter(({ state }) => state !== "gone");
      const chance = random();
      if (chance < 0.55) {
        const each = entry(`f${Math.floor(random() * 5)}`, 1 + Math.floor(random() * 3));
        arrive(level, each);
        entries.push(each);
      } else if (chance < 0.6) {
        // Seats are lent away and come back; who runs goes on.
        const least = Math.max(1, level.inUse);
        level.limit = Math.max(least, 1 + Math.floor(random() * 8));
        dispatch(level);
      } else if (present.length > 0) {
        // Done, cancelled or timed out.
        leave(level, present[Math.floor(random() * present.length)]!, random() * 20);
        dispatch(level);
      }
      audit(level, entries, note);
    }
    for (let left = 10_000; level.running + level.waiting > 0 && left > 0; left--) {
      leave(level, entries.find(({ state }) => state === "running")!, 1);
      dispatch(level);
    }
    assert.equal(level.running + level.waiting, 0, `seed ${seed}: somebody waits for ever`);
  }
});
