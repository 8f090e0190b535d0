import { needsHealthCheckPort, needsNodePort } from "../../api/core/servicetypes.ts";
import { FieldPath, invalid, invalidObject } from "../../api/machinery/field.ts";
import { formatIp, parseIp } from "../../api/machinery/ip.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { internal } from "../../api/machinery/status.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";
import { addressObject, belongsTo } from "./addresses.ts";
import { lockServices } from "./lock.ts";
import { isIn, offers, poolOf, poolsNow } from "./pools.ts";

export interface ServiceRanges {
  /** Where cluster IPs come from: `10.96.0.0/16`. */
  serviceCidr: string;
  /** First and last node port. */
  nodePorts: { first: number; last: number };
}

/** What a Service may not have: what others have, and what it has claimed for itself already. */
interface Taken {
  has(what: string): boolean;
  add(what: string): void;
}

/** What one Service may not have any more, and whether it only asks what would be. */
interface Claim {
  used: Taken;
  dryRun: boolean;
}

/** The first node port that a dry run shows. */
const dryRunPort = 32_769;

/** How long an address given to a create that is still under way stays reserved, in milliseconds. */
const reservationMs = 10_000;

/**
 * Gives Services their cluster IPs and node ports, as an admission step right before validation. What is taken is read
 * from the Services that there are, so nothing needs to be given back.
 */
export function serviceAllocator(registry: () => Registry, ranges: ServiceRanges): AdmissionPlugin {
  const addresses = poolOf(ranges.serviceCidr);
  if (!addresses)
    throw new Error(`service CIDR ${JSON.stringify(ranges.serviceCidr)}: wanted an address range such as 10.96.0.0/16`);
  const ownAddress = formatIp(4, addresses.first);
  const reserved = new Map<string, number>();

  function reserve(what: string): void {
    const now = registry().clock.monotonicMs();
    for (const [each, until] of reserved) if (until < now) reserved.delete(each);
    reserved.set(what, now + reservationMs);
  }

  /** Who has what, by uid. Kept up to date by the cache: what is stored needs no reservation any more. */
  let holders: Map<string, string> | undefined;

  function holdersNow(): Map<string, string> {
    if (holders) return holders;
    const found = new Map<string, string>();
    holders = found;
    const table = cacheOf(registry(), registry().resources.byId("services")!);
    for (const { object } of table.list()) for (const each of holdings(object)) found.set(each, object.metadata.uid);
    table.subscribe(({ type, item, previous }) => {
      for (const { object } of previous ? [previous, item] : [item])
        for (const each of holdings(object)) if (found.get(each) === object.metadata.uid) found.delete(each);
      if (type === "delete") return;
      for (const each of holdings(item.object)) {
        found.set(each, item.object.metadata.uid);
        reserved.delete(each);
      }
    });
    return found;
  }

  function taken({ metadata }: KubeObject, previous: KubeObject | undefined): Taken {
    const own = new Set<string>();
    // What it has it may keep, even if that was reserved for it a moment ago.
    const kept = new Set(previous ? holdings(previous) : []);
    const all = holdersNow();
    const isTaken = (what: string): boolean => {
      // The API server's own, whether its Service is there already or not.
      if (what === ownAddress && !isOwnService(metadata)) return true;
      const holder = all.get(what);
      if (reserved.has(what) || (holder !== undefined && holder !== metadata.uid)) return true;
      const object = isPort(what) ? undefined : addressObject(registry(), what);
      return object !== undefined && !(previous && belongsTo(object, metadata));
    };
    return { add: (what) => own.add(what), has: (what) => own.has(what) || (!kept.has(what) && isTaken(what)) };
  }

  function pickAddress(used: Taken): string {
    for (const pool of poolsNow(registry(), addresses!))
      for (const ip of offers(pool, registry().random.next())) if (!used.has(ip)) return ip;
    throw internal("failed to allocate a serviceIP: range is full");
  }

  function claimAddress(object: KubeObject, claim: Claim): void {
    const { spec } = object;
    const asked: string | undefined = spec.clusterIP || spec.clusterIPs?.[0];
    if (asked === "None") {
      spec.clusterIP = "None";
      spec.clusterIPs = ["None"];
    } else if (asked) {
      const ip = parseIp(asked);
      if (ip) checkAddress(object, asked, ip.value, claim.used);
      spec.clusterIP = asked;
      spec.clusterIPs ??= [asked];
    } else {
      const ip = pickAddress(claim.used);
      spec.clusterIP = ip;
      spec.clusterIPs = [ip];
    }
    if (spec.clusterIP !== "None") take(claim, spec.clusterIP);
  }

  function checkAddress(object: KubeObject, asked: string, value: bigint, used: Taken): void {
    const path = new FieldPath("spec").child("clusterIPs");
    const why = !poolsNow(registry(), addresses!).some((pool) => isIn(pool, value))
      ? `failed to allocate IP ${asked}: the provided network does not match the current range`
      : used.has(asked)
        ? `failed to allocate IP ${asked}: provided IP is already allocated`
        : undefined;
    if (why) throw invalidObject("", "Service", object.metadata.name, [invalid(path, [asked], why)]);
  }

  /** Ports of one number share their node port, whatever their protocols. */
  function claimPorts(object: KubeObject, previous: KubeObject | undefined, claim: Claim): void {
    const given = new Map<number, number>();
    const ports: any[] = object.spec.ports ?? [];
    for (const [index, port] of ports.entries()) {
      const shared = given.get(port.port);
      const before = previous?.spec?.ports?.find(
        (each: any) => each.port === port.port && (each.protocol ?? "TCP") === (port.protocol ?? "TCP"),
      );
      const later = ports.find((each) => each.port === port.port && each.nodePort)?.nodePort;
      const wanted = port.nodePort || shared || before?.nodePort || later;
      if (wanted && wanted !== shared) checkPort(object, wanted, index, claim.used);
      port.nodePort = wanted ?? pickPort(claim);
      given.set(port.port, port.nodePort);
      take(claim, portKey(port.nodePort));
    }
  }

  /** The port that load balancers ask nodes at for the Service's health. */
  function claimHealthPort(object: KubeObject, claim: Claim): void {
    const { spec } = object;
    const asked: number | undefined = spec.healthCheckNodePort || undefined;
    const why = asked === undefined ? undefined : portProblem(asked, claim.used);
    if (why) throw internal(`failed to allocate requested HealthCheck NodePort ${asked}: ${why}`);
    spec.healthCheckNodePort = asked ?? pickPort(claim);
    take(claim, portKey(spec.healthCheckNodePort));
  }

  function portProblem(nodePort: number, used: Taken): string | undefined {
    const { first, last } = ranges.nodePorts;
    if (nodePort < first || nodePort > last)
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    return used.has(portKey(nodePort)) ? "provided port is already allocated" : undefined;
  }

  function checkPort(object: KubeObject, nodePort: number, index: number, used: Taken): void {
    const path = new FieldPath("spec").child("ports").index(index).child("nodePort");
    const why = portProblem(nodePort, used);
    if (why) throw invalidObject("", "Service", object.metadata.name, [invalid(path, nodePort, why)]);
  }

  function pickPort({ used, dryRun }: Claim): number {
    const { first, last } = ranges.nodePorts;
    if (dryRun) {
      // Nothing is given out: any number will do that none of this Service's own has.
      let port = dryRunPort;
      while (used.has(portKey(port))) port++;
      return port;
    }
    const size = last - first + 1;
    const start = Math.floor(registry().random.next() * size);
    for (let step = 0; step < size; step++) {
      const port = first + ((start + step) % size);
      if (!used.has(portKey(port))) return port;
    }
    throw internal("failed to allocate a nodePort: range is full");
  }

  function take({ used, dryRun }: Claim, what: string): void {
    used.add(what);
    if (!dryRun) reserve(what);
  }

  return {
    name: "ServiceAllocation",
    async validate({ operation, scope, draft, previous, subresource, beside }) {
      if (scope.resource.id !== "services" || subresource || !draft || operation === "DELETE") return;
      const { spec } = draft;
      if (spec.type === "ExternalName") {
        for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete spec[field];
        return;
      }
      if (beside && !scope.dryRun) await lockServices(registry(), beside);
      const claim: Claim = { used: taken(draft, previous), dryRun: scope.dryRun };
      claimAddress(draft, claim);
      if (needsNodePort(spec)) {
        claimPorts(draft, previous, claim);
      } else if (operation === "UPDATE" && spec.type === "ClusterIP" && previous?.spec?.type !== "ClusterIP") {
        // The ports of the type that it was; one that the user asks for now fails validation before this.
        for (const port of spec.ports ?? []) delete port.nodePort;
      }
      if (needsHealthCheckPort(spec)) claimHealthPort(draft, claim);
    },
  };
}

/** The addresses and node ports of a Service, as they stand in a set of those that are taken. */
function* holdings({ spec }: KubeObject): Iterable<string> {
  yield* spec?.clusterIPs ?? [];
  for (const port of spec?.ports ?? []) if (port.nodePort) yield portKey(port.nodePort);
  if (spec?.healthCheckNodePort) yield portKey(spec.healthCheckNodePort);
}

function isOwnService(metadata: KubeObject["metadata"]): boolean {
  return metadata.namespace === "default" && metadata.name === "kubernetes";
}

function portKey(port: number): string {
  return `port ${port}`;
}

const isPort = (what: string): boolean => what.startsWith("port ");
