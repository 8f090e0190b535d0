import { requiredNodeTerms, selectsNode, type Taint, tolerates } from "../../api/core/node_match.ts";
import { scaledValue } from "../../api/machinery/intstr.ts";
import { type KubeObject, keyOf } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import { type Action, type Controller, event, requeueAfter, updateStatus, type View } from "../../client/mod.ts";
import { availableInMs, isReady, type Pod, podFromTemplate } from "../parts/pods.ts";
import { planRevisionCleanup, planRevisions, revisionLabel, revisionResource } from "../parts/revisions.ts";

type DaemonSet = KubeObject;

const resource = "daemonsets.apps";
const podsPerPlanMax = 250;

/** What every daemon bears, so that it runs where others don't (docs, "Taints and tolerations" of daemons). */
const daemonTolerations = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];
const hostNetworkToleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

/** Keeps one pod of every DaemonSet on each node that takes it. */
export const daemonSetController: Controller = {
  name: "daemonset",
  account: "daemon-set-controller",
  primary: resource,
  owned: ["pods", revisionResource],
  watches: [
    {
      resource: "nodes",
      *keys(node, view, before) {
        if (before && sameJson([before.spec, before.metadata.labels], [node.spec, node.metadata.labels])) return;
        for (const set of view.list(resource)) yield keyOf(set);
      },
    },
  ],
  plan: planDaemonSet,
};

/** One step of a DaemonSet. Pure. */
export function planDaemonSet(set: DaemonSet, view: View): Action[] {
  if (set.metadata.deletionTimestamp) return [];
  if (scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0, 100, "up") > 0)
    return [event(set, "Warning", "NotSupported", "not supported yet: spec.updateStrategy.rollingUpdate.maxSurge")];
  const revisions = planRevisions(set, view);
  if (revisions.actions.length > 0) return revisions.actions;
  const hash = revisions.current!.metadata.labels![revisionLabel]!;
  const spec = tolerantSpec(set);
  const nodes = Array.from(view.list("nodes"), (node) => ({ node, ...fits(spec, node) }));
  const pods = Map.groupBy(view.owned<Pod>("pods", set), targetOf);
  const actions = [...planPods(set, nodes, pods, hash)];
  if (actions.length === 0) actions.push(...planUpdate(set, nodes, pods, hash, view.now));
  const used = new Set([...pods.values()].flat().map(({ metadata }) => metadata.labels?.[revisionLabel] ?? ""));
  return [...actions, ...planRevisionCleanup(set, revisions, used), ...planStatus(set, nodes, pods, hash, view)];
}

interface Place {
  node: KubeObject;
  /** Whether a pod is to be here, and whether one that is here may stay. */
  runs: boolean;
  stays: boolean;
}
type PodsByNode = ReadonlyMap<string | undefined, Pod[]>;

function tolerantSpec({ spec }: DaemonSet): any {
  const pod = spec.template.spec;
  const more = pod.hostNetwork ? [...daemonTolerations, hostNetworkToleration] : daemonTolerations;
  return { ...pod, tolerations: [...(pod.tolerations ?? []), ...more] };
}

function fits(spec: any, node: KubeObject): { runs: boolean; stays: boolean } {
  if ((spec.nodeName && spec.nodeName !== node.metadata.name) || !selectsNode(spec, node))
    return { runs: false, stays: false };
  const hard = (node.spec?.taints ?? []).filter((taint: Taint) => !tolerates(spec.tolerations, taint));
  const runs = !hard.some(({ effect }: Taint) => effect !== "PreferNoSchedule");
  return { runs, stays: !hard.some(({ effect }: Taint) => effect === "NoExecute") };
}

/** The node that a daemon's pod is on, or was made for. */
function targetOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const fields = requiredNodeTerms(spec)?.[0]?.matchFields;
  return fields?.find(({ key }) => key === "metadata.name")?.values?.[0];
}

const isAlive = ({ metadata }: Pod): boolean => metadata.deletionTimestamp === undefined;

function* planPods(set: DaemonSet, places: readonly Place[], pods: PodsByNode, hash: string): Iterable<Action> {
  const deletes: Action[] = [];
  const creates: Action[] = [];
  const failures: Action[] = [];
  for (const { node, runs, stays } of places) {
    const name = node.metadata.name;
    const here = pods.get(name) ?? [];
    const alive = here.filter(isAlive);
    for (const pod of alive.filter(({ status }) => status?.phase === "Failed")) {
      const message = `Found failed daemon pod ${keyOf(pod)} on node ${name}, will try to kill it`;
      failures.push(event(set, "Warning", "FailedDaemonPod", message));
      deletes.push(deletePod(set, pod));
    }
    if (runs && here.length === 0) creates.push(createPod(set, name, hash));
    const working = alive.filter(({ status }) => status?.phase !== "Failed");
    const surplus = stays
      ? working.toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1)).slice(1)
      : working;
    for (const pod of surplus) deletes.push(deletePod(set, pod));
  }
  yield* failures;
  yield* deletes.slice(0, podsPerPlanMax);
  yield* creates.slice(0, podsPerPlanMax);
}

/** Replaces pods of old templates, as many at once as may be unavailable; those that are no use first. */
function planUpdate(set: DaemonSet, places: readonly Place[], pods: PodsByNode, hash: string, now: number): Action[] {
  if (set.spec.updateStrategy?.type === "OnDelete") return [];
  const wanted = places.filter(({ runs }) => runs);
  const limit = Math.max(
    1,
    scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted.length, "up"),
  );
  const old = { available: [] as Pod[], unavailable: [] as Pod[] };
  let unavailable = 0;
  for (const { node } of wanted) {
    const pod = (pods.get(node.metadata.name) ?? []).find(isAlive);
    const available = pod !== undefined && availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;
    if (!available) unavailable++;
    if (pod && pod.metadata.labels?.[revisionLabel] !== hash) old[available ? "available" : "unavailable"].push(pod);
  }
  const room = Math.max(0, limit - unavailable);
  return [...old.unavailable, ...old.available.slice(0, room)].map((pod) => deletePod(set, pod));
}

function createPod(set: DaemonSet, node: string, hash: string): Action {
  const object: any = podFromTemplate(set, set.spec.template);
  const term = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
  const spec = tolerantSpec(set);
  const required = { nodeSelectorTerms: [term] };
  const nodeAffinity = { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required };
  object.spec = { ...spec, affinity: { ...spec.affinity, nodeAffinity } };
  object.metadata.labels = { ...object.metadata.labels, [revisionLabel]: hash };
  return {
    do: "create",
    resource: "pods",
    object,
    done: {
      about: set,
      type: "Normal",
      reason: "SuccessfulCreate",
      message: ({ metadata }) => `Created pod: ${metadata.name}`,
    },
    failed: { about: set, type: "Warning", reason: "FailedCreate", message: (error) => `Error creating: ${error}` },
  };
}

function deletePod(set: DaemonSet, object: Pod): Action {
  const message = `Deleted pod: ${object.metadata.name}`;
  return {
    do: "delete",
    resource: "pods",
    object,
    done: { about: set, type: "Normal", reason: "SuccessfulDelete", message },
  };
}

function planStatus(set: DaemonSet, places: readonly Place[], pods: PodsByNode, hash: string, view: View): Action[] {
  let [current, misscheduled, ready, available, updated] = [0, 0, 0, 0, 0];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { node, runs } of places) {
    const alive = (pods.get(node.metadata.name) ?? []).filter(isAlive);
    if (alive.length === 0) continue;
    if (!runs) {
      misscheduled++;
      continue;
    }
    current++;
    const pod = alive[0]!;
    if (isReady(pod)) ready++;
    const waitMs = availableInMs(pod, set.spec.minReadySeconds ?? 0, view.now);
    if (waitMs === 0) available++;
    else if (waitMs !== undefined) nextMs = Math.min(nextMs, waitMs);
    if (pod.metadata.labels?.[revisionLabel] === hash) updated++;
  }
  const desired = places.filter(({ runs }) => runs).length;
  const counted = (count: number): number | undefined => (count > 0 ? count : undefined);
  const { collisionCount, conditions } = set.status ?? {};
  const status = {
    ...(collisionCount ? { collisionCount } : {}),
    ...(conditions ? { conditions } : {}),
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    observedGeneration: set.metadata.generation,
    updatedNumberScheduled: counted(updated),
    numberAvailable: counted(available),
    numberUnavailable: counted(desired - available),
  };
  return [...updateStatus(resource, set, status), ...(Number.isFinite(nextMs) ? [requeueAfter(nextMs)] : [])];
}
