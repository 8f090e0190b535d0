import { type ApiServer, createApiServer } from "../apiserver/mod.ts";
import type { HttpListener } from "../base/http.ts";
import type { Client } from "../client/mod.ts";
import { inProcess } from "../client/mod.ts";
import type { Machine } from "../host/mod.ts";
import { openLmdbStore } from "../store/mod.ts";
import { portRange } from "./apiserver.ts";
import type { Pki } from "./pki.ts";
import { nthAddress, type Places, type Settings } from "./settings.ts";

/** The API server of a cluster in this process, and clients of it. */
export interface ControlPlane extends AsyncDisposable {
  server: ApiServer;
  /** A client that acts as this component. */
  clientFor(component: string): Client;
}

/** Opens the store and serves the API on these addresses. */
export async function startControlPlane(
  settings: Settings,
  places: Places,
  pki: Pki,
  hosts: readonly string[],
  machine: Machine,
  report: (error: unknown) => void,
): Promise<ControlPlane> {
  const { disk, net } = machine;
  await disk.makeDirectory(places.store, { mode: 0o700 });
  const store = await openLmdbStore(places.store);
  const server = await createApiServer({
    store,
    ...machine,
    serviceAccountKey: pki.serviceAccountKey,
    kubelet: { identity: pki.kubeletClient, ca: pki.ca },
    serviceCidr: settings.serviceCidr,
    nodePorts: portRange(settings.nodePorts),
    issuers: [`https://kubernetes.default.svc.${settings.domain}`],
    report: (error) => report(error),
  });
  const listeners: HttpListener[] = [];
  for (const host of hosts) {
    const tls = { identity: pki.server, clientCa: pki.ca };
    listeners.push(await net.listenHttp({ host, port: settings.apiPort, tls }, server.handler));
  }
  return {
    server,
    clientFor: (component) =>
      inProcess(server.handler, { username: `system:${component}`, groups: ["system:masters"] }),
    async [Symbol.asyncDispose]() {
      await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** The Service by which pods find DNS, with this address as its endpoint. */
export async function publishDns(client: Client, settings: Settings, address: string, port: number): Promise<void> {
  const labels = { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS", "kubernetes.io/cluster-service": "true" };
  const metadata = { name: "kube-dns", namespace: "kube-system" };
  const ports = [
    { name: "dns", protocol: "UDP", port: 53 },
    { name: "dns-tcp", protocol: "TCP", port: 53 },
  ];
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...metadata, labels },
    spec: { clusterIP: dnsAddress(settings), ports },
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": "kube-dns" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: ports.map((each) => ({ name: each.name, protocol: each.protocol, port })),
  };
  await createUnlessThere(client, "services", service);
  await createUnlessThere(client, "endpointslices.discovery.k8s.io", slice);
}

/** Where pods ask for names. */
export function dnsAddress(settings: Settings): string {
  return nthAddress(settings.serviceCidr, 10);
}

async function createUnlessThere(
  client: Client,
  resource: string,
  object: { metadata: { name: string; namespace: string } },
): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if ((error as { reason?: string }).reason !== "AlreadyExists") throw error;
    // What was published by an earlier run may have another address.
    await client.patch(resource, object.metadata, "merge", object);
  }
}
