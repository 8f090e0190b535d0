// A whole API server in this process, for one node's tests.
import { generateKeyPairSync } from "node:crypto";
import type { KubeObject } from "../../../src/api/machinery/object.ts";
import { createApiServer } from "../../../src/apiserver/mod.ts";
import type { Client } from "../../../src/client/mod.ts";
import { inProcess } from "../../../src/client/mod.ts";
import { machine } from "../../../src/host/mod.ts";
import { openMemoryStore } from "../../../src/store/mod.ts";

export interface TestApi extends AsyncDisposable {
  client: Client;
  /** Resolves with the object once it fits. */
  until(
    resource: string,
    name: string,
    fits: (object: KubeObject | undefined) => boolean,
    limitMs?: number,
  ): Promise<KubeObject>;
  /** Events about an object, as `Type Reason Message`. */
  events(name: string): Promise<string[]>;
}

const clusterScoped = new Set(["nodes"]);
export const namespace = "default";

/** Starts the server, with what controllers would have made for a namespace. */
export async function testApi(): Promise<TestApi> {
  const store = await openMemoryStore();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serviceAccountKey = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const server = await createApiServer({ store, ...machine, serviceAccountKey });
  const client = inProcess(server.handler, { username: "test", groups: ["system:masters"] });
  await client.create("serviceaccounts", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace },
  });
  const rootCa = { name: "kube-root-ca.crt", namespace };
  await client.create("configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: rootCa,
    data: { "ca.crt": "CA" },
  });

  const events = async (name: string): Promise<string[]> => {
    const { items } = await client.list("events", { namespace });
    const own = items.filter((event) => event.involvedObject.name === name);
    return own.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  };

  async function until(
    resource: string,
    name: string,
    fits: (object: KubeObject | undefined) => boolean,
    limitMs = 20_000,
  ) {
    const where = { fieldSelector: `metadata.name=${name}`, ...(clusterScoped.has(resource) ? {} : { namespace }) };
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limitMs);
    let last: KubeObject | undefined;
    try {
      const list = await client.list(resource, where);
      last = list.items[0];
      if (fits(last)) return last as KubeObject;
      const { resourceVersion } = list.metadata;
      for await (const batch of client.watch(resource, { ...where, resourceVersion, signal: limit.signal })) {
        for (const { type, object } of batch) {
          last = type === "DELETED" ? undefined : object;
          if (fits(last)) return last as KubeObject;
        }
      }
    } catch (error) {
      if (!limit.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      limit.abort();
    }
    const told = (await events(name)).join("\n");
    throw new Error(`${resource} ${name} did not come to fit: ${JSON.stringify(last?.status, undefined, 1)}\n${told}`);
  }

  return {
    client,
    events,
    until,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A pod bound to the test's node. */
export function testPod(name: string, spec: Record<string, any>, metadata: Record<string, any> = {}): object {
  const whole = (container: any) => ({
    image: "docker.io/library/busybox:latest",
    imagePullPolicy: "IfNotPresent",
    ...container,
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, ...metadata },
    spec: {
      nodeName: "node-a",
      ...spec,
      containers: spec.containers.map(whole),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(whole) } : {}),
    },
  };
}
