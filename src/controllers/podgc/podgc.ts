import type { KubeObject } from "../../api/machinery/object.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { type Action, type Controller, requeueAfter, type View } from "../../client/mod.ts";
import { isFinished, type Pod } from "../parts/pods.ts";

/** How long a node may be unknown before its pods are removed, and how often the number of finished pods is looked at. */
const quarantineMs = 40_000;

/** Removes pods that nothing else removes: of nodes that are gone, on their way out without a node, finished long ago. */
export function podGcController({ terminatedPodsMax }: { terminatedPodsMax: number }): Controller {
  return {
    name: "pod-garbage-collector",
    account: "pod-garbage-collector",
    primary: "pods",
    watches: [
      {
        resource: "nodes",
        *keys(node, view) {
          if (view.get("nodes", node.metadata.name)) return;
          for (const { metadata } of view.by<Pod>("pods", "node", node.metadata.name))
            yield `${metadata.namespace}/${metadata.name}`;
        },
      },
    ],
    indexes: {
      pods: {
        node: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []),
        finished: (pod) => (isFinished(pod) ? ["yes"] : []),
      },
    },
    plan: (pod, view) => planPodGc(pod, view, terminatedPodsMax),
  };
}

/** What becomes of one pod. Pure. */
export function planPodGc(pod: KubeObject, view: View, terminatedPodsMax: number): Action[] {
  const { metadata, spec } = pod;
  if (!spec?.nodeName) return metadata.deletionTimestamp ? remove(pod, view.now) : [];
  if (!view.get("nodes", spec.nodeName)) {
    // A node may register again in a moment.
    const knownMs = Math.max(view.startedMs, Date.parse(metadata.creationTimestamp));
    const leftMs = knownMs + quarantineMs - view.now;
    return leftMs > 0 ? [requeueAfter(leftMs)] : remove(pod, view.now, "pod garbage collector: node no longer exists");
  }
  if (terminatedPodsMax <= 0 || !isFinished(pod) || metadata.deletionTimestamp) return [];
  const finished = [...view.by<Pod>("pods", "finished", "yes")];
  if (finished.length <= terminatedPodsMax) return [];
  const oldest = finished.toSorted(
    (a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp),
  );
  return oldest.indexOf(pod) < finished.length - terminatedPodsMax ? remove(pod, view.now) : [];
}

/** Deletes at once: no kubelet is there to end the pod. */
function remove(pod: Pod, now: number, why?: string): Action[] {
  const actions: Action[] = [];
  if (!isFinished(pod)) {
    const conditions = (pod.status?.conditions ?? []).filter((each: any) => each.type !== "DisruptionTarget");
    const disrupted = {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByPodGC",
      message: "PodGC: node no longer exists",
      lastTransitionTime: formatTime(now),
    };
    const status = { phase: "Failed", conditions: why ? [...conditions, disrupted] : conditions };
    actions.push({
      do: "patch",
      resource: "pods",
      object: pod,
      type: "merge",
      patch: { status },
      subresource: "status",
    });
  }
  actions.push({ do: "delete", resource: "pods", object: pod, options: { gracePeriodSeconds: 0 } });
  return actions;
}
