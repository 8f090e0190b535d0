// Puts measurements around what the server is made of.

import type { Clock } from "../../base/world.ts";
import type { Store } from "../../store/mod.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../registry/scope.ts";
import type { ServerMetrics } from "./server_metrics.ts";

/** The store, with each request's time taken. */
export function timedStore(store: Store, metrics: ServerMetrics, clock: Clock): Store {
  async function timed<Result>(operation: string, key: string, run: () => Promise<Result>): Promise<Result> {
    const began = clock.monotonicMs();
    const values = [operation, typeOf(key)];
    metrics.storageRequests.add(values);
    try {
      return await run();
    } catch (error) {
      metrics.storageErrors.add(values);
      throw error;
    } finally {
      metrics.storageSeconds.observe(values, (clock.monotonicMs() - began) / 1000);
    }
  }
  return {
    shared: store.shared,
    revision: () => store.revision(),
    get: (key, options) => timed("get", key, () => store.get(key, options)),
    range: (prefix, options) => timed("list", prefix, () => store.range(prefix, options)),
    commit(preconditions, operations) {
      const [first] = operations;
      const isDelete = first !== undefined && "delete" in first;
      const key = first === undefined ? "" : isDelete ? first.delete : first.put;
      const operation = isDelete
        ? "delete"
        : preconditions.some(({ revision }) => revision === 0)
          ? "create"
          : "update";
      return timed(operation, key, () => store.commit(preconditions, operations));
    },
    watch: (prefix, after, signal) => store.watch(prefix, after, signal),
    compact: (revision) => store.compact(revision),
    snapshot: (prefix) => store.snapshot(prefix),
    stale: async (key) => (await store.stale?.(key)) ?? false,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** The resource in a key: `/registry/pods/default/a` is of `pods`, custom resources are `group/plural`. */
function typeOf(key: string): string {
  const [, , first = "", second = ""] = key.split("/");
  return first.includes(".") && second !== "" ? `${first}/${second}` : first;
}

/** The plugins, with each one's time taken. */
export function timedPlugins(
  plugins: readonly AdmissionPlugin[],
  metrics: ServerMetrics,
  clock: Clock,
): readonly AdmissionPlugin[] {
  type Step = NonNullable<AdmissionPlugin["mutate"]>;
  const timed = (name: string, type: string, step: Step | undefined): Step | undefined => {
    if (!step) return undefined;
    const seriesOf = (rejected: boolean) => {
      const known = new Map<string, ReturnType<typeof metrics.pluginSeconds.of>>();
      return (operation: string) => {
        const found = known.get(operation) ?? metrics.pluginSeconds.of([name, operation, String(rejected), type]);
        known.set(operation, found);
        return found;
      };
    };
    const [admitted, refused] = [seriesOf(false), seriesOf(true)];
    const done = ({ operation }: AdmissionRequest, began: number, rejected: boolean) =>
      (rejected ? refused : admitted)(operation).observe((clock.monotonicMs() - began) / 1000);
    return (request) => {
      const began = clock.monotonicMs();
      let waiting: void | Promise<void>;
      try {
        waiting = step(request);
      } catch (error) {
        done(request, began, true);
        throw error;
      }
      if (!waiting) {
        done(request, began, false);
        return undefined;
      }
      return waiting.then(
        () => done(request, began, false),
        (error) => {
          done(request, began, true);
          throw error;
        },
      );
    };
  };
  return plugins.map((plugin) => ({
    ...plugin,
    mutate: timed(plugin.name, "admit", plugin.mutate?.bind(plugin)),
    validate: timed(plugin.name, "validate", plugin.validate?.bind(plugin)),
  }));
}
