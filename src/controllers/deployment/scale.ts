import type { Action } from "../../client/mod.ts";
import {
  byAge,
  type Deployment,
  desiredAnnotation,
  fenceposts,
  maxAnnotation,
  type ReplicaSet,
  replicasOf,
  scaleSet,
  sumOf,
} from "./replicasets.ts";

/** Whether `spec.replicas` changed since the replica sets were scaled last. */
export function isScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some((rs) => {
    const desired = rs.metadata.annotations?.[desiredAnnotation];
    return replicasOf(rs) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
  });
}

/** Follows a change of `spec.replicas` without going on with a rollout: in proportion if several sets have pods. Pure. */
export function planScale(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Action[] {
  const desired = replicasOf(deployment);
  const all = current ? [...old, current] : [...old];
  const active = all.filter((rs) => replicasOf(rs) > 0);
  const only = active.length === 0 ? (current ?? old.at(-1)) : active.length === 1 ? active[0] : undefined;
  if (only) return replicasOf(only) === desired ? [] : scaleSet(deployment, only, desired);
  if (active.length === 0) return [];
  if (current && isSaturated(deployment, current))
    return active.filter((rs) => rs !== current).flatMap((rs) => scaleSet(deployment, rs, 0));
  return deployment.spec.strategy?.type === "Recreate" ? [] : planProportional(deployment, active);
}

function isSaturated(deployment: Deployment, rs: ReplicaSet): boolean {
  const desired = replicasOf(deployment);
  const remembered = Number(rs.metadata.annotations?.[desiredAnnotation]);
  return replicasOf(rs) === desired && remembered === desired && (rs.status?.availableReplicas ?? 0) === desired;
}

function planProportional(deployment: Deployment, active: readonly ReplicaSet[]): Action[] {
  const desired = replicasOf(deployment);
  const allowed = desired > 0 ? desired + fenceposts(deployment).surge : 0;
  const toAdd = allowed - sumOf(active, replicasOf);
  const newestFirst = toAdd > 0;
  const sorted = active.toSorted((a, b) => replicasOf(b) - replicasOf(a) || (newestFirst ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  const sizes = sorted.map((rs) => {
    const share = shareOf(deployment, rs, toAdd, added);
    added += share;
    return replicasOf(rs) + share;
  });
  // What rounding left over goes to the largest.
  if (sizes.length > 0) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
  return sorted.flatMap((rs, index) => scaleSet(deployment, rs, sizes[index]!));
}

function shareOf(deployment: Deployment, rs: ReplicaSet, toAdd: number, added: number): number {
  const size = replicasOf(rs);
  const left = toAdd - added;
  if (size === 0 || left === 0) return 0;
  const desired = replicasOf(deployment);
  if (desired === 0) return Math.max(-size, left);
  const before = Number(rs.metadata.annotations?.[maxAnnotation]) || deployment.status?.replicas || 0;
  const wanted = Math.round((size * (desired + fenceposts(deployment).surge)) / before) - size;
  return toAdd > 0 ? Math.min(wanted, left) : Math.max(wanted, left);
}
