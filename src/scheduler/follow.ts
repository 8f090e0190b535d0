import type { KubeObject } from "../api/machinery/object.ts";
import { sameJson } from "../base/equal.ts";
import type { Informer } from "../client/mod.ts";
import { type NodeTable, podInfoOf } from "./cache/nodes.ts";
import type { SchedulingQueue } from "./queue/queue.ts";

/** What pods and nodes are followed into. */
export interface Followed {
  nodes: NodeTable;
  queue: SchedulingQueue;
  schedulerName: string;
}

/** Brings the table of nodes up to date with every change and tells the queue what may help. */
export function followNodes(informer: Informer, { nodes, queue }: Followed): Disposable {
  return informer.onChange((_, now, before) => {
    if (!now) {
      nodes.removeNode(before!.metadata.name);
      return;
    }
    nodes.setNode(now);
    const node = nodes.get(now.metadata.name)!;
    const changed = changesOf(now, before);
    if (!before) queue.tell({ type: "nodeAdded", node, changed });
    else if (changed.size > 0) queue.tell({ type: "nodeChanged", node, changed });
  });
}

/** What of a node's changes matters to scheduling; heartbeats don't. */
function changesOf(
  now: KubeObject,
  before: KubeObject | undefined,
): Set<"allocatable" | "labels" | "taints" | "unschedulable"> {
  const changed = new Set<"allocatable" | "labels" | "taints" | "unschedulable">();
  if (!sameJson(now.status?.allocatable, before?.status?.allocatable)) changed.add("allocatable");
  if (!sameJson(now.metadata.labels, before?.metadata.labels)) changed.add("labels");
  if (!sameJson(now.spec?.taints, before?.spec?.taints)) changed.add("taints");
  if (now.spec?.unschedulable !== before?.spec?.unschedulable) changed.add("unschedulable");
  return changed;
}

/** Pods with a node go to the table, those without one that are ours to the queue. */
export function followPods(informer: Informer, { nodes, queue, schedulerName }: Followed): Disposable {
  const leave = (uid: string): void => {
    queue.remove(uid);
    if (nodes.removePod(uid)) queue.tell({ type: "podLeft" });
  };
  return informer.onChange((_, now, before) => {
    if (before && before.metadata.uid !== now?.metadata.uid) leave(before.metadata.uid);
    if (!now) return;
    const { uid } = now.metadata;
    const { phase } = now.status ?? {};
    if (phase === "Succeeded" || phase === "Failed") {
      leave(uid);
      return;
    }
    if (now.spec.nodeName) {
      queue.remove(uid);
      // What a pod asks for changes only with its spec: most changes are of its status, or what we assumed comes true.
      const known = nodes.nodeOf(uid) === now.spec.nodeName;
      if (!known || before?.metadata.generation !== now.metadata.generation)
        nodes.setPod(podInfoOf(now), now.spec.nodeName);
      return;
    }
    if (nodes.nodeOf(uid) !== undefined) return;
    if (now.metadata.deletionTimestamp || (now.spec.schedulerName ?? "default-scheduler") !== schedulerName) {
      queue.remove(uid);
      return;
    }
    queue.set(podInfoOf(now));
  });
}
