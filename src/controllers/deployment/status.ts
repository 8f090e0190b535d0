import { formatTime } from "../../api/machinery/time.ts";
import { type Action, requeueAfter, updateStatus, type View } from "../../client/mod.ts";
import { type Deployment, maxUnavailableOf, type ReplicaSet, replicasOf, sumOf } from "./replicasets.ts";

interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastUpdateTime: string;
  lastTransitionTime: string;
}

/** News about the rollout that only the plan knows: it made the new set, or found it, or could not. */
export type RolloutNews = Pick<Condition, "status" | "reason" | "message"> | undefined;

/** The deadline that means none. */
const noDeadline = 2 ** 31 - 1;

function find(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((each) => each.type === type);
}

/** The conditions with one set: unchanged if it says the same, at the end with new times otherwise. */
function withCondition(
  conditions: readonly Condition[],
  type: string,
  { status, reason, message }: Pick<Condition, "status" | "reason" | "message">,
  now: string,
  force = false,
): Condition[] {
  const before = find(conditions, type);
  if (!force && before?.status === status && before.reason === reason) return [...conditions];
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
  const next = { type, status, lastUpdateTime: now, lastTransitionTime, reason, message };
  return [...conditions.filter((each) => each.type !== type), next];
}

function without(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((each) => each.type !== type);
}

/** Whether all pods are of the present template and there. */
export function isComplete(deployment: Deployment, status: any): boolean {
  const desired = replicasOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: any, after: any): boolean {
  const oldOnes = (status: any): number => (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  const more = (field: string): boolean => (after[field] ?? 0) > (before?.[field] ?? 0);
  return (
    more("updatedReplicas") || oldOnes(after) < oldOnes(before) || more("readyReplicas") || more("availableReplicas")
  );
}

/** The deployment's counts and conditions from its replica sets, and when to look again at a rollout that hangs. Pure. */
export function planStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  view: View,
  facts: { news?: RolloutNews; collisionCount?: number; onlyCount?: boolean } = {},
): Action[] {
  const counts = countsOf(deployment, current, old, facts.collisionCount);
  const deadlineSeconds = deployment.spec.progressDeadlineSeconds ?? noDeadline;
  const hasDeadline = deadlineSeconds !== noDeadline;
  const now = formatTime(view.now);
  let conditions: Condition[] = deployment.status?.conditions ?? [];
  if (hasDeadline) conditions = withPause(deployment, conditions, now);
  if (hasDeadline && facts.news) conditions = withCondition(conditions, "Progressing", facts.news, now);
  conditions = withAvailability(deployment, counts, conditions, now);
  if (!facts.onlyCount) {
    conditions = hasDeadline
      ? withProgress(deployment, current, counts, conditions, view.now)
      : without(conditions, "Progressing");
  }
  conditions = withFailures([...(current ? [current] : []), ...old], conditions);
  const status = { ...counts, conditions };
  const written = updateStatus("deployments.apps", deployment, status);
  const progressing = find(conditions, "Progressing");
  const settled = isComplete(deployment, counts) || progressing?.reason === "ProgressDeadlineExceeded";
  if (!hasDeadline || settled || !progressing || deployment.spec.paused) return written;
  const dueMs = Date.parse(progressing.lastUpdateTime) + deadlineSeconds * 1000 - view.now;
  return [...written, requeueAfter(Math.max(0, dueMs) + 1000)];
}

function countsOf(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  collisionCount = deployment.status?.collisionCount,
): any {
  const all = current ? [...old, current] : old;
  const available = sumOf(all, ({ status }) => status?.availableReplicas);
  const unavailable = Math.max(0, sumOf(all, replicasOf) - available);
  const counted = (count: number): number | undefined => (count > 0 ? count : undefined);
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: counted(sumOf(all, ({ status }) => status?.replicas)),
    updatedReplicas: counted(current?.status?.replicas ?? 0),
    readyReplicas: counted(sumOf(all, ({ status }) => status?.readyReplicas)),
    availableReplicas: counted(available),
    unavailableReplicas: counted(unavailable),
    terminatingReplicas: sumOf(all, ({ status }) => status?.terminatingReplicas),
    ...(collisionCount ? { collisionCount } : {}),
  };
}

function withPause(deployment: Deployment, conditions: readonly Condition[], now: string): Condition[] {
  const progressing = find(conditions, "Progressing");
  // A rollout that ran out of time stays so.
  if (progressing?.reason === "ProgressDeadlineExceeded") return [...conditions];
  const wasPaused = progressing?.reason === "DeploymentPaused";
  if (deployment.spec.paused && !wasPaused) {
    const said = { status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" } as const;
    return withCondition(conditions, "Progressing", said, now);
  }
  if (!deployment.spec.paused && wasPaused) {
    const said = { status: "Unknown", reason: "DeploymentResumed", message: "Deployment is resumed" } as const;
    return withCondition(conditions, "Progressing", said, now);
  }
  return [...conditions];
}

function withAvailability(
  deployment: Deployment,
  counts: any,
  conditions: readonly Condition[],
  now: string,
): Condition[] {
  const enough = (counts.availableReplicas ?? 0) >= replicasOf(deployment) - maxUnavailableOf(deployment);
  const said = enough
    ? { status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : {
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
  return withCondition(conditions, "Available", said as Pick<Condition, "status" | "reason" | "message">, now);
}

function withProgress(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  counts: any,
  conditions: readonly Condition[],
  nowMs: number,
): Condition[] {
  const now = formatTime(nowMs);
  const progressing = find(conditions, "Progressing");
  const wasComplete =
    (counts.replicas ?? 0) === (counts.updatedReplicas ?? 0) && progressing?.reason === "NewReplicaSetAvailable";
  if (wasComplete) return [...conditions];
  const name = current
    ? `ReplicaSet ${JSON.stringify(current.metadata.name)}`
    : `Deployment ${JSON.stringify(deployment.metadata.name)}`;
  const say = (status: Condition["status"], reason: string, how: string) => ({
    status,
    reason,
    message: `${name} ${how}`,
  });
  if (isComplete(deployment, counts)) {
    const said = say("True", "NewReplicaSetAvailable", "has successfully progressed.");
    return withCondition(conditions, "Progressing", said, now);
  }
  if (hasProgressed(deployment.status, counts))
    return withCondition(conditions, "Progressing", say("True", "ReplicaSetUpdated", "is progressing."), now, true);
  if (hasTimedOut(deployment, progressing, nowMs)) {
    const said = say("False", "ProgressDeadlineExceeded", "has timed out progressing.");
    return withCondition(conditions, "Progressing", said, now);
  }
  return [...conditions];
}

function hasTimedOut(deployment: Deployment, progressing: Condition | undefined, now: number): boolean {
  if (!progressing || deployment.spec.paused || progressing.reason === "NewReplicaSetAvailable") return false;
  if (progressing.reason === "ProgressDeadlineExceeded") return true;
  return Date.parse(progressing.lastUpdateTime) + deployment.spec.progressDeadlineSeconds * 1000 < now;
}

/** Shows the first failure to make pods; takes it away when there is none. */
function withFailures(sets: readonly ReplicaSet[], conditions: readonly Condition[]): Condition[] {
  const failure = sets
    .flatMap(({ status }) => (status?.conditions ?? []) as Condition[])
    .find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (!failure) return without(conditions, "ReplicaFailure");
  const before = find(conditions, "ReplicaFailure");
  if (before?.status === failure.status && before.reason === failure.reason) return [...conditions];
  const { lastTransitionTime } = failure;
  return [...without(conditions, "ReplicaFailure"), { ...failure, lastUpdateTime: lastTransitionTime }];
}
