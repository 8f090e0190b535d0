import { type ApiServer, createApiServer } from "../apiserver/mod.ts";
import type { HttpListener, UserInfo } from "../base/http.ts";
import type { Client } from "../client/mod.ts";
import { inProcess } from "../client/mod.ts";
import type { Machine } from "../host/mod.ts";
import { openLmdbStore } from "../store/mod.ts";
import { portRange } from "./apiserver.ts";
import type { Pki } from "./pki.ts";
import { nthAddress, type Places, type Settings } from "./settings.ts";

/** Who works in this process. */
export type Component = "server" | "kube-controller-manager" | "kube-scheduler" | "kube-proxy" | "kubelet" | "coredns";

const systemAccount = (name: string): UserInfo => ({
  username: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system"],
});

/** Whom the API takes each for: what Kubernetes' components are, so that the default roles say what they may do. */
const identities: Record<Component, (nodeName: string) => UserInfo> = {
  server: () => ({ username: "kubernetes-admin", groups: ["system:masters"] }),
  "kube-controller-manager": () => ({ username: "system:kube-controller-manager", groups: [] }),
  "kube-scheduler": () => ({ username: "system:kube-scheduler", groups: [] }),
  "kube-proxy": () => ({ username: "system:kube-proxy", groups: [] }),
  kubelet: (nodeName) => ({ username: `system:node:${nodeName}`, groups: ["system:nodes"] }),
  coredns: () => systemAccount("coredns"),
};

/** The API server of a cluster in this process, and clients of it. */
export interface ControlPlane extends AsyncDisposable {
  server: ApiServer;
  /** A client that acts as this component. */
  clientFor(component: Component): Client;
  /** A client that acts as this service account of kube-system: each controller has one, and no other's rights. */
  clientForAccount(name: string): Client;
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
  const store = await openLmdbStore(places.store, disk);
  const server = await createApiServer({
    store,
    ...machine,
    clientCa: pki.ca,
    bootstrapTokens: true,
    localComponents: ["scheduler", "controller-manager"],
    serviceAccountKey: pki.serviceAccountKey,
    kubelet: { identity: pki.kubeletClient, ca: pki.ca },
    proxyClient: pki.frontProxyClient,
    requestHeaderCa: pki.frontProxyCa,
    requestHeader: {
      allowedNames: ["front-proxy-client"],
      usernameHeaders: ["X-Remote-User"],
      groupHeaders: ["X-Remote-Group"],
      extraHeaderPrefixes: ["X-Remote-Extra-"],
    },
    serviceCidr: settings.serviceCidr,
    nodePorts: portRange(settings.nodePorts),
    issuers: [`https://kubernetes.default.svc.${settings.domain}`],
    report: (error) => report(error),
  });
  const listeners: HttpListener[] = [];
  for (const host of hosts) {
    const tls = { identity: pki.server, clientCa: { client: pki.ca, requestHeader: pki.frontProxyCa } };
    listeners.push(await net.listenHttp({ host, port: settings.apiPort, tls }, server.handler));
  }
  return {
    server,
    clientFor: (component) => inProcess(server.handler, identities[component](settings.nodeName)),
    clientForAccount: (name) => inProcess(server.handler, systemAccount(name)),
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

/** What DNS answers from (kubeadm's ClusterRole of the same name). */
export async function letDnsRead(client: Client): Promise<void> {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const metadata = { name: "system:coredns" };
  const verbs = ["list", "watch"];
  const rules = [
    { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
  ];
  await createUnlessThere(client, "clusterroles.rbac.authorization.k8s.io", {
    apiVersion,
    kind: "ClusterRole",
    metadata,
    rules,
  });
  await createUnlessThere(client, "clusterrolebindings.rbac.authorization.k8s.io", {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
    subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: "kube-system" }],
  });
}

/** Where pods ask for names. */
export function dnsAddress(settings: Settings): string {
  return nthAddress(settings.serviceCidr, 10);
}

async function createUnlessThere(
  client: Client,
  resource: string,
  object: { metadata: { name: string; namespace?: string } } & Record<string, unknown>,
): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if ((error as { reason?: string }).reason !== "AlreadyExists") throw error;
    // What was published by an earlier run may have another address.
    await client.patch(resource, object.metadata, "merge", object);
  }
}
