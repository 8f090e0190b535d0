import { FieldPath, invalid, invalidObject } from "../../api/machinery/field.ts";
import { formatIp, networkOf, parseCidr, parseIp } from "../../api/machinery/ip.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { internal } from "../../api/machinery/status.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";

export interface ServiceRanges {
  /** Where cluster IPs come from: `10.96.0.0/16`. */
  serviceCidr: string;
  /** First and last node port. */
  nodePorts: { first: number; last: number };
}

/** A range of numbers with those that are taken. What is reserved but never stored comes free after a while. */
interface Pool {
  first: bigint;
  size: bigint;
}

/** How long an address given to a create that is still under way stays reserved, in milliseconds. */
const reservationMs = 10_000;

/**
 * Gives Services their cluster IPs and node ports, as an admission step right before validation. What is taken is read
 * from the Services that there are, so nothing needs to be given back.
 */
export function serviceAllocator(registry: () => Registry, ranges: ServiceRanges): AdmissionPlugin {
  const cidr = parseCidr(ranges.serviceCidr);
  if (!cidr)
    throw new Error(`service CIDR ${JSON.stringify(ranges.serviceCidr)}: wanted an address range such as 10.96.0.0/16`);
  const base = networkOf(cidr);
  const addresses: Pool = { first: base + 1n, size: (1n << BigInt(32 - cidr.prefix)) - 2n };
  const reserved = new Map<string, number>();

  function reserve(what: string): void {
    const now = registry().clock.monotonicMs();
    for (const [each, until] of reserved) if (until < now) reserved.delete(each);
    reserved.set(what, now + reservationMs);
  }

  function taken(except: KubeObject): Set<string> {
    const used = new Set(reserved.keys());
    const table = cacheOf(registry(), registry().resources.byId("services")!);
    for (const { object } of table.list()) {
      if (object.metadata.uid === except.metadata.uid) continue;
      for (const ip of object.spec?.clusterIPs ?? []) used.add(ip);
      for (const port of object.spec?.ports ?? []) if (port.nodePort) used.add(portKey(port.nodePort, port.protocol));
      if (object.spec?.healthCheckNodePort) used.add(portKey(object.spec.healthCheckNodePort, "TCP"));
    }
    return used;
  }

  function pickAddress(used: Set<string>): string {
    // The lower part of the range is left to addresses that are asked for by number (KEP-3070).
    const offset = addresses.size / 16n < 16n ? 0n : addresses.size / 16n > 256n ? 256n : addresses.size / 16n;
    const span = addresses.size - offset;
    const start = BigInt(Math.floor(registry().random.next() * Number(span)));
    for (let step = 0n; step < span; step++) {
      const ip = formatIp(4, addresses.first + offset + ((start + step) % span));
      if (!used.has(ip)) return ip;
    }
    for (let step = 0n; step < offset; step++) {
      const ip = formatIp(4, addresses.first + step);
      if (!used.has(ip)) return ip;
    }
    throw internal("failed to allocate a serviceIP: range is full");
  }

  function claimAddress(object: KubeObject, used: Set<string>): void {
    const { spec } = object;
    const asked: string | undefined = spec.clusterIP || spec.clusterIPs?.[0];
    if (asked === "None") {
      spec.clusterIP = "None";
      spec.clusterIPs = ["None"];
    } else if (asked) {
      const ip = parseIp(asked);
      if (ip) checkAddress(object, asked, ip.value, used);
      spec.clusterIP = asked;
      spec.clusterIPs ??= [asked];
    } else {
      const ip = pickAddress(used);
      spec.clusterIP = ip;
      spec.clusterIPs = [ip];
    }
    if (spec.clusterIP !== "None") reserve(spec.clusterIP);
    spec.ipFamilies ??= ["IPv4"];
    spec.ipFamilyPolicy ??= "SingleStack";
  }

  function checkAddress(object: KubeObject, asked: string, value: bigint, used: Set<string>): void {
    const path = new FieldPath("spec").child("clusterIPs");
    const why =
      value < addresses.first || value >= addresses.first + addresses.size
        ? `failed to allocate IP ${asked}: the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${ranges.serviceCidr}`
        : used.has(asked)
          ? `failed to allocate IP ${asked}: provided IP is already allocated`
          : undefined;
    if (why) throw invalidObject("", "Service", object.metadata.name, [invalid(path, [asked], why)]);
  }

  function claimPorts(object: KubeObject, previous: KubeObject | undefined, used: Set<string>): void {
    for (const [index, port] of (object.spec.ports ?? []).entries()) {
      const protocol = port.protocol ?? "TCP";
      if (!port.nodePort) {
        const before = previous?.spec?.ports?.find(
          (each: any) => each.port === port.port && (each.protocol ?? "TCP") === protocol,
        );
        port.nodePort = before?.nodePort ?? pickPort(used, protocol);
      } else checkPort(object, port.nodePort, protocol, index, used);
      used.add(portKey(port.nodePort, protocol));
      reserve(portKey(port.nodePort, protocol));
    }
  }

  function checkPort(object: KubeObject, nodePort: number, protocol: string, index: number, used: Set<string>): void {
    const { first, last } = ranges.nodePorts;
    const path = new FieldPath("spec").child("ports").index(index).child("nodePort");
    const why =
      nodePort < first || nodePort > last
        ? `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
        : used.has(portKey(nodePort, protocol))
          ? "provided port is already allocated"
          : undefined;
    if (why) throw invalidObject("", "Service", object.metadata.name, [invalid(path, nodePort, why)]);
  }

  function pickPort(used: Set<string>, protocol: string): number {
    const { first, last } = ranges.nodePorts;
    const size = last - first + 1;
    const start = Math.floor(registry().random.next() * size);
    for (let step = 0; step < size; step++) {
      const port = first + ((start + step) % size);
      if (!used.has(portKey(port, protocol))) return port;
    }
    throw internal("failed to allocate a nodePort: range is full");
  }

  return {
    name: "ServiceAllocation",
    validate({ operation, scope, draft, previous, subresource }) {
      if (scope.resource.id !== "services" || subresource || !draft || operation === "DELETE") return;
      const { spec } = draft;
      if (spec.type === "ExternalName") {
        for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete spec[field];
        return;
      }
      const used = taken(draft);
      claimAddress(draft, used);
      if (spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)) {
        claimPorts(draft, previous, used);
      } else if (operation === "UPDATE" && spec.type === "ClusterIP" && previous?.spec?.type !== "ClusterIP") {
        // The ports of the type that it was; one that the user asks for now fails validation before this.
        for (const port of spec.ports ?? []) delete port.nodePort;
      }
    },
  };
}

function portKey(port: number, protocol: string): string {
  return `${protocol}:${port}`;
}
