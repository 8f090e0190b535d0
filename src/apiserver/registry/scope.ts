import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { UserInfo } from "../../base/http.ts";
import type { Clock, Random } from "../../base/world.ts";
import type { Store } from "../../store/mod.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import type { Cached, ResourceCache, WatchCache } from "../cache/cache.ts";
import { cached } from "../cache/cache.ts";

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
  fieldManager?: string;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
  signal: AbortSignal;
  /** Texts for `Warning` headers. */
  warnings: string[];
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

/** A stored object in the words of the resource that it was asked through. */
export function serve(resource: Resource, item: Cached): Cached {
  if (!resource.storedAs) return item;
  return cached(item.key, resource.storedAs.fromStored(item.object), item.revision);
}

/** The cache's key of a name in the scope's namespace. */
export function keyIn(scope: { resource: Resource; namespace?: string }, name: string): string {
  return scope.resource.namespaced ? `${scope.namespace}/${name}` : name;
}
