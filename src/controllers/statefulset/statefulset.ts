import type { KubeObject } from "../../api/machinery/object.ts";
import { type Action, type Controller, event, requeueAfter, updateStatus, type View } from "../../client/mod.ts";
import { availableInMs, isFinished, isReady, type Pod } from "../parts/pods.ts";
import { planRevisionCleanup, planRevisions, revisionLabel, revisionResource } from "../parts/revisions.ts";
import { createPodAt, deletePod, ordinalOf } from "./pod.ts";

type StatefulSet = KubeObject;

const resource = "statefulsets.apps";

/** Keeps pods with names, in order. */
export const statefulSetController: Controller = {
  name: "statefulset",
  primary: resource,
  owned: ["pods", revisionResource],
  reads: ["persistentvolumeclaims"],
  plan: planStatefulSet,
};

/** What a plan works with. */
interface Facts {
  first: number;
  end: number;
  byOrdinal: ReadonlyMap<number, Pod>;
  /** The template that is being rolled out, and the one before it. */
  update: KubeObject;
  current: KubeObject;
  ordered: boolean;
  healthy(pod: Pod): boolean;
}

/** One step of a StatefulSet. Pure. */
export function planStatefulSet(set: StatefulSet, view: View): Action[] {
  if (set.metadata.deletionTimestamp) return [];
  const retention = set.spec.persistentVolumeClaimRetentionPolicy;
  if (retention?.whenDeleted === "Delete" || retention?.whenScaled === "Delete")
    return [
      event(set, "Warning", "NotSupported", "not supported yet: spec.persistentVolumeClaimRetentionPolicy Delete"),
    ];
  const revisions = planRevisions(set, view);
  if (revisions.actions.length > 0) return revisions.actions;
  const update = revisions.current!;
  const current = revisions.all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const pods = view.owned<Pod>("pods", set);
  const found = pods.flatMap((pod): [number, Pod][] => {
    const ordinal = ordinalOf(set, pod);
    return ordinal === undefined ? [] : [[ordinal, pod]];
  });
  const first = set.spec.ordinals?.start ?? 0;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const facts: Facts = {
    first,
    end: first + (set.spec.replicas ?? 1),
    byOrdinal: new Map(found.sort(([a], [b]) => a - b)),
    update,
    current,
    ordered: set.spec.podManagementPolicy !== "Parallel",
    healthy: (pod) => !pod.metadata.deletionTimestamp && availableInMs(pod, minReadySeconds, view.now) === 0,
  };
  const waits = pods.map((pod) => availableInMs(pod, minReadySeconds, view.now) ?? 0).filter((ms) => ms > 0);
  const used = new Set([...pods.map(({ metadata }) => metadata.labels?.[revisionLabel] ?? "")]);
  const inUse = new Set(
    revisions.all
      .filter(({ metadata }) => used.has(metadata.name) || metadata.name === current.metadata.name)
      .map(({ metadata }) => metadata.labels?.[revisionLabel] ?? ""),
  );
  return [
    ...planPods(set, facts, view),
    ...planRevisionCleanup(set, revisions, inUse),
    ...planStatus(set, facts),
    ...(waits.length > 0 ? [requeueAfter(Math.min(...waits))] : []),
  ];
}

/** Up in order, then down in reverse, then the update in reverse; in order means one at a time, each healthy first. */
function planPods(set: StatefulSet, facts: Facts, view: View): Action[] {
  const { first, end, byOrdinal, update, current, ordered, healthy } = facts;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const actions: Action[] = [];
  for (let ordinal = first; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) actions.push(...createPodAt(set, ordinal, ordinal - first < partition ? current : update, view));
    else if (isFinished(pod) && !pod.metadata.deletionTimestamp) actions.push(deletePod(set, pod));
    else if (healthy(pod)) continue;
    else if (!ordered) continue;
    if (ordered) return actions;
  }
  const condemned = [...byOrdinal].filter(([ordinal]) => ordinal < first || ordinal >= end).reverse();
  for (const [, pod] of condemned) {
    if (!pod.metadata.deletionTimestamp) actions.push(deletePod(set, pod));
    if (ordered) return actions;
  }
  if (actions.length > 0 || set.spec.updateStrategy?.type === "OnDelete") return actions;
  for (let ordinal = end - 1; ordinal >= first + partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (!pod || pod.metadata.deletionTimestamp) return [];
    if (pod.metadata.labels?.[revisionLabel] !== update.metadata.name) return [deletePod(set, pod)];
    if (!healthy(pod)) return [];
  }
  return [];
}

function planStatus(set: StatefulSet, { byOrdinal, update, current, healthy, first, end }: Facts): Action[] {
  const pods = [...byOrdinal.values()];
  const countOf = (revision: KubeObject): number =>
    pods.filter(
      (pod) => !pod.metadata.deletionTimestamp && pod.metadata.labels?.[revisionLabel] === revision.metadata.name,
    ).length;
  const updated = countOf(update);
  const ready = pods.filter(isReady).length;
  const done = updated === end - first && pods.length === updated && ready === updated;
  const counted = (count: number): number | undefined => (count > 0 ? count : undefined);
  const status = {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: counted(ready),
    availableReplicas: pods.filter(healthy).length,
    currentReplicas: counted(done ? updated : countOf(current)),
    updatedReplicas: counted(updated),
    currentRevision: (done ? update : current).metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
  };
  return updateStatus(resource, set, status);
}
