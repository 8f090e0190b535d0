import type { Action } from "../../client/mod.ts";
import {
  type Deployment,
  fenceposts,
  maxUnavailableOf,
  type ReplicaSet,
  replicasOf,
  revisionOf,
  scaleSet,
  sumOf,
} from "./replicasets.ts";

/** How many pods the new set may have now. */
export function newSize(deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): number {
  const desired = replicasOf(deployment);
  if (deployment.spec.strategy?.type === "Recreate") return desired;
  const size = current ? replicasOf(current) : 0;
  if (size >= desired) return desired;
  const room = desired + fenceposts(deployment).surge - sumOf(old, replicasOf) - size;
  return size + Math.max(0, Math.min(room, desired - size));
}

/** One step of a rolling update once the new set is there: up as far as surge goes, else old ones down. Pure. */
export function planRolling(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Action[] {
  const size = newSize(deployment, current, old);
  if (size !== replicasOf(current)) return scaleSet(deployment, current, size);
  return planScaleDown(deployment, current, old);
}

function planScaleDown(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Action[] {
  const available = (rs: ReplicaSet): number => rs.status?.availableReplicas ?? 0;
  const minAvailable = replicasOf(deployment) - maxUnavailableOf(deployment);
  const unavailableNew = replicasOf(current) - available(current);
  const total = sumOf([...old, current], replicasOf);
  const sizes = old.map(replicasOf);
  // Pods that serve nobody go first: they cost no availability.
  let cleanup = total - minAvailable - unavailableNew;
  if (cleanup <= 0) return [];
  for (const [index, rs] of old.entries()) {
    const step = Math.min(cleanup, Math.max(0, sizes[index]! - available(rs)));
    sizes[index]! -= step;
    cleanup -= step;
  }
  let spare = sumOf([...old, current], available) - minAvailable;
  for (const index of old.keys()) {
    const step = Math.max(0, Math.min(spare, sizes[index]!));
    sizes[index]! -= step;
    spare -= step;
  }
  return old.flatMap((rs, index) => (sizes[index] === replicasOf(rs) ? [] : scaleSet(deployment, rs, sizes[index]!)));
}

function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [one, other] = [revisionOf(a), revisionOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Deletes the oldest empty sets beyond `revisionHistoryLimit`. Pure. */
export function planCleanup(deployment: Deployment, old: readonly ReplicaSet[]): Action[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const alive = old.filter(({ metadata }) => !metadata.deletionTimestamp);
  const doomed = alive.toSorted(byRevision).slice(0, Math.max(0, alive.length - limit));
  return doomed
    .filter((rs) => (rs.status?.replicas ?? 0) === 0 && replicasOf(rs) === 0 && isObserved(rs))
    .map((object) => ({ do: "delete", resource: "replicasets.apps", object }));
}

function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
}
