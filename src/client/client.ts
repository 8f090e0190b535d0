import type { KubeList, KubeObject } from "../api/machinery/object.ts";
import type { HttpAnswer, HttpRequest, WatchEvent } from "../base/http.ts";

/** Where a resource lives: `resourceRef("deployments.apps")` for built-in ones, from discovery for others. */
export interface ResourceRef {
  group: string;
  version: string;
  plural: string;
  namespaced: boolean;
  kind: string;
}

/** A built-in resource's id (`pods`, `deployments.apps`) or a full reference. */
export type ResourceLike = string | ResourceRef;

export interface ObjectName {
  name: string;
  namespace?: string;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: "Exact" | "NotOlderThan";
}

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: "Ignore" | "Warn" | "Strict";
  /** `status`, `scale`, `binding`, `eviction`, `token`, …: the subresource to write instead of the object. */
  subresource?: string;
  signal?: AbortSignal;
}

export interface DeleteOptions extends WriteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
}

export type PatchType = "json" | "merge" | "strategic" | "apply";

/**
 * The API, over a socket or in the same process; callers never know which. Failures are StatusErrors with the server's
 * Status. What it returns is shared and must not be changed.
 */
export interface Client {
  get<T extends KubeObject>(
    resource: ResourceLike,
    name: ObjectName,
    options?: { subresource?: string; resourceVersion?: string; signal?: AbortSignal },
  ): Promise<T>;
  list<T extends KubeObject>(
    resource: ResourceLike,
    options?: ListOptions & { signal?: AbortSignal },
  ): Promise<KubeList<T>>;
  /** Batches of events until the server ends the watch or the signal is aborted. An ERROR event is thrown as its StatusError. */
  watch<T extends KubeObject>(
    resource: ResourceLike,
    options: ListOptions & { allowWatchBookmarks?: boolean; timeoutSeconds?: number; signal: AbortSignal },
  ): AsyncIterable<readonly WatchEvent<T>[]>;
  /** `object.metadata.namespace` says where; with a subresource, `metadata.name` says on what. */
  create<T extends KubeObject>(resource: ResourceLike, object: object, options?: WriteOptions): Promise<T>;
  update<T extends KubeObject>(resource: ResourceLike, object: object, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: ResourceLike,
    name: ObjectName,
    type: PatchType,
    patch: object,
    options?: WriteOptions & { force?: boolean },
  ): Promise<T>;
  /** Resolves to the object if it still waits for its end (grace, finalizers), else to a Status. */
  delete(resource: ResourceLike, name: ObjectName, options?: DeleteOptions): Promise<KubeObject>;
  deleteCollection(resource: ResourceLike, options: ListOptions & DeleteOptions): Promise<void>;
  /** Any request, answered as it is: discovery, logs, exec, `/version`. */
  raw(request: RawRequest): Promise<HttpAnswer>;
}

export type RawRequest = Omit<HttpRequest, "signal" | "headers"> & {
  signal?: AbortSignal;
  headers?: HttpRequest["headers"];
};
