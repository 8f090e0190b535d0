import type { KubeObject } from "../src/api/machinery/object.ts";
import { hasReason } from "../src/api/machinery/status.ts";
import { createApiServer } from "../src/apiserver/mod.ts";
import type { HttpHandler, Net, UserInfo } from "../src/base/http.ts";
import { type Client, inProcess } from "../src/client/mod.ts";
import { startControllers } from "../src/controllers/mod.ts";
import { hollowRuntime, type Runtime, startKubelet } from "../src/kubelet/mod.ts";
import { startScheduler } from "../src/scheduler/mod.ts";
import { openMemoryStore } from "../src/store/mod.ts";
import { type HandClock, handClock } from "./clock.ts";
import { type Cord, type Faults, faultyClient, type Weather } from "./faults.ts";
import { seededRandom } from "./random.ts";

export interface SimulationOptions {
  /** Everything that happens follows from it. */
  seed: number;
  nodes: number;
  faults?: Faults;
  /** How long faults go on, in simulated milliseconds. */
  faultsMs?: number;
  /** Told of what components report: most of it is what faults lead to. */
  report?(component: string, error: unknown): void;
}

/** A whole cluster in one process, in simulated time. */
export interface Simulation extends AsyncDisposable {
  client: Client;
  clock: HandClock;
  /** Lets simulated time pass. */
  run(ms: number): Promise<void>;
  /** Lets time pass until nothing but heartbeats was written for a while. Throws if that never comes, or if anybody lacks a right. */
  runUntilQuiet(): Promise<void>;
  /** Ends a component where it stands and starts it again: `controllers`, `scheduler`, `node-1`. */
  restart(component: string): Promise<void>;
  /** Stops a component for good, like a machine that lost its power. */
  stop(component: string): Promise<void>;
  pods(label: string): Promise<KubeObject[]>;
}

const faultsMsDefault = 20_000;
/** So long must nothing be written, and so long is waited for it, in simulated milliseconds. */
const quietMs = 30_000;
const patienceMs = 900_000;
const stepMs = 1_000;

const noNet = new Proxy({} as Net, {
  get() {
    throw new Error("not supported yet: the network in a simulation");
  },
});

interface Component {
  start(cord: Cord): Promise<() => Promise<void>> | (() => Promise<void>);
  stop?: () => Promise<void>;
}

/** Lets everything run that can run without time passing. */
async function drain(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A handler that counts what is written through it, heartbeats left out. */
function countWrites(handler: HttpHandler): { handler: HttpHandler; count(): number } {
  let writes = 0;
  return {
    handler: (request) => {
      if (request.method !== "GET" && !isHeartbeat(request.url)) writes++;
      return handler(request);
    },
    count: () => writes,
  };
}

/** Goes on from timer to timer, letting all run that can at each. */
async function letPass(clock: HandClock, ms: number): Promise<void> {
  const until = clock.monotonicMs() + ms;
  await drain();
  for (let next = clock.nextDueMs(); next !== undefined && next <= until; next = clock.nextDueMs()) {
    clock.advance(Math.max(0, next - clock.monotonicMs()));
    await drain();
  }
  clock.advance(until - clock.monotonicMs());
}

/** Boots the API server on a memory store, controllers, the scheduler and hollow nodes. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { seed, nodes, faults = {} } = options;
  const clock = handClock();
  const random = seededRandom(seed);
  const weather: Weather = { calm: true, faults, random: seededRandom(seed + 0x9e3779b9) };
  const server = await createApiServer({ store: await openMemoryStore(), clock, random, net: noNet });
  const writes = countWrites(server.handler);
  const clientOf = (user: UserInfo, cord: Cord) => faultyClient(inProcess(writes.handler, user), weather, cord);
  const client = inProcess(server.handler, { username: "admin", groups: ["system:masters"] });
  const refused: string[] = [];
  const components = componentsOf({ ...options, nodes }, clock, random, clientOf, refused);
  const begin = async ([, component]: [string, Component]) => {
    const cord = { cut: false };
    const stop = await component.start(cord);
    component.stop = () => {
      cord.cut = true;
      return stop();
    };
  };
  const started = Promise.all([...components].map(begin));
  await drain();
  await started;

  const end = async (name: string): Promise<void> => {
    const component = components.get(name);
    if (!component)
      throw new Error(`no component ${JSON.stringify(name)}: wanted one of ${[...components.keys()].join(", ")}`);
    const { stop } = component;
    component.stop = undefined;
    // What is under way may need time to pass; the rest of the cluster does not wait for it.
    void stop?.();
    await drain();
  };
  const restart = async (name: string): Promise<void> => {
    await end(name);
    await begin([name, components.get(name)!]);
    await drain();
  };
  const run = (ms: number) => letPass(clock, ms);

  await run(stepMs);
  weather.calm = false;
  const calmAtMs = clock.monotonicMs() + (options.faultsMs ?? faultsMsDefault);
  const hasFaults = Object.values(faults).some((chance) => chance > 0);
  if (!hasFaults) weather.calm = true;
  return {
    client,
    clock,
    run,
    restart,
    stop: end,
    async runUntilQuiet() {
      const giveUpMs = clock.monotonicMs() + patienceMs;
      let seen = writes.count();
      let quietSinceMs = clock.monotonicMs();
      while (!weather.calm || clock.monotonicMs() - quietSinceMs < quietMs) {
        await run(stepMs);
        if (clock.monotonicMs() >= calmAtMs) weather.calm = true;
        if (!weather.calm)
          for (const name of components.keys()) if (weather.random.next() < (faults.crash ?? 0)) await restart(name);
        if (writes.count() !== seen) {
          seen = writes.count();
          quietSinceMs = clock.monotonicMs();
        }
        if (refused.length > 0) throw new Error(`seed ${seed}: ${refused[0]}`);
        if (clock.monotonicMs() > giveUpMs)
          throw new Error(`seed ${seed}: not quiet after ${patienceMs / 60_000} minutes`);
      }
    },
    async pods(label) {
      return (await client.list("pods", { labelSelector: label })).items;
    },
    async [Symbol.asyncDispose]() {
      weather.calm = true;
      for (const name of components.keys()) await end(name);
      await run(stepMs);
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Leases, node statuses and events go on for ever. */
function isHeartbeat(url: string): boolean {
  return /\/leases(\/|$)|\/nodes\/[^/]+\/status|\/events(\/|$)/.test(url);
}

/** Everybody has the rights that they have in a cluster, and no more. */
function accountOf(name: string): UserInfo {
  const groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system"];
  return { username: `system:serviceaccount:kube-system:${name}`, groups };
}

function componentsOf(
  options: SimulationOptions,
  clock: HandClock,
  random: ReturnType<typeof seededRandom>,
  clientOf: (user: UserInfo, cord: Cord) => Client,
  refused: string[],
): Map<string, Component> {
  const components = new Map<string, Component>();
  const reporter = (name: string) => (error: unknown) => {
    // No fault takes rights away: a component that is refused lacks one that it needs.
    if (hasReason(error, "Forbidden") && error.message.includes(" cannot ")) refused.push(error.message);
    options.report?.(name, error);
  };
  components.set("controllers", {
    start(cord) {
      const client = clientOf({ username: "system:kube-controller-manager", groups: [] }, cord);
      const clientFor = (account: string) => clientOf(accountOf(account), cord);
      const means = { client, clientFor, clock, random, report: reporter("controllers") };
      const running = startControllers({ ...means, options: { rootCa: "simulated" } });
      return () => Promise.resolve(running[Symbol.asyncDispose]());
    },
  });
  components.set("scheduler", {
    start(cord) {
      const client = clientOf({ username: "system:kube-scheduler", groups: [] }, cord);
      const means = { client, clock, random, report: reporter("scheduler") };
      const running = startScheduler(means);
      return () => Promise.resolve(running[Symbol.asyncDispose]());
    },
  });
  for (let index = 1; index <= options.nodes; index++) {
    const name = `node-${index}`;
    // The runtime outlives its kubelet, as containerd does.
    const runtime = hollowRuntime({ clock, addressOf: (n) => `10.244.${index - 1}.${n & 255}` });
    const user = { username: `system:node:${name}`, groups: ["system:nodes"] };
    components.set(name, { start: (cord) => startNode(name, runtime, clientOf(user, cord), clock, random, index) });
  }
  return components;
}

async function startNode(
  name: string,
  runtime: Runtime,
  client: Client,
  clock: HandClock,
  random: ReturnType<typeof seededRandom>,
  index: number,
): Promise<() => Promise<void>> {
  const kubelet = await startKubelet({
    client,
    clock,
    random,
    net: noNet,
    rpc: () => {
      throw new Error("not supported yet: gRPC in a simulation");
    },
    spdy: undefined as never,
    runtime,
    facts: { hostname: name },
    nodeName: name,
    nodeIps: [`192.168.0.${index}`],
    port: 10_250,
  });
  return () => kubelet.stop();
}
