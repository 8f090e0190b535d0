// One priority level: who runs and who waits. Nothing here knows time, sockets or promises: what comes in is told, and what
// may run comes out. So a seed replays every run.

import type { Queuing } from "./limits.ts";

/** A request in a level. */
export interface Entry {
  /** What the flow's name was hashed to: a whole number up to 2⁵³. */
  flow: number;
  /** How many seats it takes while it runs. */
  seats: number;
  /** Where it stands; undefined if it ran at once. */
  queue?: Queue;
  state: "waiting" | "running" | "gone";
  /** For whoever owns the entry: called once when it may run. */
  start?: () => void;
  /** For whoever owns the entry: what dumps tell of it. */
  about?: unknown;
}

export interface Queue {
  index: number;
  waiting: Entry[];
  waitingSeats: number;
  runningSeats: number;
  /** The virtual time up to which the queue has had its share. */
  finish: number;
}

/** A level's state. Invariants: `inUse` is the sum of running entries' seats, `backlogged` holds just the queues in which
 * somebody waits, and nobody waits while there are seats for the one whose turn it is. */
export interface Level {
  /** Seats; Infinity for the exempt level. */
  limit: number;
  /** Undefined: what cannot run at once is refused. */
  queuing: Queuing | undefined;
  inUse: number;
  running: number;
  waiting: number;
  waitingSeats: number;
  /** In seat-milliseconds: how much each backlogged flow has had. */
  virtualTime: number;
  queues: Map<number, Queue>;
  backlogged: Set<Queue>;
}

export type Arrival = "run" | "wait" | "queue-full" | "concurrency-limit";

/** How long a request is taken to run before it is known, in milliseconds. */
const estimatedMs = 3;

export function newLevel(limit: number, queuing: Queuing | undefined): Level {
  return {
    limit,
    queuing,
    inUse: 0,
    running: 0,
    waiting: 0,
    waitingSeats: 0,
    virtualTime: 0,
    queues: new Map(),
    backlogged: new Set(),
  };
}

/** Lets a request in, or into a queue, or says why not. */
export function arrive(level: Level, entry: Entry): Arrival {
  const { queuing } = level;
  if (level.waiting === 0 && fits(level, entry.seats)) {
    run(level, entry);
    return "run";
  }
  if (!queuing) {
    entry.state = "gone";
    return "concurrency-limit";
  }
  const queue = shortest(level, entry.flow, queuing);
  if (queue.waiting.length >= queuing.queueLengthLimit) {
    entry.state = "gone";
    return "queue-full";
  }
  entry.queue = queue;
  entry.state = "waiting";
  if (queue.waiting.length === 0) {
    // Who comes back gets no credit for the time in which it wanted nothing.
    queue.finish = Math.max(queue.finish, level.virtualTime);
    level.backlogged.add(queue);
  }
  queue.waiting.push(entry);
  queue.waitingSeats += entry.seats;
  level.waiting++;
  level.waitingSeats += entry.seats;
  return "wait";
}

/** Takes out, in their order, those whose turn it is and for whom there are seats. */
export function dispatch(level: Level): Entry[] {
  const out: Entry[] = [];
  while (level.waiting > 0) {
    const queue = nextQueue(level)!;
    const entry = queue.waiting[0]!;
    // The one whose turn it is waits for its seats: smaller ones behind it must not starve it.
    if (!fits(level, entry.seats)) break;
    removeWaiting(level, entry);
    level.virtualTime = Math.max(level.virtualTime, queue.finish);
    queue.finish = Math.max(queue.finish, level.virtualTime) + entry.seats * estimatedMs;
    queue.runningSeats += entry.seats;
    run(level, entry);
    out.push(entry);
  }
  return out;
}

/** A request has run for so many milliseconds, or gives up waiting. */
export function leave(level: Level, entry: Entry, ranMs: number): void {
  const { queue, seats, state } = entry;
  entry.state = "gone";
  if (state === "waiting") {
    removeWaiting(level, entry);
    if (queue) forgetIdle(level, queue);
  } else if (state === "running") {
    level.inUse -= seats;
    level.running--;
    if (!queue) return;
    queue.runningSeats -= seats;
    // Now it is known what it cost.
    queue.finish = Math.max(0, queue.finish + seats * (ranMs - estimatedMs));
    forgetIdle(level, queue);
  }
}

function fits({ inUse, limit }: Level, seats: number): boolean {
  // What is wider than the whole level runs alone.
  return inUse + seats <= limit || inUse === 0;
}

function run(level: Level, entry: Entry): void {
  entry.state = "running";
  level.inUse += entry.seats;
  level.running++;
}

function removeWaiting(level: Level, entry: Entry): void {
  const queue = entry.queue!;
  const at = queue.waiting.indexOf(entry);
  if (at < 0) return;
  queue.waiting.splice(at, 1);
  queue.waitingSeats -= entry.seats;
  level.waiting--;
  level.waitingSeats -= entry.seats;
  if (queue.waiting.length === 0) level.backlogged.delete(queue);
}

/** Queues are made when somebody comes: a level may have millions. One that owes nothing need not be remembered. */
function forgetIdle(level: Level, queue: Queue): void {
  if (queue.waiting.length > 0 || queue.runningSeats > 0) return;
  if (level.waiting > 0 && queue.finish > level.virtualTime) return;
  level.queues.delete(queue.index);
}

/** The backlogged queue that has had the least; of equals, the one that has waited longest. */
function nextQueue({ backlogged }: Level): Queue | undefined {
  let best: Queue | undefined;
  for (const queue of backlogged) if (!best || queue.finish < best.finish) best = queue;
  return best;
}

/** Of the queues that a flow was dealt, the one with the least work. */
function shortest(level: Level, flow: number, { queues, handSize }: Queuing): Queue {
  let best: { index: number; work: number } | undefined;
  for (const index of dealHand(flow, queues, handSize)) {
    const queue = level.queues.get(index);
    const work = queue ? queue.waitingSeats + queue.runningSeats : 0;
    if (!best || work < best.work) best = { index, work };
  }
  const { index } = best!;
  const queue = level.queues.get(index) ?? { index, waiting: [], waitingSeats: 0, runningSeats: 0, finish: 0 };
  level.queues.set(index, queue);
  return queue;
}

/**
 * The hand of queues that a flow may use: `handSize` different ones out of `deckSize`, always the same for the same number
 * (shuffle sharding: two flows rarely share all of their hands).
 */
export function dealHand(flow: number, deckSize: number, handSize: number): number[] {
  const hand: number[] = [];
  let rest = flow;
  for (let dealt = 0; dealt < Math.min(handSize, deckSize); dealt++) {
    const left = deckSize - dealt;
    let card = rest % left;
    rest = Math.floor(rest / left);
    // The card-th of those that are still in the deck.
    for (const taken of [...hand].sort((a, b) => a - b)) if (card >= taken) card++;
    hand.push(card);
  }
  return hand;
}

/** A flow's number: 53 bits of the schema's name and what tells its flows apart. */
export function hashFlow(schema: string, distinguisher: string): number {
  const text = `${schema}\u0000${distinguisher}`;
  // Two multiplicative hashes (as cyrb53 does it): the low 32 bits of one and 21 of the other.
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
