import type { Resource } from "../../api/machinery/resource.ts";
import { internal } from "../../api/machinery/status.ts";
import { Outrun, servicesLock } from "../services/lock.ts";
import type { Registry } from "./scope.ts";

/** How often a write is tried that others were quicker than. */
const triesMax = 100;

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

/** Whether writes of a resource are given something that others may take at the same time. */
export function isGiven(resource: Resource): boolean {
  return resource.id === "services";
}

/**
 * Runs a write of something that is given addresses: one after another where other servers do the same, so that the lock is
 * not fought for here, else in its own turn; and again as long as somebody else is quicker.
 */
export function giveInTurn<Result>(registry: Registry, turn: string, run: () => Promise<Result>): Promise<Result> {
  return inTurn(registry, registry.store.shared ? servicesLock : turn, async () => {
    for (let attempt = 0; attempt < triesMax; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof Outrun)) throw error;
        await registry.cache.reached(error.revision);
      }
    }
    throw internal("too many give out addresses of Services at once");
  });
}
