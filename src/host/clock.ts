import { randomFillSync } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Clock, Random } from "../base/world.ts";

/** The longest delay that Node's timers take, in milliseconds; longer sleeps are made of several. */
const timerMsMax = 2 ** 31 - 1;

/** The machine's clock. */
export const machineClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) throw signal.reason;
    for (let left = ms; left > 0 || left === ms; left -= timerMsMax) {
      try {
        await sleepFor(Math.max(0, Math.min(left, timerMsMax)), undefined, { signal });
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      }
      if (left <= 0) break;
    }
  },
  after(ms, run) {
    const timer = setTimeout(run, Math.max(0, Math.min(ms, timerMsMax)));
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Chance that was drawn and not given out: a call into the system costs more than many bytes. */
const drawn = new Uint8Array(4096);
let given = drawn.length;

function drawBytes(length: number): Uint8Array {
  if (length > drawn.length / 4) return randomFillSync(new Uint8Array(length));
  if (given + length > drawn.length) {
    randomFillSync(drawn);
    given = 0;
  }
  const bytes = drawn.slice(given, given + length);
  // What was given out is nobody else's to see.
  drawn.fill(0, given, given + length);
  given += length;
  return bytes;
}

/** The machine's chance. */
export const machineRandom: Random = {
  next: () => Math.random(),
  bytes: drawBytes,
};
