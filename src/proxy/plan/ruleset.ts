import { fnv1a32 } from "../../api/machinery/hash.ts";
import type { HostPort, ServicePort } from "./services.ts";

/** A ruleset as data: what the kernel should hold beyond the fixed frame. */
export interface Ruleset {
  /** Chain → its rules. */
  chains: Map<string, readonly string[]>;
  /** Set → its declaration, for sets that belong to one Service. */
  sets: Map<string, string>;
  /** Map or set of the frame → its elements: key → value ("" for sets). */
  elements: Record<FrameMap, Map<string, string>>;
}

export type FrameMap = "service-ips" | "node-ports" | "host-ports" | "no-endpoints" | "no-endpoint-ports" | "hairpin";

export const table = "typernetes-services";

/** The mark of packets that leave under the node's own address. */
const masqueradeMark = "0x4000";

/** The frame that never changes: hooks, maps, and what every packet goes through. */
export function frame(): string {
  return `table ip ${table} {
}
delete table ip ${table}
table ip ${table} {
  map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
  map node-ports { type inet_proto . inet_service : verdict; }
  map host-ports { type inet_proto . inet_service : verdict; }
  map no-endpoints { type ipv4_addr . inet_proto . inet_service : verdict; }
  map no-endpoint-ports { type inet_proto . inet_service : verdict; }
  set hairpin { type ipv4_addr . ipv4_addr; }
  chain masquerade-later {
    meta mark set meta mark or ${masqueradeMark};
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset;
    reject with icmp type port-unreachable;
  }
  chain dispatch {
    ip daddr . meta l4proto . th dport vmap @service-ips;
    fib daddr type local meta l4proto . th dport vmap @node-ports;
    fib daddr type local meta l4proto . th dport vmap @host-ports;
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    jump dispatch;
  }
  chain output {
    type nat hook output priority -100;
    jump dispatch;
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    meta mark & ${masqueradeMark} == ${masqueradeMark} masquerade fully-random;
    ct status dnat ip saddr . ip daddr @hairpin masquerade fully-random;
  }
  chain unserved {
    ip daddr . meta l4proto . th dport vmap @no-endpoints;
    fib daddr type local meta l4proto . th dport vmap @no-endpoint-ports;
  }
  chain forward {
    type filter hook forward priority filter - 5;
    jump unserved;
  }
  chain local-output {
    type filter hook output priority filter - 5;
    jump unserved;
  }
  chain input {
    type filter hook input priority filter - 5;
    jump unserved;
  }
}
`;
}

/** The ruleset for these ports. `podCidr` is where this node's pods are: their traffic keeps its source. Pure. */
export function planRuleset(
  services: readonly ServicePort[],
  hostPorts: readonly HostPort[],
  podCidr: string,
): Ruleset {
  const ruleset: Ruleset = { chains: new Map(), sets: new Map(), elements: emptyElements() };
  for (const service of services) addService(ruleset, service, podCidr);
  for (const port of hostPorts) addHostPort(ruleset, port);
  return ruleset;
}

/** No elements in any of the frame's maps. */
export function emptyElements(): Ruleset["elements"] {
  return {
    "service-ips": new Map(),
    "node-ports": new Map(),
    "host-ports": new Map(),
    "no-endpoints": new Map(),
    "no-endpoint-ports": new Map(),
    hairpin: new Map(),
  };
}

/** A short name for a key: chains may not have long ones. */
function nameOf(kind: string, key: string): string {
  const hex = (text: string) => fnv1a32(text).toString(16).padStart(8, "0");
  return `${kind}-${hex(key)}${hex(`${key}#`)}`;
}

function addService(ruleset: Ruleset, service: ServicePort, podCidr: string): void {
  const { protocol, port, nodePort, internal, external } = service;
  const { elements } = ruleset;
  const inside = nameOf("svc", service.key);
  if (internal.length > 0) {
    ruleset.chains.set(inside, [
      `ip saddr != ${podCidr} jump masquerade-later`,
      ...balance(ruleset, service, internal, inside),
    ]);
  }
  for (const ip of service.clusterIps) {
    const key = `${ip} . ${protocol} . ${port}`;
    if (internal.length > 0) elements["service-ips"].set(key, `goto ${inside}`);
    else elements["no-endpoints"].set(key, "goto refuse");
  }
  const outside = nameOf("ext", service.key);
  const isOpen = nodePort !== undefined || service.externalIps.length > 0;
  if (isOpen && external.length > 0) {
    const rules = balance(ruleset, service, external, outside);
    ruleset.chains.set(outside, service.keepsSource ? rules : ["jump masquerade-later", ...rules]);
  }
  for (const ip of service.externalIps) {
    const key = `${ip} . ${protocol} . ${port}`;
    if (external.length > 0) elements["service-ips"].set(key, `goto ${outside}`);
    else elements["no-endpoints"].set(key, "goto refuse");
  }
  if (nodePort !== undefined) {
    const key = `${protocol} . ${nodePort}`;
    if (external.length > 0) elements["node-ports"].set(key, `goto ${outside}`);
    else elements["no-endpoint-ports"].set(key, "goto refuse");
  }
  for (const target of new Set([...internal, ...external])) {
    const ip = target.split(" ")[0]!;
    elements.hairpin.set(`${ip} . ${ip}`, "");
  }
}

/** Rules that send a packet to one of the endpoints, at random or where its client went before. */
function balance(ruleset: Ruleset, service: ServicePort, targets: readonly string[], chain: string): string[] {
  const { protocol, affinitySeconds } = service;
  if (affinitySeconds === undefined) {
    if (targets.length === 1) return [`meta l4proto ${protocol} dnat ip to ${targets[0]!.replace(" . ", ":")}`];
    const choices = targets.map((target, index) => `${index} : ${target}`).join(", ");
    return [`meta l4proto ${protocol} dnat ip to numgen random mod ${targets.length} map { ${choices} }`];
  }
  const places = targets.map((target) => {
    const name = nameOf("ep", `${chain}#${target}`);
    const seen = nameOf("seen", `${chain}#${target}`);
    ruleset.sets.set(seen, `type ipv4_addr; flags dynamic, timeout; timeout ${affinitySeconds}s; size 65535;`);
    ruleset.chains.set(name, [
      `update @${seen} { ip saddr }`,
      `meta l4proto ${protocol} dnat ip to ${target.replace(" . ", ":")}`,
    ]);
    return { name, seen };
  });
  const again = places.map(({ name, seen }) => `ip saddr @${seen} goto ${name}`);
  if (places.length === 1) return [...again, `goto ${places[0]!.name}`];
  const choices = places.map(({ name }, index) => `${index} : goto ${name}`).join(", ");
  return [...again, `numgen random mod ${places.length} vmap { ${choices} }`];
}

function addHostPort(ruleset: Ruleset, { key, protocol, hostPort, hostIp, target }: HostPort): void {
  const chain = nameOf("hp", key);
  const where = hostIp ? `ip daddr ${hostIp} ` : "";
  ruleset.chains.set(chain, [
    "jump masquerade-later",
    `${where}meta l4proto ${protocol} dnat ip to ${target.replace(" . ", ":")}`,
  ]);
  ruleset.elements["host-ports"].set(`${protocol} . ${hostPort}`, `goto ${chain}`);
  const ip = target.split(" ")[0]!;
  ruleset.elements.hairpin.set(`${ip} . ${ip}`, "");
}
