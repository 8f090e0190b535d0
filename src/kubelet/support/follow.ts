import type { KubeObject } from "../../api/machinery/object.ts";
import type { Clock } from "../../base/world.ts";
import type { Client, ListOptions } from "../../client/client.ts";

/** Pause after a list or a watch failed, in milliseconds. */
const retryMs = 1000;

export interface Follower<T> {
  /** What is there now, by uid. */
  objects: ReadonlyMap<string, T>;
  /** Resolves after the first list. */
  synced: Promise<void>;
}

/**
 * Follows a resource: lists it, watches it, and begins again after a failure, until the signal is aborted. `changed` is
 * told every object that came, changed or (with `gone`) went; after a list also those that went unseen.
 */
export function follow<T extends KubeObject>(
  client: Client,
  resource: string,
  options: ListOptions,
  clock: Clock,
  signal: AbortSignal,
  changed: (object: T, gone: boolean) => void,
): Follower<T> {
  const objects = new Map<string, T>();
  let sync: () => void = () => {};
  const synced = new Promise<void>((resolve) => {
    sync = resolve;
  });

  function put(object: T, gone: boolean): void {
    if (gone) objects.delete(object.metadata.uid);
    else objects.set(object.metadata.uid, object);
    changed(object, gone);
  }

  async function round(): Promise<void> {
    const list = await client.list<T>(resource, { ...options, signal });
    const present = new Set(list.items.map(({ metadata }) => metadata.uid));
    for (const object of [...objects.values()]) if (!present.has(object.metadata.uid)) put(object, true);
    for (const object of list.items) {
      const known = objects.get(object.metadata.uid);
      if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) put(object, false);
    }
    sync();
    let resourceVersion = list.metadata.resourceVersion;
    while (!signal.aborted) {
      const watch = client.watch<T>(resource, { ...options, resourceVersion, allowWatchBookmarks: true, signal });
      for await (const events of watch) {
        for (const { type, object } of events) {
          resourceVersion = object.metadata.resourceVersion;
          if (type !== "BOOKMARK") put(object, type === "DELETED");
        }
      }
    }
  }

  void (async () => {
    while (!signal.aborted) {
      await round().catch(() => {});
      if (!signal.aborted) await clock.sleep(retryMs, signal).catch(() => {});
    }
  })();
  return { objects, synced };
}
