import type { KubeObject } from "../api/machinery/object.ts";
import { hasReason } from "../api/machinery/status.ts";
import type { Registry, Scope } from "./registry/scope.ts";
import { createObject, updateObject } from "./registry/write.ts";

/** Namespaces that every cluster has. */
const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Makes what every cluster has from the start: the system namespaces and the `kubernetes` service. */
export async function bootstrap(registry: Registry, signal: AbortSignal): Promise<void> {
  for (const name of systemNamespaces) {
    await ensure(registry, "namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } }, signal);
  }
}

/** The `kubernetes` Service in `default` with this server as its endpoint: how pods find the API. */
export async function publishEndpoint(
  registry: Registry,
  facts: { serviceIp: string; address: string; port: number },
  signal: AbortSignal,
): Promise<void> {
  const labels = { component: "apiserver", provider: "kubernetes" };
  const metadata = { name: "kubernetes", namespace: "default", labels };
  const port = { name: "https", port: 443, protocol: "TCP", targetPort: facts.port };
  const spec = {
    type: "ClusterIP",
    clusterIP: facts.serviceIp,
    clusterIPs: [facts.serviceIp],
    ports: [port],
    sessionAffinity: "None",
  };
  await ensure(registry, "services", { apiVersion: "v1", kind: "Service", metadata, spec }, signal);
  const endpointPort = { name: "https", port: facts.port, protocol: "TCP" };
  const endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    subsets: [{ addresses: [{ ip: facts.address }], ports: [endpointPort] }],
  };
  await replace(registry, "endpoints", endpoints, signal);
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [facts.address], conditions: { ready: true } }],
    ports: [endpointPort],
  };
  await replace(registry, "endpointslices.discovery.k8s.io", slice, signal);
}

function scopeFor(registry: Registry, id: string, namespace: string | undefined, signal: AbortSignal): Scope {
  const user = { username: "system:apiserver", groups: ["system:masters"] };
  return { resource: registry.resources.byId(id)!, namespace, user, dryRun: false, signal, warnings: [] };
}

async function ensure(registry: Registry, id: string, object: object, signal: AbortSignal): Promise<void> {
  const draft = structuredClone(object) as KubeObject;
  try {
    await createObject(registry, scopeFor(registry, id, draft.metadata.namespace, signal), draft);
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
  }
}

async function replace(registry: Registry, id: string, object: object, signal: AbortSignal): Promise<void> {
  const draft = structuredClone(object) as KubeObject;
  const scope = scopeFor(registry, id, draft.metadata.namespace, signal);
  try {
    await createObject(registry, scope, draft);
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
    await updateObject(registry, scope, draft.metadata.name, () => structuredClone(object) as KubeObject);
  }
}
