import type { KubeObject } from "../api/machinery/object.ts";
import { StatusError } from "../api/machinery/status.ts";
import type { Action } from "./actions.ts";
import type { ResourceLike } from "./client.ts";
import type { Informers } from "./informers.ts";
import { resourceId } from "./resources.ts";

/** The first thing that went wrong when the last plan of this key was carried out. */
export interface LastFailure {
  /** `create pods`. */
  action: string;
  message: string;
}

/** What a plan may know: the caches, and the time. Nothing in it may be changed. */
export interface View {
  /** Wall-clock milliseconds. */
  now: number;
  /** When the controller began to look, in wall-clock milliseconds: older silence proves nothing. */
  startedMs: number;
  lastFailure?: LastFailure;
  /** By `namespace/name`, or `name`. */
  get<T extends KubeObject = any>(resource: ResourceLike, key: string): T | undefined;
  list<T extends KubeObject = any>(resource: ResourceLike, namespace?: string): Iterable<T>;
  by<T extends KubeObject = any>(resource: ResourceLike, index: string, value: string): Iterable<T>;
  /** Objects whose controlling owner this is, by its uid. */
  owned<T extends KubeObject = any>(resource: ResourceLike, owner: KubeObject): T[];
}

/** The view of shared caches at one moment. Throws for a resource that nobody follows. */
export function viewOf(informers: Informers, now: number, startedMs: number, lastFailure?: LastFailure): View {
  const informerOf = (resource: ResourceLike) => {
    const found = informers.find<any>(resource);
    if (!found)
      throw new Error(`plan reads ${resourceId(resource)}: wanted it among the controller's owned, watches or reads`);
    return found;
  };
  return {
    now,
    startedMs,
    lastFailure,
    get: (resource, key) => informerOf(resource).get(key),
    list: (resource, namespace) => {
      const informer = informerOf(resource);
      return namespace === undefined ? informer.list() : informer.by("namespace", namespace);
    },
    by: (resource, index, value) => informerOf(resource).by(index, value),
    owned: (resource, owner) => [...informerOf(resource).by("controller", owner.metadata.uid)],
  };
}

/** What a plan is told of the failures of the one before. Conflicts are no news: the next plan mends them. */
export function lastFailureOf(failures: readonly { action: Action; error: unknown }[]): LastFailure | undefined {
  for (const { action, error } of failures) {
    if (error instanceof StatusError && error.reason === "Conflict") continue;
    const what = "resource" in action ? ` ${resourceId(action.resource)}` : "";
    return { action: action.do + what, message: error instanceof Error ? error.message : String(error) };
  }
  return undefined;
}
