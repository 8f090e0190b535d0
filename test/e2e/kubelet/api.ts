// A small API in memory for the kubelet's tests: enough of the Client for one node, no more.
import type { KubeObject } from "../../../src/api/machinery/object.ts";
import { alreadyExists, conflict, notFound } from "../../../src/api/machinery/status.ts";
import type { WatchEvent } from "../../../src/base/http.ts";
import type { Client, DeleteOptions, ListOptions, ObjectName } from "../../../src/client/client.ts";

export interface MemoryApi {
  client: Client;
  all(resource: string): KubeObject[];
  /** Resolves with the object once it fits. */
  until(
    resource: string,
    name: string,
    fits: (object: KubeObject | undefined) => boolean,
    limitMs?: number,
  ): Promise<KubeObject>;
  /** Events about an object, as `Type Reason Message`. */
  events(name: string): string[];
}

const listKeys: Record<string, string> = { conditions: "type", podIPs: "ip", hostIPs: "ip", addresses: "type" };

function merge(into: any, patch: any, strategic: boolean, field = ""): any {
  if (Array.isArray(patch)) {
    const key = strategic ? listKeys[field] : undefined;
    if (!key) return patch;
    const items = new Map((into ?? []).map((item: any) => [item[key], item]));
    for (const item of patch) {
      if (item.$patch === "delete") items.delete(item[key]);
      else items.set(item[key], merge(items.get(item[key]), item, strategic));
    }
    return [...items.values()];
  }
  if (patch === null || typeof patch !== "object") return patch;
  const merged = { ...into };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value, strategic, name);
  }
  return merged;
}

export function memoryApi(): MemoryApi {
  const stores = new Map<string, Map<string, KubeObject>>();
  const watchers = new Set<(resource: string, event: WatchEvent) => void>();
  let revision = 0;
  const store = (resource: string) => stores.get(resource) ?? stores.set(resource, new Map()).get(resource)!;
  const keyOf = ({ name, namespace }: ObjectName) => `${namespace ?? ""}/${name}`;
  const fits = (object: KubeObject, { namespace, fieldSelector }: ListOptions) => {
    if (namespace && object.metadata.namespace !== namespace) return false;
    const [path, wanted] = (fieldSelector ?? "").split("=");
    if (!path) return true;
    return path.split(".").reduce((value: any, part) => value?.[part], object) === wanted;
  };
  function put(resource: string, object: KubeObject, type: WatchEvent["type"]): KubeObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++revision) } };
    if (type === "DELETED") store(resource).delete(keyOf(stored.metadata));
    else store(resource).set(keyOf(stored.metadata), stored);
    for (const watcher of watchers) watcher(resource, { type, object: stored });
    return stored;
  }
  function find(resource: string, name: ObjectName): KubeObject {
    const found = store(resource).get(keyOf(name));
    if (!found) throw notFound({ group: "", plural: resource }, name.name);
    return found;
  }

  const client = {
    get: async (resource: string, name: ObjectName) => find(resource, name),
    list: async (resource: string, options: ListOptions = {}) => ({
      apiVersion: "v1",
      kind: "List",
      metadata: { resourceVersion: String(revision) },
      items: [...store(resource).values()].filter((object) => fits(object, options)),
    }),
    async *watch(resource: string, options: ListOptions & { signal: AbortSignal }) {
      const queue: WatchEvent[] = [];
      let wake = () => {};
      const since = Number(options.resourceVersion ?? 0);
      const watcher = (of: string, event: WatchEvent) => {
        if (of !== resource || !fits(event.object, options)) return;
        queue.push(event);
        wake();
      };
      watchers.add(watcher);
      for (const object of store(resource).values())
        if (Number(object.metadata.resourceVersion) > since) watcher(resource, { type: "MODIFIED", object });
      const end = () => wake();
      options.signal.addEventListener("abort", end);
      try {
        while (!options.signal.aborted) {
          if (queue.length > 0) yield queue.splice(0);
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        watchers.delete(watcher);
        options.signal.removeEventListener("abort", end);
      }
    },
    async create(resource: string, object: any, options: { subresource?: string } = {}) {
      if (options.subresource === "token") {
        const expirationTimestamp = new Date(Date.now() + object.spec.expirationSeconds * 1000).toISOString();
        return { ...object, status: { token: `token-of-${object.metadata.name}`, expirationTimestamp } };
      }
      const metadata = {
        uid: crypto.randomUUID(),
        creationTimestamp: new Date().toISOString(),
        generation: 1,
        ...object.metadata,
      };
      if (store(resource).has(keyOf(metadata))) throw alreadyExists({ group: "", plural: resource }, metadata.name);
      return put(resource, { ...object, metadata }, "ADDED");
    },
    update: async (resource: string, object: KubeObject) => put(resource, object, "MODIFIED"),
    async patch(resource: string, name: ObjectName, type: string, patch: any) {
      const before = find(resource, name);
      const uid = patch.metadata?.uid;
      if (uid && uid !== before.metadata.uid) throw conflict({ group: "", plural: resource }, name.name, "uid");
      return put(resource, merge(before, patch, type === "strategic"), "MODIFIED");
    },
    async delete(resource: string, name: ObjectName, options: DeleteOptions = {}) {
      const object = find(resource, name);
      const grace = options.gracePeriodSeconds ?? object.spec?.terminationGracePeriodSeconds ?? 30;
      if (resource !== "pods" || grace === 0 || !object.spec.nodeName)
        return put(resource, { ...object, metadata: { ...object.metadata, deletionGracePeriodSeconds: 0 } }, "DELETED");
      const deletionTimestamp = new Date(Date.now() + grace * 1000).toISOString();
      return put(
        resource,
        { ...object, metadata: { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace } },
        "MODIFIED",
      );
    },
    deleteCollection: async () => {},
    raw: async () => ({ status: 404, headers: {} }),
  } as unknown as Client;

  return {
    client,
    all: (resource) => [...store(resource).values()],
    until(resource, name, wanted, limitMs = 20_000) {
      const look = () => [...store(resource).values()].find(({ metadata }) => metadata.name === name);
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          watchers.delete(check);
          const about = [...store("events").values()].filter((event) => event.involvedObject.name === name);
          const told = about.map((event) => `${event.reason} ${event.message}`).join("\n");
          reject(
            new Error(
              `${resource} ${name} did not come to fit: ${JSON.stringify(look()?.status, undefined, 1)}\n${told}`,
            ),
          );
        }, limitMs);
        const check = () => {
          const object = look();
          if (!wanted(object)) return;
          clearTimeout(limit);
          watchers.delete(check);
          resolve(object!);
        };
        watchers.add(check);
        check();
      });
    },
    events: (name) =>
      [...store("events").values()]
        .filter((event) => event.involvedObject.name === name)
        .map(({ type, reason, message }) => `${type} ${reason} ${message}`),
  };
}

/** A pod bound to the test's node, with the API's defaults applied. */
export function testPod(name: string, spec: Record<string, any>, metadata: Record<string, any> = {}): object {
  const defaults = (container: any) => ({
    image: "docker.io/library/busybox:latest",
    imagePullPolicy: "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    resources: {},
    ...container,
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", ...metadata },
    spec: {
      nodeName: "node-a",
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      enableServiceLinks: true,
      securityContext: {},
      serviceAccountName: "default",
      ...spec,
      containers: spec.containers.map(defaults),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(defaults) } : {}),
    },
    status: { phase: "Pending", qosClass: "BestEffort" },
  };
}
