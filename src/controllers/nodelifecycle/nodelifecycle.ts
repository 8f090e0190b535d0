import { type Taint, toleratesTaint } from "../../api/core/node_match.ts";
import { type KubeObject, keyOf } from "../../api/machinery/object.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { sameJson } from "../../base/equal.ts";
import { type Action, type Controller, event, requeueAfter, type View } from "../../client/mod.ts";
import { isFinished, type Pod } from "../parts/pods.ts";

const leases = "leases.coordination.k8s.io";
const leaseNamespace = "kube-node-lease";
const notReady = "node.kubernetes.io/not-ready";
const unreachable = "node.kubernetes.io/unreachable";

/** The taint for each condition of a node that speaks against new pods (well-known labels, taints). */
const conditionTaints: [type: string, status: string, key: string][] = [
  ["Ready", "False", notReady],
  ["Ready", "Unknown", unreachable],
  ["MemoryPressure", "True", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "True", "node.kubernetes.io/disk-pressure"],
  ["PIDPressure", "True", "node.kubernetes.io/pid-pressure"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
];
const ownKeys = new Set([...conditionTaints.map(([, , key]) => key), "node.kubernetes.io/unschedulable"]);

/** Conditions that become Unknown when a node is silent. */
const reported = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** Watches over nodes' heartbeats: marks silent ones, taints, and marks their pods not ready. */
export function nodeLifecycleController({ nodeGraceMs }: { nodeGraceMs: number }): Controller {
  return {
    name: "nodelifecycle",
    account: "node-controller",
    component: "node-controller",
    primary: "nodes",
    watches: [
      // Only the first lease is news; later ones only push the deadline out, and the deadline looks at them itself.
      {
        resource: leases,
        keys: (lease, _, before) =>
          !before && lease.metadata.namespace === leaseNamespace ? [lease.metadata.name] : [],
      },
    ],
    reads: ["pods"],
    indexes: { pods: podsByNode },
    plan: (node, view) => planNode(node, view, nodeGraceMs),
  };
}

const podsByNode = { node: ({ spec }: Pod) => (spec?.nodeName ? [spec.nodeName as string] : []) };

/** One node's conditions, taints and the readiness of its pods. Pure. */
export function planNode(node: KubeObject, view: View, graceMs: number): Action[] {
  if (node.metadata.deletionTimestamp) return [];
  const conditions: any[] = node.status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === "Ready");
  const lease = view.get(leases, `${leaseNamespace}/${node.metadata.name}`);
  const beats = [ready?.lastHeartbeatTime, lease?.spec?.renewTime, node.metadata.creationTimestamp];
  const lastMs = Math.max(view.startedMs, ...beats.map((time) => Date.parse(time ?? "") || 0));
  const leftMs = lastMs + graceMs - view.now;
  if (leftMs <= 0 && ready?.status !== "Unknown") return planSilence(node, conditions, view.now);
  const again = leftMs > 0 ? [requeueAfter(leftMs)] : [];
  return [...planTaints(node, view.now), ...planPodsNotReady(node, ready, view), ...again];
}

function planSilence(node: KubeObject, conditions: readonly any[], now: number): Action[] {
  const time = formatTime(now);
  const silent = reported.map((type) => {
    const before = conditions.find((each) => each.type === type);
    const reason = before ? "NodeStatusUnknown" : "NodeStatusNeverUpdated";
    const message = before ? "Kubelet stopped posting node status." : "Kubelet never posted node status.";
    const lastHeartbeatTime = before?.lastHeartbeatTime ?? node.metadata.creationTimestamp;
    return { ...before, type, status: "Unknown", reason, message, lastHeartbeatTime, lastTransitionTime: time };
  });
  const others = conditions.filter(({ type }) => !reported.includes(type));
  const patch = { status: { conditions: [...others, ...silent] } };
  const { name } = node.metadata;
  return [
    { do: "patch", resource: "nodes", object: node, type: "merge", patch, subresource: "status" },
    event(node, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`),
  ];
}

/** Keeps the taints that this controller owns in line with the conditions; others stay. */
function planTaints(node: KubeObject, now: number): Action[] {
  const conditions: any[] = node.status?.conditions ?? [];
  const before: Taint[] = node.spec?.taints ?? [];
  const wanted: Taint[] = conditionTaints
    .filter(([type, status]) => conditions.some((each) => each.type === type && each.status === status))
    .map(([, , key]) => ({ key, effect: "NoSchedule" }));
  if (node.spec?.unschedulable) wanted.push({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
  // A node that has not spoken yet keeps the taint that it was admitted with.
  const spoken = conditions.some(({ type }) => type === "Ready");
  if (!spoken && before.some(({ key, effect }) => key === notReady && effect === "NoSchedule"))
    wanted.push({ key: notReady, effect: "NoSchedule" });
  for (const { key } of [...wanted])
    if (spoken && (key === notReady || key === unreachable)) wanted.push({ key, effect: "NoExecute" });
  const isOwn = ({ key, effect }: Taint): boolean =>
    (ownKeys.has(key) && effect === "NoSchedule") ||
    ((key === notReady || key === unreachable) && effect === "NoExecute");
  const taints = [
    ...before.filter((taint) => !isOwn(taint)),
    ...wanted.map(
      (taint) =>
        before.find(({ key, effect }) => key === taint.key && effect === taint.effect) ?? {
          ...taint,
          timeAdded: formatTime(now),
        },
    ),
  ];
  const bare = (list: readonly Taint[]) => list.map(({ key, value, effect }) => `${key}=${value}:${effect}`).sort();
  if (sameJson(bare(taints), bare(before))) return [];
  const patch = {
    metadata: { resourceVersion: node.metadata.resourceVersion },
    spec: { taints: taints.length > 0 ? taints : null },
  };
  return [{ do: "patch", resource: "nodes", object: node, type: "merge", patch }];
}

/** Pods of a node that is not ready are not ready either: services leave them out. */
function planPodsNotReady(node: KubeObject, ready: any, view: View): Action[] {
  if (!ready || ready.status === "True") return [];
  const actions: Action[] = [];
  for (const pod of view.by<Pod>("pods", "node", node.metadata.name)) {
    const conditions: any[] = pod.status?.conditions ?? [];
    if (isFinished(pod) || !conditions.some(({ type, status }) => type === "Ready" && status === "True")) continue;
    const next = conditions.map((each) =>
      each.type === "Ready" ? { ...each, status: "False", lastTransitionTime: formatTime(view.now) } : each,
    );
    const patch = { metadata: { resourceVersion: pod.metadata.resourceVersion }, status: { conditions: next } };
    actions.push({ do: "patch", resource: "pods", object: pod, type: "merge", patch, subresource: "status" });
    actions.push(event(pod, "Warning", "NodeNotReady", "Node is not ready"));
  }
  return actions;
}

/** Deletes pods from nodes with NoExecute taints, once their tolerations have run out. */
export const taintEvictionController: Controller = {
  name: "taint-eviction-controller",
  account: "node-controller",
  component: "taint-eviction-controller",
  primary: "pods",
  watches: [
    {
      resource: "nodes",
      *keys(node, view, before) {
        if (before && sameJson(before.spec?.taints, node.spec?.taints)) return;
        for (const pod of view.by<Pod>("pods", "node", node.metadata.name)) yield keyOf(pod);
      },
    },
  ],
  indexes: { pods: podsByNode },
  plan: planEviction,
};

/** Deletes the pod now, later or never. Pure. */
export function planEviction(pod: Pod, view: View): Action[] {
  if (pod.metadata.deletionTimestamp || !pod.spec?.nodeName || isFinished(pod)) return [];
  const taints: Taint[] = (view.get("nodes", pod.spec.nodeName)?.spec?.taints ?? []).filter(
    ({ effect }: Taint) => effect === "NoExecute",
  );
  if (taints.length === 0) return [];
  let dueMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const found = (pod.spec.tolerations ?? []).filter((each: any) => toleratesTaint(each, taint));
    const seconds =
      found.length === 0
        ? 0
        : Math.min(...found.map((each: any) => each.tolerationSeconds ?? Number.POSITIVE_INFINITY));
    const addedMs = Date.parse(taint.timeAdded ?? "") || view.startedMs;
    dueMs = Math.min(dueMs, addedMs + Math.max(0, seconds) * 1000);
  }
  if (!Number.isFinite(dueMs)) return [];
  if (dueMs > view.now) return [requeueAfter(dueMs - view.now)];
  const message = `Marking for deletion Pod ${keyOf(pod)}`;
  const disrupted = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    lastTransitionTime: formatTime(view.now),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }: any) => type !== "DisruptionTarget");
  const patch = {
    metadata: { resourceVersion: pod.metadata.resourceVersion },
    status: { conditions: [...others, disrupted] },
  };
  return [
    event(pod, "Normal", "TaintManagerEviction", message),
    { do: "patch", resource: "pods", object: pod, type: "merge", patch, subresource: "status" },
    { do: "delete", resource: "pods", object: pod },
  ];
}
