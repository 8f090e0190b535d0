import type { KubeObject } from "../api/machinery/object.ts";
import { hasReason } from "../api/machinery/status.ts";
import { formatMicroTime } from "../api/machinery/time.ts";
import type { Clock, Random } from "../base/world.ts";
import type { Client } from "./client.ts";
import type { Recorder } from "./recorder.ts";

export interface LeaderOptions {
  client: Client;
  clock: Clock;
  random: Random;
  /** The Lease, for example `kube-system/kube-scheduler`. */
  lease: { namespace: string; name: string };
  /** Who we are; differs for every process. */
  identity: string;
  /** The work of a leader. Its signal is aborted when the lease is lost; it is called again if it is won again. */
  lead(signal: AbortSignal): Promise<void>;
  record?: Recorder;
  report?(error: unknown): void;
  signal: AbortSignal;
}

/** client-go's numbers: how long a lease holds, how long a leader tries to renew it, how often, in milliseconds. */
const leaseMs = 15_000;
const renewDeadlineMs = 10_000;
const retryMs = 2_000;

/** What was seen of the lease, and when by our own clock: other machines' clocks are not compared with. */
interface Seen {
  text: string;
  atMs: number;
}

/**
 * The spec that we may write now: to renew our lease, or to take one that nobody holds or whose holder is silent. Undefined
 * while somebody else leads. Pure.
 */
export function planLease(
  lease: KubeObject | undefined,
  { identity, seenAtMs, monotonicMs, now }: { identity: string; seenAtMs: number; monotonicMs: number; now: number },
): Record<string, unknown> | undefined {
  const time = formatMicroTime(now);
  const spec = lease?.spec;
  const own = spec?.holderIdentity === identity;
  const held = Boolean(spec?.holderIdentity) && monotonicMs - seenAtMs < (spec.leaseDurationSeconds ?? 0) * 1000;
  if (!own && held) return undefined;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: leaseMs / 1000,
    acquireTime: own ? spec.acquireTime : time,
    renewTime: time,
    leaseTransitions: own ? (spec.leaseTransitions ?? 0) : spec ? (spec.leaseTransitions ?? 0) + 1 : 0,
  };
}

/** Leads while we hold the lease, until the signal is aborted; gives the lease back then. */
export async function electLeader(options: LeaderOptions): Promise<void> {
  const { clock, random, signal } = options;
  const seen: Seen = { text: "", atMs: clock.monotonicMs() };
  while (!signal.aborted) {
    if (await tryLease(options, seen)) await holdAndLead(options, seen);
    // Candidates do not all ask in the same moment.
    if (!signal.aborted) await clock.sleep(retryMs * (1 + 0.2 * random.next()), signal).catch(() => {});
  }
}

async function holdAndLead(options: LeaderOptions, seen: Seen): Promise<void> {
  const { clock, signal, identity } = options;
  const lost = new AbortController();
  const work = AbortSignal.any([signal, lost.signal]);
  tell(options, `${identity} became leader`);
  const leading = options.lead(work).catch((error) => options.report?.(error));
  let renewedMs = clock.monotonicMs();
  while (!signal.aborted && clock.monotonicMs() - renewedMs < renewDeadlineMs) {
    await clock.sleep(retryMs, signal).catch(() => {});
    if (!signal.aborted && (await tryLease(options, seen))) renewedMs = clock.monotonicMs();
  }
  lost.abort(new Error("the lease was lost"));
  await leading;
  if (signal.aborted) await release(options);
  else tell(options, `${identity} stopped leading`);
}

async function tryLease(options: LeaderOptions, seen: Seen): Promise<boolean> {
  const { client, clock, identity, lease: where, signal } = options;
  try {
    const lease = await client.get("leases.coordination.k8s.io", where, { signal }).catch((error) => {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    });
    const text = JSON.stringify([lease?.spec?.holderIdentity, lease?.spec?.renewTime]);
    if (text !== seen.text) Object.assign(seen, { text, atMs: clock.monotonicMs() });
    const facts = { identity, seenAtMs: seen.atMs, monotonicMs: clock.monotonicMs(), now: clock.now() };
    const spec = planLease(lease, facts);
    if (!spec) return false;
    const next = lease
      ? { ...lease, spec: { ...lease.spec, ...spec } }
      : { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: where, spec };
    await (lease ? client.update : client.create)("leases.coordination.k8s.io", next, { signal });
    return true;
  } catch (error) {
    const beaten = hasReason(error, "Conflict") || hasReason(error, "AlreadyExists");
    if (!beaten && !signal.aborted) options.report?.(error);
    return false;
  }
}

/** Lets the next one lead at once. */
async function release({ client, identity, lease: where }: LeaderOptions): Promise<void> {
  try {
    const lease = await client.get("leases.coordination.k8s.io", where);
    if (lease.spec?.holderIdentity !== identity) return;
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 };
    await client.update("leases.coordination.k8s.io", { ...lease, spec });
  } catch {
    // It ends by itself.
  }
}

function tell({ record, lease }: LeaderOptions, message: string): void {
  const metadata = { ...lease, uid: "", resourceVersion: "", creationTimestamp: "" };
  const object = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata };
  record?.({ object }, "Normal", "LeaderElection", message);
}
