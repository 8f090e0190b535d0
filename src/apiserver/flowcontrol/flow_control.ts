import { parseGoDuration } from "../../api/machinery/duration.ts";
import type { HttpRequest, UserInfo } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { Route } from "../http/route.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";
import { type Compiled, classify, compileSchemas, distinguish, type FlowSchema } from "./classify.ts";
import { arrive, dispatch, type Entry, hashFlow, type Level, leave, newLevel } from "./level.ts";
import {
  borrow,
  type Demand,
  type Limits,
  limitsOf,
  type PriorityLevel,
  type Queuing,
  smoothDemand,
} from "./limits.ts";
import { isLongRunning, seatsOf } from "./work.ts";

export interface FlowControlOptions {
  /** False: only the two limits count, and nobody waits. */
  enabled?: boolean;
  /** Requests at once that only read; 0 means no limit without priority and fairness. 400 if absent. */
  requestsMax?: number;
  /** Requests at once that change something; 200 if absent. */
  mutatingRequestsMax?: number;
  /** How long a request may last that does not say it, in milliseconds; a minute if absent. */
  requestTimeoutMs?: number;
}

/** A request's leave to run. */
export interface Ticket {
  /** Told to the client, if priority and fairness is on. */
  schemaUid?: string;
  levelUid?: string;
  schema: string;
  level: string;
  /** Gives the seats back. More than once does nothing. */
  done(): void;
}

/** Told of what happens, for metrics. Times in milliseconds. */
export interface FlowObserver {
  rejected(level: string, schema: string, reason: string): void;
  dispatched(level: string, schema: string, waitedMs: number, seats: number): void;
  finished(level: string, schema: string, ranMs: number): void;
}

/** There is no seat for a request, and no place to wait for one. */
export class TooManyRequests extends Error {
  readonly ticket: Pick<Ticket, "schemaUid" | "levelUid">;
  constructor(reason: string, ticket: Pick<Ticket, "schemaUid" | "levelUid"> = {}) {
    super(reason);
    this.name = "TooManyRequests";
    this.ticket = ticket;
  }
}

/** A level with what its limits are made from. */
export interface Managed {
  name: string;
  uid: string;
  limits: Limits;
  state: Level;
  /** False once its configuration is gone: it goes when nobody runs or waits. */
  configured: boolean;
  demand: {
    since: number;
    seatMs: number;
    squareMs: number;
    high: number;
    last: number;
    wanted: number;
    smooth: number;
  };
  counts: { dispatched: number; rejected: number; timedOut: number; cancelled: number };
}

export interface FlowControl extends Disposable {
  /** Lets a request in, at once or after it has waited. Throws, or rejects with, TooManyRequests. */
  enter(user: UserInfo, route: Route, request: HttpRequest): Ticket | Promise<Ticket>;
  /** For metrics and dumps. */
  levels(): Iterable<Managed>;
  schemas(): readonly Compiled[];
}

/** What a dump tells of a request that waits. */
export interface Held {
  schema: string;
  distinguisher: string;
  user: string;
  verb: string;
  path: string;
  /** Since the epoch. */
  arrivedMs: number;
}

/** How often seats are lent anew, in milliseconds. */
const borrowingMs = 10_000;

const group = "flowcontrol.apiserver.k8s.io";
const nothing = { enter: () => freePass, levels: () => [], schemas: () => [] };
const freePass: Ticket = { schema: "", level: "", done() {} };

/** Priority and fairness over what the registry's caches have (KEP-1040). */
export function flowControl(registry: Registry, options: FlowControlOptions, observer: FlowObserver): FlowControl {
  const [reading, mutating] = [options.requestsMax ?? 400, options.mutatingRequestsMax ?? 200];
  if (options.enabled === false) return inFlightLimits(reading, mutating);
  const tables = ["flowschemas", "prioritylevelconfigurations"].map((each) =>
    registry.resources.byId(`${each}.${group}`),
  );
  if (!tables[0] || !tables[1]) return { ...nothing, [Symbol.dispose]() {} };
  const [schemaCache, levelCache] = [cacheOf(registry, tables[0]), cacheOf(registry, tables[1])];
  const { clock } = registry;
  const serverSeats = reading + mutating;
  const maxWaitMs = (options.requestTimeoutMs ?? 60_000) / 4;
  const levels = new Map<string, Managed>();
  let schemas: Compiled[] = [];
  let stale = true;
  const touched = () => {
    stale = true;
  };
  const subscriptions = [schemaCache.subscribe(touched), levelCache.subscribe(touched)];

  function configure(): void {
    stale = false;
    const wanted = [...levelCache.list()].map(({ object }) => object as unknown as PriorityLevel);
    configureLevels(levels, wanted, serverSeats, clock);
    const present = new Set(wanted.map(({ metadata }) => metadata.name));
    schemas = compileSchemas(
      [...schemaCache.list()].map(({ object }) => object as unknown as FlowSchema),
      present,
    );
    for (const each of levels.values()) startNext(each);
  }

  function startNext(managed: Managed): void {
    if (managed.state.waiting === 0) return;
    for (const entry of dispatch(managed.state)) entry.start?.();
  }

  function ticketOf(schema: Compiled, managed: Managed, entry: Entry): Ticket {
    const began = clock.monotonicMs();
    return {
      schema: schema.name,
      level: managed.name,
      schemaUid: schema.uid,
      levelUid: managed.uid,
      done() {
        if (entry.state === "gone") return;
        const now = clock.monotonicMs();
        leave(managed.state, entry, now - began);
        startNext(managed);
        note(managed, now);
        observer.finished(managed.name, schema.name, now - began);
        const { running, waiting } = managed.state;
        if (!managed.configured && running + waiting === 0) levels.delete(managed.name);
      },
    };
  }

  function wait(schema: Compiled, managed: Managed, entry: Entry, route: Route, signal: AbortSignal): Promise<Ticket> {
    const { promise, resolve, reject } = Promise.withResolvers<Ticket>();
    const arrived = clock.monotonicMs();
    const giveUp = (reason: "time-out" | "cancelled") => {
      if (entry.state !== "waiting") return;
      managed.counts[reason === "cancelled" ? "cancelled" : "timedOut"]++;
      leave(managed.state, entry, 0);
      // It may have been what the others behind it waited for.
      startNext(managed);
      stop();
      observer.rejected(managed.name, schema.name, reason);
      reject(new TooManyRequests(reason, { schemaUid: schema.uid, levelUid: managed.uid }));
    };
    const cancel = () => giveUp("cancelled");
    const timer = clock.after(Math.min(maxWaitMs, askedTimeoutMs(route) / 4), () => giveUp("time-out"));
    signal.addEventListener("abort", cancel, { once: true });
    const stop = () => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", cancel);
    };
    entry.start = () => {
      stop();
      managed.counts.dispatched++;
      observer.dispatched(managed.name, schema.name, clock.monotonicMs() - arrived, entry.seats);
      resolve(ticketOf(schema, managed, entry));
    };
    if (signal.aborted) cancel();
    return promise;
  }

  const loop = repeat(clock, borrowingMs, () => lend(levels, serverSeats, clock, startNext));
  return {
    enter(user, route, request) {
      if (route.verb !== "watch" && isLongRunning(route)) return freePass;
      if (stale) configure();
      const schema = classify(schemas, user, route) ?? schemas.at(-1);
      const managed = schema && levels.get(schema.level);
      if (!managed) return freePass;
      const { state } = managed;
      const seats = seatsOf(route, () => storedObjects(registry, route), managed.limits.nominal);
      const entry: Entry = { flow: 0, seats, state: "gone" };
      if (state.queuing && (state.waiting > 0 || state.inUse + seats > state.limit))
        entry.flow = hashFlow(schema.name, distinguish(schema, user, route));
      const arrival = arrive(state, entry);
      note(managed, clock.monotonicMs());
      if (arrival === "run") {
        managed.counts.dispatched++;
        observer.dispatched(managed.name, schema.name, 0, seats);
        return ticketOf(schema, managed, entry);
      }
      if (arrival === "wait") {
        entry.about = heldOf(schema, user, route, clock.now());
        return wait(schema, managed, entry, route, request.signal);
      }
      managed.counts.rejected++;
      observer.rejected(managed.name, schema.name, arrival);
      throw new TooManyRequests(arrival, { schemaUid: schema.uid, levelUid: managed.uid });
    },
    levels: () => levels.values(),
    schemas() {
      if (stale) configure();
      return schemas;
    },
    [Symbol.dispose]() {
      loop[Symbol.dispose]();
      for (const each of subscriptions) each[Symbol.dispose]();
    },
  };
}

function heldOf(schema: Compiled, user: UserInfo, route: Route, arrivedMs: number): Held {
  return {
    schema: schema.name,
    distinguisher: distinguish(schema, user, route),
    user: user.username,
    verb: route.verb,
    path: route.path,
    arrivedMs,
  };
}

function storedObjects(registry: Registry, { resource }: Route): number {
  const found = registry.resources.find(resource!.group, resource!.version, resource!.plural);
  return found?.stored ? cacheOf(registry, found).size : 0;
}

/** Brings the levels in line with what is configured; who runs or waits goes on. */
function configureLevels(
  levels: Map<string, Managed>,
  wanted: readonly PriorityLevel[],
  serverSeats: number,
  clock: Clock,
): void {
  for (const each of levels.values()) each.configured = false;
  for (const [index, limits] of limitsOf(wanted, serverSeats).entries()) {
    const { metadata, spec } = wanted[index]!;
    const limit = limits.exempt ? Infinity : limits.nominal;
    const queuing = queuingOf(spec);
    const known = levels.get(limits.name);
    if (!known) {
      const now = clock.monotonicMs();
      const demand = { since: now, seatMs: 0, squareMs: 0, high: 0, last: now, wanted: 0, smooth: 0 };
      const counts = { dispatched: 0, rejected: 0, timedOut: 0, cancelled: 0 };
      const state = newLevel(limit, queuing);
      levels.set(limits.name, {
        name: limits.name,
        uid: metadata.uid,
        limits,
        state,
        configured: true,
        demand,
        counts,
      });
      continue;
    }
    const same = known.limits.nominal === limits.nominal && known.limits.exempt === limits.exempt;
    if (!same) known.state.limit = limit;
    Object.assign(known, { uid: metadata.uid, limits, configured: true });
    known.state.queuing = queuing;
  }
  for (const each of levels.values())
    if (!each.configured && each.state.running + each.state.waiting === 0) levels.delete(each.name);
}

function queuingOf({ limited }: PriorityLevel["spec"]): Queuing | undefined {
  const response = limited?.limitResponse;
  if (response?.type !== "Queue") return undefined;
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = response.queuing ?? {};
  return { queues, handSize, queueLengthLimit };
}

/** Keeps count of how many seats a level wants over time. */
function note({ demand, state }: Managed, now: number): void {
  const elapsed = now - demand.last;
  demand.last = now;
  demand.seatMs += demand.wanted * elapsed;
  demand.squareMs += demand.wanted * demand.wanted * elapsed;
  const wanted = state.inUse + state.waitingSeats;
  demand.wanted = wanted;
  if (wanted > demand.high) demand.high = wanted;
}

function lend(
  levels: Map<string, Managed>,
  serverSeats: number,
  clock: Clock,
  startNext: (managed: Managed) => void,
): void {
  const now = clock.monotonicMs();
  const demands = new Map<string, Demand>();
  for (const managed of levels.values()) {
    note(managed, now);
    const { demand, state } = managed;
    const elapsed = Math.max(1, now - demand.since);
    const average = demand.seatMs / elapsed;
    const deviation = Math.sqrt(Math.max(0, demand.squareMs / elapsed - average * average));
    const smooth = smoothDemand(demand.smooth, average, deviation);
    demands.set(managed.name, { high: demand.high, smooth });
    managed.demand = { ...demand, since: now, seatMs: 0, squareMs: 0, high: state.inUse + state.waitingSeats, smooth };
  }
  const limits = [...levels.values()].filter(({ configured }) => configured).map((each) => each.limits);
  for (const [name, seats] of borrow(limits, demands, serverSeats)) {
    const managed = levels.get(name)!;
    if (!managed.limits.exempt) managed.state.limit = seats;
    startNext(managed);
  }
}

function repeat(clock: Clock, everyMs: number, run: () => void): Disposable {
  let timer: Disposable;
  const again = () => {
    timer = clock.after(everyMs, () => {
      run();
      again();
    });
  };
  again();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/** `?timeout=` in milliseconds; Infinity if there is none that can be read. */
function askedTimeoutMs({ query }: Route): number {
  const text = query.get("timeout");
  const asked = text === null ? undefined : parseGoDuration(text);
  return asked !== undefined && asked > 0 ? asked : Infinity;
}

const readingVerbs = new Set(["get", "list", "watch", "head", "options"]);

/** The two plain limits, without queues (`--enable-priority-and-fairness=false`). */
function inFlightLimits(readingMax: number, mutatingMax: number): FlowControl {
  const running = { reading: 0, mutating: 0 };
  const maxima = { reading: readingMax, mutating: mutatingMax };
  return {
    ...nothing,
    enter(user, route) {
      if (isLongRunning(route)) return freePass;
      const kind = readingVerbs.has(route.verb) ? "reading" : "mutating";
      const limit = maxima[kind];
      // Whoever must be able to mend the cluster is never turned away.
      if (limit > 0 && running[kind] >= limit && !user.groups.includes("system:masters"))
        throw new TooManyRequests("concurrency-limit");
      running[kind]++;
      let open = true;
      return {
        schema: "",
        level: "",
        done() {
          if (open) running[kind]--;
          open = false;
        },
      };
    },
    [Symbol.dispose]() {},
  };
}
