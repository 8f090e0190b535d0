import type { Clock, Random } from "../base/world.ts";
import { type Client, electLeader, sharedInformers, startController } from "../client/mod.ts";
import { type ControllerOptions, controllers } from "./registry.ts";

export interface ControllersOptions {
  /** What all look through. */
  client: Client;
  /** With what a controller writes that acts as this account of kube-system; with `client` if absent. */
  clientFor?(account: string): Client;
  clock: Clock;
  random: Random;
  /** Only these; all of them if absent. */
  names?: readonly string[];
  options?: Partial<ControllerOptions>;
  /** Told of failures that are tried again. */
  report?(error: unknown, about: { controller: string; key: string }): void;
  /** Work only while holding the lease `kube-system/kube-controller-manager`; needed if there are several processes. */
  leaderElect?: { identity: string };
}

/** Running controllers; dispose to end them. */
export interface Controllers extends AsyncDisposable {
  /** The names of those that were started. */
  names: readonly string[];
}

const defaults: ControllerOptions = {
  clusterCidr: "10.244.0.0/16",
  nodeCidrMaskSize: 24,
  // kube-controller-manager's --node-monitor-grace-period since v1.32.
  nodeGraceMs: 50_000,
  terminatedPodsMax: 12_500,
};

/** Starts the controllers of the registry over shared caches. Throws for a name that the registry does not have. */
export function startControllers(given: ControllersOptions): Controllers {
  const { client, clock, random, leaderElect } = given;
  const options = { ...defaults, ...given.options };
  const all = controllers.map((make) => make(options));
  for (const name of given.names ?? [])
    if (!all.some((each) => each.name === name))
      throw new Error(
        `start controller ${JSON.stringify(name)}: wanted one of ${all.map((each) => each.name).join(", ")}`,
      );
  const chosen = all.filter(({ name }) => given.names?.includes(name) ?? true);
  const abort = new AbortController();

  const run = async (signal: AbortSignal): Promise<void> => {
    const reportCache = (error: unknown) => given.report?.(error, { controller: "informers", key: "" });
    await using informers = sharedInformers({ client, clock, report: reportCache });
    await using stack = new AsyncDisposableStack();
    for (const each of chosen) {
      const { name, account = `${name}-controller` } = each;
      const own = (account !== null && given.clientFor?.(account)) || client;
      const means = { client: own, clock, random, informers, report: given.report };
      stack.use("start" in each ? each.start(means) : startController(each, means));
    }
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  };
  const running = leaderElect
    ? electLeader({
        client,
        clock,
        random,
        lease: { namespace: "kube-system", name: "kube-controller-manager" },
        identity: leaderElect.identity,
        lead: run,
        report: (error) => given.report?.(error, { controller: "leader", key: "" }),
        signal: abort.signal,
      })
    : run(abort.signal);
  return {
    names: chosen.map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      abort.abort();
      await running;
    },
  };
}
