import type { KubeObject } from "../../api/machinery/object.ts";
import type { Clock } from "../../base/world.ts";
import type { Client, ListOptions } from "../../client/mod.ts";
import { startInformer } from "../../client/mod.ts";

export interface Follower<T> {
  list(): Iterable<T>;
  /** Resolves after the first list. */
  synced: Promise<void>;
}

/**
 * Follows a resource until the signal is aborted. `changed` is told every object that came, changed or (with `gone`)
 * went; an object that was replaced by another of its name has gone.
 */
export function follow<T extends KubeObject>(
  client: Client,
  resource: string,
  { namespace, fieldSelector }: ListOptions,
  clock: Clock,
  signal: AbortSignal,
  changed: (object: T, gone: boolean) => void,
): Follower<T> {
  const informer = startInformer<T>({ client, clock, resource, namespace, fieldSelector });
  informer.onChange((_, now, before) => {
    if (before && before.metadata.uid !== now?.metadata.uid) changed(before, true);
    if (now) changed(now, false);
  });
  const stop = () => void informer[Symbol.asyncDispose]();
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return { list: () => informer.list(), synced: informer.synced };
}
