import { controllerOf, type KubeObject, keyOf } from "../../api/machinery/object.ts";
import { selects } from "../../api/machinery/selector.ts";
import { sameJson } from "../../base/equal.ts";
import { type Action, type Controller, event, type View } from "../../client/mod.ts";
import { claim, orphanIndex } from "../parts/adopt.ts";
import { isFinished } from "../parts/pods.ts";
import {
  annotationsFor,
  createSet,
  type Deployment,
  hasTemplate,
  nameOfNew,
  nextRevision,
  type ReplicaSet,
  replicasOf,
  revisionAnnotation,
  scaleSet,
  splitSets,
} from "./replicasets.ts";
import { newSize, planCleanup, planRolling } from "./rollout.ts";
import { isScaled, planScale } from "./scale.ts";
import { isComplete, planStatus, type RolloutNews } from "./status.ts";

const replicaSets = "replicasets.apps";

/** Rolls templates out: one replica set a template, scaled against the others. */
export const deploymentController: Controller = {
  name: "deployment",
  primary: "deployments.apps",
  owned: [replicaSets],
  watches: [
    {
      resource: replicaSets,
      *keys(rs, view) {
        if (controllerOf(rs)) return;
        for (const deployment of view.list("deployments.apps", rs.metadata.namespace))
          if (selects(deployment.spec.selector, rs.metadata.labels)) yield keyOf(deployment);
      },
    },
    // A recreated deployment waits for its last old pod to be gone.
    { resource: "pods", keys: recreatedKeys },
  ],
  indexes: { [replicaSets]: orphanIndex },
  plan: planDeployment,
};

function* recreatedKeys(pod: KubeObject, view: View): Iterable<string> {
  const owner = controllerOf(pod);
  const namespace = pod.metadata.namespace;
  if (owner?.kind !== "ReplicaSet" || view.get("pods", keyOf(pod))) return;
  const rs = view.get(replicaSets, `${namespace}/${owner.name}`);
  const parent = rs && controllerOf(rs);
  const key = `${namespace}/${parent?.name}`;
  if (parent && view.get("deployments.apps", key)?.spec.strategy?.type === "Recreate") yield key;
}

/** Plans one step of a deployment. Pure. */
export function planDeployment(deployment: Deployment, view: View): Action[] {
  const { spec, metadata } = deployment;
  const { matchLabels, matchExpressions } = spec.selector ?? {};
  if (Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0) {
    const message = "This deployment is selecting all pods. A non-empty selector is required.";
    return [event(deployment, "Warning", "SelectingAll", message)];
  }
  const owned = view.owned<ReplicaSet>(replicaSets, deployment);
  const orphans = view.by<ReplicaSet>(replicaSets, "orphan", metadata.namespace!);
  const { own, actions } = claim(deployment, replicaSets, { owned, orphans }, (rs) =>
    selects(spec.selector, rs.metadata.labels),
  );
  if (actions.length > 0) return actions;
  const { current, old } = splitSets(deployment, own);
  if (metadata.deletionTimestamp) return planStatus(deployment, current, old, view, { onlyCount: true });

  const marks = planRevision(deployment, current, old);
  if (marks.length > 0) return marks;
  if (spec.paused || isScaled(deployment, own)) {
    const cleanup = spec.paused ? planCleanup(deployment, old) : [];
    const status = planStatus(deployment, current, old, view, { onlyCount: true });
    return [...planScale(deployment, current, old), ...cleanup, ...status];
  }
  if (!current) return planNewSet(deployment, old, view);
  const steps =
    spec.strategy?.type === "Recreate"
      ? planRecreate(deployment, current, old, view)
      : planRolling(deployment, current, old);
  const cleanup = isComplete(deployment, deployment.status) ? planCleanup(deployment, old) : [];
  return [
    ...steps,
    ...cleanup,
    ...planStatus(deployment, current, old, view, { news: foundNews(deployment, current) }),
  ];
}

/** A set that was there before (a rollback, say) is news if nothing was told of the rollout yet. */
function foundNews({ status }: Deployment, current: ReplicaSet): RolloutNews {
  if (status?.conditions?.some((each: any) => each.type === "Progressing")) return undefined;
  const message = `Found new replica set ${JSON.stringify(current.metadata.name)}`;
  return { status: "True", reason: "FoundNewReplicaSet", message };
}

/** Numbers the present set after all others, and shows its number on the deployment. */
function planRevision(deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): Action[] {
  if (!current) return [];
  const revision = nextRevision(old);
  const annotations = annotationsFor(deployment, current, revision);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (
    !sameJson(annotations, current.metadata.annotations ?? {}) ||
    (current.spec.minReadySeconds ?? 0) !== minReadySeconds
  ) {
    const object = {
      ...current,
      metadata: { ...current.metadata, annotations },
      spec: { ...current.spec, minReadySeconds },
    };
    return [{ do: "update", resource: replicaSets, object }];
  }
  const shown = current.metadata.annotations?.[revisionAnnotation];
  if (shown === deployment.metadata.annotations?.[revisionAnnotation]) return [];
  const { metadata } = deployment;
  const numbered = { ...metadata, annotations: { ...metadata.annotations, [revisionAnnotation]: shown ?? "" } };
  return [{ do: "update", resource: "deployments.apps", object: { ...deployment, metadata: numbered } }];
}

function planNewSet(deployment: Deployment, old: readonly ReplicaSet[], view: View): Action[] {
  if (deployment.spec.strategy?.type === "Recreate") {
    const waiting = planScaleOldToNone(deployment, old);
    if (waiting.length > 0 || hasPods(old, view)) return [...waiting, ...planStatus(deployment, undefined, old, view)];
  }
  const name = nameOfNew(deployment);
  const taken = view.get<ReplicaSet>(replicaSets, `${deployment.metadata.namespace}/${name}`);
  if (taken && !(controllerOf(taken)?.uid === deployment.metadata.uid && hasTemplate(taken, deployment))) {
    // Another template has the same hash, or somebody else took the name: draw another.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    return planStatus(deployment, undefined, old, view, { collisionCount, onlyCount: true });
  }
  const revision = nextRevision(old);
  const create = createSet(deployment, revision, newSize(deployment, undefined, old));
  const quoted = JSON.stringify(name);
  const { lastFailure } = view;
  const news: RolloutNews =
    lastFailure?.action === `create ${replicaSets}`
      ? {
          status: "False",
          reason: "ReplicaSetCreateError",
          message: `Failed to create new replica set ${quoted}: ${lastFailure.message}`,
        }
      : { status: "True", reason: "NewReplicaSetCreated", message: `Created new replica set ${quoted}` };
  return [create, ...planStatus(deployment, undefined, old, view, { news, onlyCount: true })];
}

function planScaleOldToNone(deployment: Deployment, old: readonly ReplicaSet[]): Action[] {
  return old.filter((rs) => replicasOf(rs) > 0).flatMap((rs) => scaleSet(deployment, rs, 0));
}

function hasPods(sets: readonly ReplicaSet[], view: View): boolean {
  return sets.some((rs) => view.owned("pods", rs).some((pod) => !isFinished(pod)));
}

function planRecreate(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[], view: View): Action[] {
  const down = planScaleOldToNone(deployment, old);
  if (down.length > 0 || hasPods(old, view)) return down;
  return replicasOf(current) === replicasOf(deployment) ? [] : scaleSet(deployment, current, replicasOf(deployment));
}
