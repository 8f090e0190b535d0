import type { Beside } from "../registry/beside.ts";
import type { Registry } from "../registry/scope.ts";

/** Written with every Service that is given something. No resource's objects lie there. */
export const servicesLock = "/registry/ranges/typernetes-services";

/**
 * Makes sure that nobody gives out addresses and ports at the same time: reads the lock, waits until all Services that were
 * written before are known here, and has the write of this one depend on nobody else having taken the lock since. Nothing to
 * do where only this process writes.
 */
export async function lockServices({ store, cache }: Registry, beside: Beside): Promise<void> {
  if (!store.shared) return;
  const { entry, revision } = await store.get(servicesLock);
  await cache.reached(revision);
  beside.preconditions.push({ key: servicesLock, revision: entry?.modRevision ?? 0 });
  beside.operations.push({ put: servicesLock, value: new TextEncoder().encode("{}") });
}

/** What a write depends on beside its object has changed meanwhile: somebody else has given out addresses of Services. */
export class Outrun extends Error {
  /** The store's revision, at which it was seen. */
  readonly revision: number;
  constructor(revision: number) {
    super("somebody else has given out addresses of Services at the same time");
    this.revision = revision;
  }
}
