import type { KubeObject } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import type { RequestHeaderOptions } from "../auth/request_header.ts";
import { cacheOf, ownScope, type Registry } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";
import { createObject } from "../registry/write.ts";
import { defaultRbac } from "./default_rbac.ts";
import { defaultFlowSchemas, defaultPriorityLevels } from "./flow_control.ts";
import { completeFlowControl, completeRbac } from "./reconcile.ts";

/** Namespaces that every cluster has. */
const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

const systemPriorities = [
  {
    name: "system-node-critical",
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
  {
    name: "system-cluster-critical",
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
];

/** What a cluster is made with. */
export interface ClusterFacts {
  serviceCidr: string;
  /** What extension servers must know to let the same clients in; PEM bundles. */
  clientCa?: string;
  requestHeaderCa?: string;
  requestHeader?: RequestHeaderOptions;
}

/** Whether roots of trust are objects here. */
export function servesTrustBundles({ resources }: Registry): boolean {
  return resources.byId("clustertrustbundles.certificates.k8s.io") !== undefined;
}

/**
 * Makes what every cluster has from the start: the system namespaces, roles and bindings, flow control, priority classes
 * and where Services' addresses come from. What is there already is completed, as far as its owner lets the server.
 */
export async function bootstrap(registry: Registry, facts: ClusterFacts, signal: AbortSignal): Promise<void> {
  const make = (id: string, object: object, complete?: Complete) => ensure(registry, id, object, signal, complete);
  await Promise.all(
    systemNamespaces.map((name) => make("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  );
  const trust = trustMap(facts);
  if (trust) await replace(registry, "configmaps", trust, signal);
  await Promise.all([
    make("configmaps", tokenTracking(registry.clock.now())),
    ...defaultRbac({ trustBundles: servesTrustBundles(registry) }).map(({ id, object }) =>
      make(id, object, completeRbac),
    ),
    ensureFlowControl(registry, signal),
    ...systemPriorities.map(({ name, ...rest }) => {
      const head = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name } };
      return make("priorityclasses.scheduling.k8s.io", { ...head, ...rest, preemptionPolicy: "PreemptLowerPriority" });
    }),
    make("servicecidrs.networking.k8s.io", {
      apiVersion: "networking.k8s.io/v1",
      kind: "ServiceCIDR",
      metadata: { name: "kubernetes" },
      spec: { cidrs: [facts.serviceCidr] },
    }),
  ]);
}

/** Makes the default flow schemas and priority levels that are missing, and completes those that are the server's own. */
export async function ensureFlowControl(registry: Registry, signal: AbortSignal): Promise<void> {
  const group = "flowcontrol.apiserver.k8s.io";
  const make = (plural: string, each: KubeObject) =>
    ensure(registry, `${plural}.${group}`, each, signal, completeFlowControl);
  await Promise.all([
    ...defaultPriorityLevels.map((each) => make("prioritylevelconfigurations", each)),
    ...defaultFlowSchemas.map((each) => make("flowschemas", each)),
  ]);
}

/** Since when is noted when tokens that lie in Secrets were used last. */
function tokenTracking(now: number): object {
  const metadata = { name: "kube-apiserver-legacy-service-account-token-tracking", namespace: "kube-system" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { since: formatTime(now).slice(0, 10) } };
}

/** The ConfigMap from which extension servers learn whom to trust. Undefined if there is nobody. */
function trustMap({ clientCa, requestHeaderCa, requestHeader }: ClusterFacts): object | undefined {
  if (!clientCa && !requestHeaderCa) return undefined;
  const data: Record<string, string> = {};
  if (clientCa) data["client-ca-file"] = clientCa;
  if (requestHeaderCa && requestHeader) {
    const lists = {
      "allowed-names": requestHeader.allowedNames,
      "username-headers": requestHeader.usernameHeaders,
      "uid-headers": requestHeader.uidHeaders ?? [],
      "group-headers": requestHeader.groupHeaders,
      "extra-headers-prefix": requestHeader.extraHeaderPrefixes,
    };
    data["requestheader-client-ca-file"] = requestHeaderCa;
    for (const [name, list] of Object.entries(lists)) data[`requestheader-${name}`] = JSON.stringify(list);
  }
  const metadata = { name: "extension-apiserver-authentication", namespace: "kube-system" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

/** Where the API is reached: a port, and the addresses of the servers that others can reach. */
export interface Endpoint {
  serviceIp: string;
  port: number;
  addresses: readonly string[];
}

/** The `kubernetes` Service in `default` with the servers as its endpoints: how pods find the API. */
export async function publishEndpoint(
  registry: Registry,
  { serviceIp, addresses, port: targetPort }: Endpoint,
  signal: AbortSignal,
): Promise<void> {
  const labels = { component: "apiserver", provider: "kubernetes" };
  const metadata = { name: "kubernetes", namespace: "default", labels };
  const port = { name: "https", port: 443, protocol: "TCP", targetPort };
  const spec = {
    type: "ClusterIP",
    clusterIP: serviceIp,
    ipFamilyPolicy: "SingleStack",
    ports: [port],
    sessionAffinity: "None",
  };
  await ensure(registry, "services", { apiVersion: "v1", kind: "Service", metadata, spec }, signal);
  if (addresses.length === 0) return;
  const endpointPort = { name: "https", port: targetPort, protocol: "TCP" };
  const endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [endpointPort] }],
  };
  await replace(registry, "endpoints", endpoints, signal);
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: addresses.map((each) => ({ addresses: [each], conditions: { ready: true } })),
    ports: [endpointPort],
  };
  await replace(registry, "endpointslices.discovery.k8s.io", slice, signal);
}

/** What an object should be, from what it is and what it was made as. Undefined if it is right. */
type Complete = (present: KubeObject, wanted: KubeObject) => KubeObject | undefined;

async function ensure(
  registry: Registry,
  id: string,
  object: object,
  signal: AbortSignal,
  complete?: Complete,
): Promise<void> {
  const wanted = object as KubeObject;
  const { name, namespace } = wanted.metadata;
  const scope = ownScope(registry.resources.byId(id)!, signal, namespace);
  const present = cacheOf(registry, scope.resource).get(namespace ? `${namespace}/${name}` : name)?.object;
  try {
    if (!present) await createObject(registry, scope, structuredClone(wanted));
    else if (complete?.(present, wanted))
      await updateObject(registry, scope, name, (current) => structuredClone(complete(current, wanted) ?? current));
  } catch (error) {
    // Another server of the same store was faster.
    if (!hasReason(error, "AlreadyExists") && !hasReason(error, "NotFound")) throw error;
  }
}

async function replace(registry: Registry, id: string, object: object, signal: AbortSignal): Promise<void> {
  const draft = structuredClone(object) as KubeObject;
  const scope = ownScope(registry.resources.byId(id)!, signal, draft.metadata.namespace);
  try {
    await createObject(registry, scope, draft);
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
    await updateObject(registry, scope, draft.metadata.name, () => structuredClone(object) as KubeObject);
  }
}
