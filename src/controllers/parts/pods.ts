import type { KubeObject } from "../../api/machinery/object.ts";

export type Pod = KubeObject;

/** Whether a pod does or will do work. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Whether all of a pod's containers have ended for good. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Whether a pod is on its way out and still takes room. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && !isFinished(pod);
}

/** The `Ready` condition, if the kubelet has given one. */
export function readyCondition({ status }: Pod): { status: string; lastTransitionTime?: string } | undefined {
  return status?.conditions?.find((each: any) => each.type === "Ready");
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === "True";
}

/** Milliseconds until a ready pod counts as available (0: it does now); undefined if it isn't ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = readyCondition(pod);
  if (ready?.status !== "True") return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, Date.parse(ready.lastTransitionTime ?? "") + minReadySeconds * 1000 - now);
}

/** The controlling owner reference of what `owner` makes. */
export function ownerReference({ apiVersion, kind, metadata }: KubeObject) {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
}

/** A pod after a template, owned by `owner`. `name` or else `generateName` from the owner's name. */
export function podFromTemplate(owner: KubeObject, template: any, more: { name?: string } = {}): object {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  const { name, namespace } = owner.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(more.name === undefined ? { generateName: `${name}-` } : { name: more.name }),
      namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [ownerReference(owner)],
    },
    spec: template?.spec ?? {},
  };
}

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";

/**
 * Orders pods by who is deleted first: those without a node, pending, not ready, of lower deletion cost, from crowded
 * nodes, ready for a shorter time, restarted more often, younger (the ReplicaSet docs, "Scaling a ReplicaSet").
 * `crowd` gives how many related pods share the pod's node.
 */
export function byDeletionPreference(crowd: (pod: Pod) => number, now: number): (a: Pod, b: Pod) => number {
  const number = (value: unknown) => Number(value ?? 0) || 0;
  const restarts = ({ status }: Pod) =>
    Math.max(0, ...(status?.containerStatuses ?? []).map((each: any) => each.restartCount ?? 0));
  // Ages within a factor of two count as the same, so that not always the youngest of a rollout go.
  const age = (time: string | undefined) => (time ? Math.floor(Math.log2(Math.max(1, now - Date.parse(time)))) : -1);
  const keys: ((pod: Pod) => number)[] = [
    ({ spec }) => (spec?.nodeName ? 1 : 0),
    ({ status }) => phaseRank[status?.phase ?? "Pending"] ?? 0,
    (pod) => (isReady(pod) ? 1 : 0),
    ({ metadata }) => number(metadata.annotations?.[deletionCost]),
    (pod) => -crowd(pod),
    (pod) => (isReady(pod) ? age(readyCondition(pod)?.lastTransitionTime) : 0),
    (pod) => -restarts(pod),
    ({ metadata }) => age(metadata.creationTimestamp),
  ];
  return (a, b) => {
    for (const key of keys) {
      const difference = key(a) - key(b);
      if (difference !== 0) return difference;
    }
    return a.metadata.uid < b.metadata.uid ? -1 : 1;
  };
}
