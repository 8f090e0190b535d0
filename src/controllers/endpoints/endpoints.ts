import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import type { Action, Controller, View } from "../../client/mod.ts";
import { endpointsOf, hostnameOf, type PodEndpoint, podsOfServices, portsFor, targetOf } from "../parts/endpoints.ts";

const managedLabel = { "endpoints.kubernetes.io/managed-by": "endpoint-controller" };
const headlessLabel = "service.kubernetes.io/headless";
const overCapacity = "endpoints.kubernetes.io/over-capacity";
/** Addresses in one Endpoints object; more are cut off (KEP-752). */
const addressesMax = 1000;

/** Keeps the Endpoints object of every service with a selector. */
export const endpointsController: Controller = {
  name: "endpoints",
  account: "endpoint-controller",
  component: "endpoint-controller",
  primary: "services",
  watches: [
    podsOfServices,
    { resource: "endpoints", keys: ({ metadata }) => [`${metadata.namespace}/${metadata.name}`] },
  ],
  plan: planEndpoints,
  planGone: planGone,
};

/** Endpoints that this controller made go with their service. Pure. */
function planGone(key: string, view: View): Action[] {
  const found = view.get("endpoints", key);
  const isOurs = found?.metadata.labels?.["endpoints.kubernetes.io/managed-by"] === "endpoint-controller";
  return found && isOurs ? [{ do: "delete", resource: "endpoints", object: found }] : [];
}

/** One service's Endpoints. Pure. */
export function planEndpoints(service: KubeObject, view: View): Action[] {
  const { selector, ipFamilies } = service.spec;
  if (!selector || Object.keys(selector).length === 0 || service.metadata.deletionTimestamp) return [];
  const { name, namespace } = service.metadata;
  const all = endpointsOf(service, view, ipFamilies?.[0] ?? "IPv4");
  const subsets = subsetsOf(service, all.slice(0, addressesMax));
  const found = view.get("endpoints", `${namespace}/${name}`);
  const { [headlessLabel]: _h, ...labels } = service.metadata.labels ?? {};
  const metadata = {
    ...found?.metadata,
    name,
    namespace,
    labels: {
      ...labels,
      ...managedLabel,
      ...(service.spec.clusterIP === "None" ? { [headlessLabel]: "" } : {}),
    },
    annotations: { ...found?.metadata.annotations } as Record<string, string>,
  };
  if (all.length > addressesMax) metadata.annotations[overCapacity] = "truncated";
  else delete metadata.annotations[overCapacity];
  const object: any = { ...found, apiVersion: "v1", kind: "Endpoints", metadata, subsets };
  if (!found) return [{ do: "create", resource: "endpoints", object }];
  const facts = (each: any) => [each.metadata.labels ?? {}, each.metadata.annotations ?? {}, each.subsets ?? []];
  return sameJson(facts(found), facts(object)) ? [] : [{ do: "update", resource: "endpoints", object }];
}

/** Pods with the same ports make a subset; one that is not ready stands apart in it. Those on their way out are left out. */
function subsetsOf(service: KubeObject, all: readonly PodEndpoint[]): object[] {
  const byPorts = new Map<string, { addresses: object[]; notReadyAddresses: object[]; ports: object[] }>();
  for (const { pod, ip, serving, terminating } of all) {
    const tolerant = service.spec.publishNotReadyAddresses === true;
    if (terminating && !tolerant) continue;
    const ports = portsFor(service, pod);
    const headless = service.spec.clusterIP === "None" && !(service.spec.ports?.length > 0);
    if (ports.length === 0 && !headless) continue;
    const key = JSON.stringify(ports);
    const subset = byPorts.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    byPorts.set(key, subset);
    const hostname = hostnameOf(pod, service);
    const address = {
      ip,
      ...(hostname ? { hostname } : {}),
      ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
      targetRef: targetOf(pod),
    };
    (serving || tolerant ? subset.addresses : subset.notReadyAddresses).push(address);
  }
  return Array.from(byPorts.values(), (subset) => ({
    ...(subset.addresses.length > 0 ? { addresses: sortAddresses(subset.addresses) } : {}),
    ...(subset.notReadyAddresses.length > 0 ? { notReadyAddresses: sortAddresses(subset.notReadyAddresses) } : {}),
    ...(subset.ports.length > 0 ? { ports: withoutEmptyNames(subset.ports) } : {}),
  }));
}

function sortAddresses(addresses: object[]): object[] {
  return addresses.sort((a: any, b: any) => (a.ip < b.ip ? -1 : 1));
}

function withoutEmptyNames(ports: readonly any[]): object[] {
  return ports.map(({ name, ...rest }) => (name === "" ? rest : { name, ...rest }));
}
