import { controllerOf, type KubeObject } from "../api/machinery/object.ts";
import type { Clock } from "../base/world.ts";
import type { Client, ResourceLike } from "./client.ts";
import { type Informer, startInformer } from "./informer.ts";
import { resourceId } from "./resources.ts";

/** One informer a resource, shared by everything in the process. */
export interface Informers extends AsyncDisposable {
  /** Starts to follow the resource if nobody does yet. */
  of<T extends KubeObject = KubeObject>(resource: ResourceLike): Informer<T>;
  /** The informer if one follows the resource already. */
  find<T extends KubeObject = KubeObject>(resource: ResourceLike): Informer<T> | undefined;
  /** Ends the informer of a resource that is served no more; whoever waits for it goes on. */
  end(resource: ResourceLike): Promise<void>;
  /** Resolves once every informer asked for up to now has its first list. */
  synced(): Promise<void>;
}

/** Indexes that every shared informer has: by namespace, by the uid of the controlling owner. */
const commonIndexes = {
  namespace: ({ metadata }: KubeObject) => (metadata.namespace ? [metadata.namespace] : []),
  controller: (object: KubeObject) => {
    const owner = controllerOf(object);
    return owner ? [owner.uid] : [];
  },
};

/** An empty set of shared informers; disposing of it ends them all. */
export function sharedInformers(options: { client: Client; clock: Clock; report?(error: unknown): void }): Informers {
  const all = new Map<string, Informer<any>>();
  return {
    of(resource) {
      const id = resourceId(resource);
      let informer = all.get(id);
      if (!informer) {
        informer = startInformer<any>({ ...options, resource, indexes: commonIndexes });
        all.set(id, informer);
      }
      return informer;
    },
    find: (resource) => all.get(resourceId(resource)),
    async end(resource) {
      const id = resourceId(resource);
      const informer = all.get(id);
      all.delete(id);
      await informer?.[Symbol.asyncDispose]();
    },
    async synced() {
      await Promise.all([...all.values()].map((informer) => informer.synced));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...all.values()].map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}
