import type { KubeObject } from "../../api/machinery/object.ts";

/** A question: a name in lower case without its last dot, and a type (`A`, `AAAA`, `SRV`, `PTR`, …). */
export interface Question {
  name: string;
  type: string;
}

export interface DnsRecord {
  name: string;
  type: "A" | "CNAME" | "SRV" | "PTR" | "TXT" | "SOA";
  ttl: number;
  data: any;
}

export type DnsAnswer =
  /** Ours. `nxdomain` if there is no such name at all. */
  | { kind: "answer"; nxdomain: boolean; answers: DnsRecord[]; additionals: DnsRecord[] }
  /** A name of somebody else's. */
  | { kind: "elsewhere" };

export interface DnsWorld {
  domain: string;
  service(namespace: string, name: string): KubeObject | undefined;
  /** Endpoint slices of a Service. */
  slices(namespace: string, name: string): Iterable<KubeObject>;
  hasNamespace(name: string): boolean;
  /** The Service with this cluster IP. */
  serviceByIp(ip: string): KubeObject | undefined;
}

/** How long resolvers may keep an answer, in seconds. */
const ttl = 30;

const nothing: DnsAnswer = { kind: "answer", nxdomain: true, answers: [], additionals: [] };

/** Answers a question from the cluster's Services (Kubernetes DNS-based service discovery, 1.1.0). Pure. */
export function planAnswer(question: Question, world: DnsWorld): DnsAnswer {
  const { name, type } = question;
  if (name.endsWith(".in-addr.arpa")) return reverse(name, type, world);
  if (name === world.domain) return found([], []);
  if (!name.endsWith(`.${world.domain}`)) return { kind: "elsewhere" };
  const labels = name.slice(0, -world.domain.length - 1).split(".");
  if (labels.length === 1 && labels[0] === "dns-version")
    return found([{ name, type: "TXT", ttl, data: "1.1.0" }], [], type);
  const kind = labels.at(-1);
  if (kind === "svc") return serviceAnswer(labels.slice(0, -1), question, world);
  if (kind === "pod") return podAnswer(labels.slice(0, -1), question, world);
  return nothing;
}

function found(answers: DnsRecord[], additionals: DnsRecord[], type?: string): DnsAnswer {
  // The name is there even if it has no record of the type: an empty answer, not NXDOMAIN.
  const fitting =
    type === undefined || type === "ANY"
      ? answers
      : answers.filter((each) => each.type === type || each.type === "CNAME");
  return { kind: "answer", nxdomain: false, answers: fitting, additionals };
}

/** `a-b-c-d.namespace.pod`: the address in the name, if the namespace is there. */
function podAnswer(labels: string[], { name, type }: Question, world: DnsWorld): DnsAnswer {
  if (labels.length === 1) return world.hasNamespace(labels[0]!) ? found([], []) : nothing;
  if (labels.length !== 2 || !world.hasNamespace(labels[1]!)) return nothing;
  const ip = labels[0]!.replaceAll("-", ".");
  if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(ip)) return nothing;
  return found([{ name, type: "A", ttl, data: ip }], [], type);
}

function serviceAnswer(labels: string[], { name, type }: Question, world: DnsWorld): DnsAnswer {
  const namespace = labels.at(-1);
  if (namespace === undefined) return found([], []);
  if (labels.length === 1) return world.hasNamespace(namespace) ? found([], []) : nothing;
  const serviceName = labels.at(-2)!;
  const service = world.service(namespace, serviceName);
  if (!service) return nothing;
  const before = labels.slice(0, -2);
  const base = `${serviceName}.${namespace}.svc.${world.domain}`;
  if (service.spec.type === "ExternalName") {
    return before.length === 0
      ? found([{ name, type: "CNAME", ttl, data: service.spec.externalName }], [], type)
      : nothing;
  }
  const headless = service.spec.clusterIP === "None";
  if (before.length === 0) {
    const records: DnsRecord[] = headless
      ? endpointsOf(service, world).map(({ ip }) => ({ name, type: "A", ttl, data: ip }))
      : ipsOf(service).map((ip) => ({ name, type: "A", ttl, data: ip }));
    if (type !== "SRV") return headless && records.length === 0 ? nothing : found(records, [], type);
    return ports(service, world, base, name, undefined, undefined);
  }
  if (before.length === 2 && before[0]!.startsWith("_") && before[1]!.startsWith("_")) {
    return ports(service, world, base, name, before[0]!.slice(1), before[1]!.slice(1));
  }
  if (before.length === 1 && headless) {
    const own = endpointsOf(service, world).filter((each) => each.host === before[0]);
    return own.length === 0
      ? nothing
      : found(
          own.map(({ ip }) => ({ name, type: "A", ttl, data: ip })),
          [],
          type,
        );
  }
  return nothing;
}

/** SRV records of a Service's ports, with the addresses of their targets. */
function ports(
  service: KubeObject,
  world: DnsWorld,
  base: string,
  name: string,
  portName: string | undefined,
  protocol: string | undefined,
): DnsAnswer {
  const answers: DnsRecord[] = [];
  const additionals: DnsRecord[] = [];
  const fits = (port: { name?: string; protocol?: string }) =>
    (portName === undefined || (port.name ?? "") === portName) &&
    (protocol === undefined || (port.protocol ?? "TCP").toLowerCase() === protocol);
  const add = (target: string, port: number, ip: string) => {
    answers.push({ name, type: "SRV", ttl, data: { priority: 0, weight: 100, port, target } });
    additionals.push({ name: target, type: "A", ttl, data: ip });
  };
  if (service.spec.clusterIP === "None") {
    for (const { host, ip, ports: own } of endpointsOf(service, world)) {
      for (const port of own) if (fits(port)) add(`${host}.${base}`, port.port, ip);
    }
  } else {
    for (const port of service.spec.ports ?? [])
      if (fits(port)) for (const ip of ipsOf(service)) add(base, port.port, ip);
  }
  return answers.length === 0 ? nothing : found(answers, additionals);
}

function ipsOf(service: KubeObject): string[] {
  const ips: string[] = service.spec.clusterIPs ?? [service.spec.clusterIP];
  return ips.filter((ip) => ip && !ip.includes(":"));
}

interface DnsEndpoint {
  host: string;
  ip: string;
  ports: { name?: string; protocol?: string; port: number }[];
}

function endpointsOf(service: KubeObject, world: DnsWorld): DnsEndpoint[] {
  const endpoints: DnsEndpoint[] = [];
  const all = service.spec.publishNotReadyAddresses === true;
  for (const slice of world.slices(service.metadata.namespace!, service.metadata.name)) {
    if (slice.addressType !== "IPv4") continue;
    for (const { addresses, conditions, hostname } of slice.endpoints ?? []) {
      if (!all && conditions?.ready === false) continue;
      // An endpoint without a name of its own is called by its address.
      for (const ip of addresses)
        endpoints.push({ host: hostname ?? ip.replaceAll(".", "-"), ip, ports: slice.ports ?? [] });
    }
  }
  return endpoints;
}

function reverse(name: string, type: string, world: DnsWorld): DnsAnswer {
  const ip = name.slice(0, -".in-addr.arpa".length).split(".").reverse().join(".");
  const service = world.serviceByIp(ip);
  if (!service) return { kind: "elsewhere" };
  const data = `${service.metadata.name}.${service.metadata.namespace}.svc.${world.domain}`;
  return found([{ name, type: "PTR", ttl, data }], [], type);
}
