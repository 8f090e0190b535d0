import { controllerOf, type KubeObject } from "../../api/machinery/object.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { type Action, requeueAfter, updateStatus, type View } from "../../client/mod.ts";
import { claim } from "./adopt.ts";
import {
  availableInMs,
  byDeletionPreference,
  isActive,
  isReady,
  isTerminating,
  type Pod,
  podFromTemplate,
} from "./pods.ts";

/** What differs between the two kinds that keep a number of pods. */
export interface ReplicaKind {
  resource: "replicasets.apps" | "replicationcontrollers";
  selects(owner: KubeObject, labels: Record<string, string> | undefined): boolean;
  /** Whether the status counts pods that are on their way out. */
  countsTerminating: boolean;
}

/** Pods created or deleted by one plan; the next plan does the rest. */
export const podsPerPlanMax = 500;

/**
 * Plans one step towards `spec.replicas` active pods. Pure.
 *
 * Invariant: the runner calls this again for the same key only after the cache has seen every write of the previous
 * plan. That is why no pod is counted or created twice here.
 */
export function planReplicas(owner: KubeObject, view: View, kind: ReplicaKind): Action[] {
  const owned = view.owned<Pod>("pods", owner);
  const orphans = view.by<Pod>("pods", "orphan", owner.metadata.namespace!);
  const { own, actions } = claim(owner, "pods", { owned, orphans }, (pod) => kind.selects(owner, pod.metadata.labels));
  const active = own.filter(isActive);
  const status = planStatus(owner, own, active, view, kind);
  // Adopted pods count only once the cache knows them.
  if (owner.metadata.deletionTimestamp || actions.length > 0) return [...actions, ...status];
  const missing = (owner.spec.replicas ?? 1) - active.length;
  const step = Math.min(Math.abs(missing), podsPerPlanMax);
  if (missing > 0) return [...Array.from({ length: step }, () => createPod(owner)), ...status];
  if (missing === 0) return status;
  const crowd = crowdOf(owner, active, view);
  const doomed = active.toSorted(byDeletionPreference(crowd, view.now)).slice(0, step);
  return [...doomed.map((pod) => deletePod(owner, pod)), ...status];
}

function createPod(owner: KubeObject): Action {
  return {
    do: "create",
    resource: "pods",
    object: podFromTemplate(owner, owner.spec.template),
    done: {
      about: owner,
      type: "Normal",
      reason: "SuccessfulCreate",
      message: ({ metadata }) => `Created pod: ${metadata.name}`,
    },
    failed: { about: owner, type: "Warning", reason: "FailedCreate", message: (error) => `Error creating: ${error}` },
  };
}

function deletePod(owner: KubeObject, pod: Pod): Action {
  const message = `Deleted pod: ${pod.metadata.name}`;
  return {
    do: "delete",
    resource: "pods",
    object: pod,
    done: { about: owner, type: "Normal", reason: "SuccessfulDelete", message },
    failed: { about: owner, type: "Warning", reason: "FailedDelete", message: (error) => `Error deleting: ${error}` },
  };
}

/** Counts the active pods on each node, of all that have the same grandparent: other revisions of a deployment. */
function crowdOf(owner: KubeObject, active: readonly Pod[], view: View): (pod: Pod) => number {
  const parent = controllerOf(owner);
  const related = parent
    ? Iterator.from(view.by("replicasets.apps", "controller", parent.uid)).flatMap((rs) => view.owned<Pod>("pods", rs))
    : active;
  const counts = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName;
    if (node && isActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return ({ spec }) => counts.get(spec?.nodeName) ?? 0;
}

function planStatus(
  owner: KubeObject,
  own: readonly Pod[],
  active: readonly Pod[],
  view: View,
  kind: ReplicaKind,
): Action[] {
  const labels = Object.entries<string>(owner.spec.template?.metadata?.labels ?? {});
  const waits = active.map((pod) => availableInMs(pod, owner.spec.minReadySeconds ?? 0, view.now));
  const next = Math.min(...waits.filter((ms) => ms !== undefined && ms > 0).map((ms) => ms!));
  const before = owner.status ?? {};
  const conditions = failureConditions(owner, active, view);
  const counted = (count: number): number | undefined => (count > 0 ? count : undefined);
  const {
    conditions: _c,
    fullyLabeledReplicas: _f,
    readyReplicas: _r,
    availableReplicas: _a,
    terminatingReplicas: _t,
    ...rest
  } = before;
  const status = {
    ...rest,
    replicas: active.length,
    fullyLabeledReplicas: counted(
      active.filter(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value)).length,
    ),
    readyReplicas: counted(active.filter(isReady).length),
    availableReplicas: counted(waits.filter((ms) => ms === 0).length),
    ...(kind.countsTerminating ? { terminatingReplicas: own.filter(isTerminating).length } : {}),
    observedGeneration: owner.metadata.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
  return [...updateStatus(kind.resource, owner, status), ...(Number.isFinite(next) ? [requeueAfter(next)] : [])];
}

/** `ReplicaFailure` while pods cannot be created or deleted; other conditions stay. */
function failureConditions(owner: KubeObject, active: readonly Pod[], view: View): object[] {
  const before: any[] = owner.status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== "ReplicaFailure");
  const failure = view.lastFailure;
  const missing = (owner.spec.replicas ?? 1) - active.length;
  if (!failure?.action.endsWith(" pods") || missing === 0) return others;
  const reason = missing > 0 ? "FailedCreate" : "FailedDelete";
  const known = before.find((each) => each.type === "ReplicaFailure");
  if (known) return before;
  const lastTransitionTime = formatTime(view.now);
  return [...others, { type: "ReplicaFailure", status: "True", lastTransitionTime, reason, message: failure.message }];
}
