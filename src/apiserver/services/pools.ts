import { formatIp, networkOf, parseCidr } from "../../api/machinery/ip.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";

/** Addresses that Services are given: a range without its network's and its broadcast address. */
export interface Pool {
  first: bigint;
  size: bigint;
}

/** The pool of a range such as `10.96.0.0/16`; undefined for what is none, or of IPv6. */
export function poolOf(range: string): Pool | undefined {
  const cidr = parseCidr(range);
  if (cidr?.ip.family !== 4) return undefined;
  return { first: networkOf(cidr) + 1n, size: (1n << BigInt(32 - cidr.prefix)) - 2n };
}

/** The server's own pool, then those of the ServiceCIDRs that are ready, as they say or as long as nobody says anything. */
export function poolsNow(registry: Registry, own: Pool): Pool[] {
  const pools = [own];
  const ranges = cacheOf(registry, registry.resources.byId("servicecidrs.networking.k8s.io")!);
  for (const { object } of ranges.list()) {
    const ready = object.status?.conditions?.find(({ type }: { type: string }) => type === "Ready");
    if (object.metadata.deletionTimestamp || (ready && ready.status !== "True")) continue;
    for (const range of object.spec?.cidrs ?? []) {
      const pool = poolOf(range);
      if (pool && pool.size > 0n && !(pool.first === own.first && pool.size === own.size)) pools.push(pool);
    }
  }
  return pools;
}

export function isIn({ first, size }: Pool, address: bigint): boolean {
  return address >= first && address < first + size;
}

/**
 * The addresses of a pool in the order in which they are given out: from somewhere in the upper part on, the lower one last.
 * It is left to those who ask for an address by number (KEP-3070). `chance` is in [0, 1).
 */
export function* offers({ first, size }: Pool, chance: number): Iterable<string> {
  const offset = size / 16n < 16n ? 0n : size / 16n > 256n ? 256n : size / 16n;
  const span = size - offset;
  const start = BigInt(Math.floor(chance * Number(span)));
  for (let step = 0n; step < span; step++) yield formatIp(4, first + offset + ((start + step) % span));
  for (let step = 0n; step < offset; step++) yield formatIp(4, first + step);
}
