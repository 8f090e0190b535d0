// Where the server finds a Service that it calls itself: webhooks and aggregated API servers.

import type { KubeObject } from "../../api/machinery/object.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";

export interface ServiceTarget {
  host: string;
  port: number;
  /** What the server's certificate must be for. */
  serverName: string;
}

/**
 * An endpoint of a Service's port that is ready: this process may stand where cluster IPs lead nowhere. Throws an Error
 * with Kubernetes' words: no such service, no such port, nobody there.
 */
export function serviceTarget(registry: Registry, namespace: string, name: string, port: number): ServiceTarget {
  const services = registry.resources.byId("services")!;
  const service = cacheOf(registry, services).get(`${namespace}/${name}`)?.object;
  if (!service) throw new Error(`service "${name}" not found`);
  const serverName = `${name}.${namespace}.svc`;
  if (service.spec?.type === "ExternalName") return { host: service.spec.externalName, port, serverName };
  const wanted = (service.spec?.ports ?? []).find((each: any) => each.port === port);
  if (!wanted) throw new Error(`no service port ${port} found for service "${name}"`);
  const targets = readyEndpoints(registry, namespace, name, wanted.name ?? "");
  if (targets.length === 0) throw new Error(`no endpoints available for service "${name}"`);
  const chosen = targets[Math.floor(registry.random.next() * targets.length)]!;
  return { ...chosen, serverName };
}

function readyEndpoints(
  registry: Registry,
  namespace: string,
  name: string,
  portName: string,
): { host: string; port: number }[] {
  const slices = registry.resources.byId("endpointslices.discovery.k8s.io")!;
  const found: { host: string; port: number }[] = [];
  for (const { object } of cacheOf(registry, slices).list(namespace)) {
    const slice: KubeObject = object;
    if (slice.metadata.labels?.["kubernetes.io/service-name"] !== name) continue;
    const port = (slice.ports ?? []).find((each: any) => (each.name ?? "") === portName)?.port;
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready !== false) found.push({ host: endpoint.addresses[0], port });
    }
  }
  return found;
}
