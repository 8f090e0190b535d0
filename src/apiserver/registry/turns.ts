import type { Resource } from "../../api/machinery/resource.ts";
import { internal } from "../../api/machinery/status.ts";
import { LockTaken, servicesLock } from "../services/lock.ts";
import type { Registry } from "./scope.ts";

/** How often a write is tried that needs a lock which other servers take too. */
const lockTriesMax = 100;

const turns = new WeakMap<Registry, Map<string, Promise<unknown>>>();

/**
 * Writers of one object wait for each other instead of racing and starting over. Other processes on the same store are
 * not seen here: against them the commit's precondition stands.
 */
export async function inTurn<Result>(registry: Registry, key: string, run: () => Promise<Result>): Promise<Result> {
  const queue = turns.get(registry) ?? new Map<string, Promise<unknown>>();
  turns.set(registry, queue);
  const before = queue.get(key);
  const own = before ? before.then(run, run) : run();
  queue.set(key, own);
  try {
    return await own;
  } finally {
    if (queue.get(key) === own) queue.delete(key);
  }
}

/** Whether writes of a resource depend on a lock that other servers take too. */
export function needsLock({ store }: Registry, resource: Resource): boolean {
  return store.shared && resource.id === "services";
}

/** Runs a write that needs the lock, one after another here, and again as long as another server is quicker. */
export function withLock<Result>(registry: Registry, run: () => Promise<Result>): Promise<Result> {
  return inTurn(registry, servicesLock, async () => {
    for (let attempt = 0; attempt < lockTriesMax; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof LockTaken)) throw error;
        await registry.cache.reached(error.revision);
      }
    }
    throw internal("too many servers give out addresses of Services at once");
  });
}
