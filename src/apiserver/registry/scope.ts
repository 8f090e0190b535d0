import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { UserInfo } from "../../base/http.ts";
import type { Clock, Random } from "../../base/world.ts";
import type { Store } from "../../store/mod.ts";
import type { Rounds } from "../admission/reinvocation.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import type { Cached, ResourceCache, WatchCache } from "../cache/cache.ts";
import { cached } from "../cache/cache.ts";
import type { Beside } from "./beside.ts";

/** What every operation of the registry stands on. */
export interface Registry {
  store: Store;
  cache: WatchCache;
  clock: Clock;
  random: Random;
  admission: readonly AdmissionPlugin[];
  /** For checks beyond the request's own: escalation, approval of certificates, policies. */
  authorizer: Authorizer;
  /** All resources that are served now. */
  resources: ResourceTable;
}

export interface ResourceTable {
  find(group: string, version: string, plural: string): Resource | undefined;
  /** The preferred version of a resource by its id: `pods`, `deployments.apps`. */
  byId(id: string): Resource | undefined;
  /** The versions that a group is served in; undefined for an unknown group. */
  versions(group: string): readonly string[] | undefined;
  all(): readonly Resource[];
}

/** One request's business with one resource. */
export interface Scope {
  resource: Resource;
  namespace?: string;
  user: UserInfo;
  dryRun: boolean;
  /** Who is to own what the request writes, if it says so. */
  fieldManager?: string;
  /** The client's name; it owns what it writes if it names no field manager. */
  userAgent?: string;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
  signal: AbortSignal;
  /** Texts for `Warning` headers. */
  warnings: string[];
  /** What admission notes for the audit log. */
  auditAnnotations?: Record<string, string>;
}

/** The server's own business with a resource, as itself: nobody refuses it for want of a right. */
export function ownScope(resource: Resource, signal: AbortSignal, namespace?: string): Scope {
  const user = { username: "system:apiserver", groups: ["system:masters", "system:authenticated"] };
  return { resource, namespace, user, dryRun: false, fieldManager: "kube-apiserver", signal, warnings: [] };
}

export interface AdmissionRequest {
  operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  scope: Scope;
  name?: string;
  subresource?: string;
  /** The request's own copy: mutating plugins change it, in place. Undefined on deletion. */
  draft?: KubeObject;
  previous?: KubeObject;
  /** The request's options as an object of meta.k8s.io/v1 (`kind: "CreateOptions"`, …). */
  options?: Record<string, unknown>;
  /** The object is one of a collection that is deleted: the request names none. */
  collection?: boolean;
  /** What is stored with the object, in one transaction: a plugin may add to it. */
  beside?: Beside;
  /** Plugins that others' changes concern are asked a second time. */
  rounds?: Rounds;
}

/** Looks at every write before it is done. Throws a StatusError to refuse. */
export interface AdmissionPlugin {
  name: string;
  /** Changes the draft; runs before defaults and validation. */
  mutate?(request: AdmissionRequest): void | Promise<void>;
  /** Runs after validation. */
  validate?(request: AdmissionRequest): void | Promise<void>;
}

/** The resource whose objects are stored: for most, the resource itself. */
export function storedResource(registry: Registry, resource: Resource): Resource {
  const { storedAs } = resource;
  return storedAs ? registry.resources.find(storedAs.group, storedAs.version, storedAs.plural)! : resource;
}

/** The resource's objects in memory, in their stored form. */
export function cacheOf(registry: Registry, resource: Resource): ResourceCache {
  return registry.cache.of(storedResource(registry, resource));
}

/**
 * What was just written at this revision: as it is in memory, where its JSON is made once for its author and for all who
 * watch; on its own if others have written since.
 */
export function asWritten(
  registry: Registry,
  resource: Resource,
  key: string,
  object: KubeObject,
  revision: number,
): Cached {
  // Custom resources may be stored in another version than they were written in.
  const there = resource.custom ? undefined : cacheOf(registry, resource).get(key);
  return there?.revision === revision ? there : cached(key, object, revision);
}

/** A stored object in the words of the resource that it was asked through. */
export function serve(resource: Resource, item: Cached): Cached {
  if (resource.shownAs) return completed(resource, item);
  if (!resource.storedAs) return item;
  return cached(item.key, resource.storedAs.fromStored(item.object), item.revision);
}

/** Objects with what reading fills in, where something was missing. */
const completions = new WeakMap<Cached, Cached>();

function completed(resource: Resource, item: Cached): Cached {
  let known = completions.get(item);
  if (!known) {
    const object = resource.shownAs!(item.object);
    known = object === item.object ? item : cached(item.key, object, item.revision);
    completions.set(item, known);
  }
  return known;
}

/** Custom resources' objects in the versions that somebody asked for: converting may be a webhook's work. */
const inVersions = new WeakMap<Cached, WeakMap<Resource, Cached>>();

/**
 * Objects from the cache or the store in the words of the resource that they are asked through. A promise only for custom
 * resources that a webhook converts; it rejects with the StatusError that says why one could not be.
 */
export function serveAll(resource: Resource, items: readonly Cached[]): readonly Cached[] | Promise<readonly Cached[]> {
  const { custom } = resource;
  const isApart = resource.storedAs !== undefined || resource.shownAs !== undefined;
  if (!custom) return isApart ? items.map((item) => serve(resource, item)) : items;
  const missing = items.filter((item) => !inVersions.get(item)?.has(resource));
  const collect = (converted: readonly KubeObject[]): readonly Cached[] => {
    for (const [index, item] of missing.entries()) {
      const object = converted[index]!;
      const known = inVersions.get(item) ?? new WeakMap<Resource, Cached>();
      inVersions.set(
        item,
        known.set(resource, object === item.object ? item : cached(item.key, object, item.revision)),
      );
    }
    return items.map((item) => inVersions.get(item)!.get(resource)!);
  };
  if (missing.length === 0) return collect([]);
  const converted = custom.fromStorage(missing.map((item) => item.object));
  return converted instanceof Promise ? converted.then(collect) : collect(converted);
}

/** One object, as `serveAll` gives it. */
export function serveOne(resource: Resource, item: Cached): Cached | Promise<Cached> {
  const served = serveAll(resource, [item]);
  return served instanceof Promise ? served.then((all) => all[0]!) : served[0]!;
}

/** The cache's key of a name in the scope's namespace. */
export function keyIn(scope: { resource: Resource; namespace?: string }, name: string): string {
  return scope.resource.namespaced ? `${scope.namespace}/${name}` : name;
}
