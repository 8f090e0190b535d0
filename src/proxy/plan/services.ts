import type { KubeObject } from "../../api/machinery/object.ts";

/** Where traffic for one port of a Service goes. */
export interface ServicePort {
  /** `namespace/name:port`, unique in the cluster. */
  key: string;
  protocol: "tcp" | "udp";
  /** Addresses that the port answers on inside the cluster. */
  clusterIps: readonly string[];
  /** Addresses that it answers on for the world outside: external IPs and load balancers'. */
  externalIps: readonly string[];
  port: number;
  nodePort?: number;
  /** Endpoints for traffic from inside, and for traffic from outside, as the policies choose them: `ip . port`. */
  internal: readonly string[];
  external: readonly string[];
  /** Traffic from outside keeps its source address (externalTrafficPolicy Local). */
  keepsSource: boolean;
  /** Seconds for which a client stays with its endpoint (sessionAffinity ClientIP). */
  affinitySeconds?: number;
}

/** A container port that the node itself answers on. */
export interface HostPort {
  key: string;
  protocol: "tcp" | "udp";
  hostPort: number;
  hostIp?: string;
  /** `ip . port`. */
  target: string;
}

export interface ProxyWorld {
  services: Iterable<KubeObject>;
  slices: Iterable<KubeObject>;
  /** Pods of this node. */
  pods: Iterable<KubeObject>;
  nodeName: string;
}

interface Endpoint {
  target: string;
  ready: boolean;
  /** Still answers though its pod is on the way out. */
  lingering: boolean;
  local: boolean;
}

/** Every port of every Service with its endpoints. Pure. */
export function planServices(world: ProxyWorld): ServicePort[] {
  const slices = new Map<string, KubeObject[]>();
  for (const slice of world.slices) {
    if (slice.addressType !== "IPv4") continue;
    const key = `${slice.metadata.namespace}/${slice.metadata.labels?.["kubernetes.io/service-name"]}`;
    const list = slices.get(key);
    if (list) list.push(slice);
    else slices.set(key, [slice]);
  }
  const ports: ServicePort[] = [];
  for (const service of world.services) {
    const { type, clusterIP } = service.spec;
    if (type === "ExternalName" || !clusterIP || clusterIP === "None") continue;
    const own = slices.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [];
    for (const port of service.spec.ports ?? []) {
      const planned = planPort(service, port, own, world.nodeName);
      if (planned) ports.push(planned);
    }
  }
  return ports;
}

function planPort(
  service: KubeObject,
  port: any,
  slices: readonly KubeObject[],
  nodeName: string,
): ServicePort | undefined {
  const protocol = (port.protocol ?? "TCP").toLowerCase();
  // SCTP needs a kernel module that many machines lack; such a port has no rule.
  if (protocol !== "tcp" && protocol !== "udp") return undefined;
  const { spec, status, metadata } = service;
  const endpoints = endpointsOf(slices, port.name ?? "", nodeName);
  const localOnly = (policy: unknown) => (policy === "Local" ? endpoints.filter((each) => each.local) : endpoints);
  const ingress = (status?.loadBalancer?.ingress ?? []).filter((each: any) => each.ip && each.ipMode !== "Proxy");
  return {
    key: `${metadata.namespace}/${metadata.name}:${port.name ?? ""}`,
    protocol,
    clusterIps: (spec.clusterIPs ?? [spec.clusterIP]).filter((ip: string) => !ip.includes(":")),
    externalIps: [...(spec.externalIPs ?? []), ...ingress.map((each: any) => each.ip)].filter(
      (ip: string) => !ip.includes(":"),
    ),
    port: port.port,
    ...(port.nodePort ? { nodePort: port.nodePort } : {}),
    internal: usable(localOnly(spec.internalTrafficPolicy)),
    external: usable(localOnly(spec.externalTrafficPolicy)),
    keepsSource: spec.externalTrafficPolicy === "Local",
    ...(spec.sessionAffinity === "ClientIP"
      ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800 }
      : {}),
  };
}

/** The ready ones; without any, those that still answer while they end (KEP-1669). */
function usable(endpoints: readonly Endpoint[]): string[] {
  const ready = endpoints.filter((each) => each.ready);
  const chosen = ready.length > 0 ? ready : endpoints.filter((each) => each.lingering);
  return [...new Set(chosen.map((each) => each.target))].sort();
}

function endpointsOf(slices: readonly KubeObject[], portName: string, nodeName: string): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const slice of slices) {
    const port = (slice.ports ?? []).find((each: any) => (each.name ?? "") === portName)?.port;
    if (port === undefined || port === null) continue;
    for (const { addresses, conditions = {}, nodeName: place } of slice.endpoints ?? []) {
      endpoints.push({
        target: `${addresses[0]} . ${port}`,
        ready: conditions.ready !== false,
        lingering: conditions.serving === true && conditions.terminating === true,
        local: place === nodeName,
      });
    }
  }
  return endpoints;
}

/** The node's own ports that containers asked for. Pure. */
export function planHostPorts(world: ProxyWorld): HostPort[] {
  const ports: HostPort[] = [];
  for (const pod of world.pods) {
    const { spec, status, metadata } = pod;
    if (spec.nodeName !== world.nodeName || spec.hostNetwork || !status?.podIP) continue;
    if (status.phase === "Succeeded" || status.phase === "Failed") continue;
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      for (const port of container.ports ?? []) {
        const protocol = (port.protocol ?? "TCP").toLowerCase();
        if (!port.hostPort || (protocol !== "tcp" && protocol !== "udp")) continue;
        const anywhere = !port.hostIP || port.hostIP === "0.0.0.0";
        ports.push({
          key: `${metadata.uid}:${protocol}:${port.hostPort}`,
          protocol,
          hostPort: port.hostPort,
          ...(anywhere ? {} : { hostIp: port.hostIP }),
          target: `${status.podIP} . ${port.containerPort}`,
        });
      }
    }
  }
  return ports;
}
