import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import type { Action, Controller, View } from "../../client/mod.ts";
import { endpointsOf, hostnameOf, type PodEndpoint, podsOfServices, portsFor, targetOf } from "../parts/endpoints.ts";
import { ownerReference } from "../parts/pods.ts";

const slices = "endpointslices.discovery.k8s.io";
const serviceLabel = "kubernetes.io/service-name";
const managedLabel = "endpointslice.kubernetes.io/managed-by";
const manager = "endpointslice-controller.k8s.io";
const headlessLabel = "service.kubernetes.io/headless";
/** Endpoints in one slice (--max-endpoints-per-slice). */
const endpointsPerSliceMax = 100;

/** Keeps the EndpointSlices of every service with a selector. */
export const endpointSliceController: Controller = {
  name: "endpointslice",
  component: "endpoint-slice-controller",
  primary: "services",
  watches: [
    podsOfServices,
    {
      resource: slices,
      keys: ({ metadata }) =>
        isOurs({ metadata } as KubeObject) ? [`${metadata.namespace}/${metadata.labels?.[serviceLabel]}`] : [],
    },
    {
      resource: "nodes",
      *keys(node, view, before) {
        if (before && zoneOf(before) === zoneOf(node)) return;
        for (const { metadata } of view.list("services")) yield `${metadata.namespace}/${metadata.name}`;
      },
    },
  ],
  indexes: {
    [slices]: {
      service: (slice) =>
        isOurs(slice) ? [`${slice.metadata.namespace}/${slice.metadata.labels?.[serviceLabel]}`] : [],
    },
  },
  plan: planEndpointSlices,
  planGone: (key, view) =>
    Array.from(view.by(slices, "service", key), (object) => ({ do: "delete", resource: slices, object })),
};

function isOurs({ metadata }: KubeObject): boolean {
  return metadata.labels?.[managedLabel] === manager;
}

function zoneOf(node: KubeObject | undefined): string | undefined {
  return node?.metadata.labels?.["topology.kubernetes.io/zone"];
}

interface Group {
  addressType: "IPv4" | "IPv6";
  ports: object[];
  endpoints: any[];
}

/** One service's slices: endpoints stay in the slice they are in, others fill what has room, then new slices. Pure. */
export function planEndpointSlices(service: KubeObject, view: View): Action[] {
  const { selector, ipFamilies } = service.spec;
  if (!selector || Object.keys(selector).length === 0 || service.spec.type === "ExternalName") return [];
  if (service.metadata.deletionTimestamp) return [];
  const key = `${service.metadata.namespace}/${service.metadata.name}`;
  const existing = [...view.by(slices, "service", key)].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const families: ("IPv4" | "IPv6")[] = ipFamilies?.length ? ipFamilies : ["IPv4"];
  const groups = families.flatMap((family) => groupsOf(service, view, family));
  const actions: Action[] = [];
  const kept = new Set<KubeObject>();
  for (const group of groups) {
    const same = existing.filter(
      (slice) => slice.addressType === group.addressType && sameJson(slice.ports ?? [], group.ports),
    );
    for (const slice of same) kept.add(slice);
    actions.push(...planGroup(service, group, same));
  }
  const unused = existing.filter((slice) => !kept.has(slice));
  for (const object of unused) actions.push({ do: "delete", resource: slices, object });
  return actions;
}

/** Pods with the same ports share slices. A service without pods has one empty slice, so that it is seen to be empty. */
function groupsOf(service: KubeObject, view: View, addressType: "IPv4" | "IPv6"): Group[] {
  const groups = new Map<string, Group>();
  for (const each of endpointsOf(service, view, addressType)) {
    const ports = portsFor(service, each.pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, each, view));
  }
  return groups.size > 0 ? [...groups.values()] : [{ addressType, ports: [], endpoints: [] }];
}

function endpointOf(service: KubeObject, { pod, ip, ready, serving, terminating }: PodEndpoint, view: View): object {
  const nodeName = pod.spec?.nodeName;
  const zone = zoneOf(nodeName ? view.get("nodes", nodeName) : undefined);
  const hostname = hostnameOf(pod, service);
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: targetOf(pod),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

function planGroup(service: KubeObject, group: Group, existing: readonly KubeObject[]): Action[] {
  const left = new Map(group.endpoints.map((each) => [each.targetRef.uid as string, each]));
  const filled = existing.map((slice) => {
    const stay = (slice.endpoints ?? []).flatMap((each: any) => {
      const now = left.get(each.targetRef?.uid);
      left.delete(each.targetRef?.uid);
      return now ? [now] : [];
    });
    return { slice, endpoints: stay as any[] };
  });
  const rest = [...left.values()];
  for (const { endpoints } of filled)
    endpoints.push(...rest.splice(0, Math.max(0, endpointsPerSliceMax - endpoints.length)));
  const actions: Action[] = [];
  for (const [index, { slice, endpoints }] of filled.entries()) {
    if (endpoints.length === 0 && (index > 0 || group.endpoints.length > 0)) {
      actions.push({ do: "delete", resource: slices, object: slice });
      continue;
    }
    const labels = labelsOf(service);
    if (sameJson(slice.endpoints ?? [], endpoints) && sameJson(slice.metadata.labels, labels)) continue;
    actions.push({
      do: "update",
      resource: slices,
      object: { ...slice, metadata: { ...slice.metadata, labels }, endpoints },
    });
  }
  const isEmpty = group.endpoints.length === 0 && existing.length === 0;
  while (rest.length > 0 || isEmpty) {
    actions.push(createSlice(service, group, rest.splice(0, endpointsPerSliceMax)));
    if (isEmpty) break;
  }
  return actions;
}

function labelsOf(service: KubeObject): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    [serviceLabel]: service.metadata.name,
    [managedLabel]: manager,
    ...(service.spec.clusterIP === "None" ? { [headlessLabel]: "" } : {}),
  };
}

function createSlice(service: KubeObject, { addressType, ports }: Group, endpoints: object[]): Action {
  const { name, namespace } = service.metadata;
  return {
    do: "create",
    resource: slices,
    object: {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        generateName: `${name}-`,
        namespace,
        labels: labelsOf(service),
        ownerReferences: [ownerReference(service)],
      },
      addressType,
      endpoints,
      ports,
    },
  };
}
