import { internal } from "../../api/machinery/status.ts";
import type { CommitResult, Operation, Precondition } from "../../store/mod.ts";
import type { Registry } from "./scope.ts";
import { inTurn } from "./turns.ts";

/** How often room is looked for anew when somebody else took some in between. */
const triesMax = 100;

/** What a commit depends on and does beside the object's own write. */
export interface Taken {
  preconditions: readonly Precondition[];
  operations: readonly Operation[];
}

/** What a write does beside its object, in the same transaction. */
export interface Beside {
  preconditions: Precondition[];
  operations: Operation[];
  /** Room that others take of too: looked at last of all, one write after another. */
  room?: {
    /** Writes of the same turn wait for each other. */
    turn: string;
    /** Takes the room by what is there now. Throws a StatusError if there is none. */
    take(): Taken;
  };
}

/**
 * Stores an object's write with all that goes with it, and waits until it is in the cache. Not done, for a precondition of
 * the caller's own, it gives that one's key; for want of room it throws.
 */
export async function commitBeside(
  registry: Registry,
  own: Precondition,
  write: Operation,
  { preconditions, operations, room }: Beside,
): Promise<CommitResult> {
  const commit = async (taken?: Taken): Promise<CommitResult> => {
    const result = await registry.store.commit(
      [own, ...preconditions, ...(taken?.preconditions ?? [])],
      [write, ...operations, ...(taken?.operations ?? [])],
    );
    await registry.cache.reached(result.revision);
    return result;
  };
  if (!room) return commit();
  return inTurn(registry, room.turn, async () => {
    for (let attempt = 0; attempt < triesMax; attempt++) {
      const taken = room.take();
      const result = await commit(taken);
      if (result.ok || !taken.preconditions.some(({ key }) => key === result.key)) return result;
    }
    throw internal("resource quota evaluation timed out");
  });
}
