import { stableHash } from "../../api/machinery/hash.ts";
import { scaledValue } from "../../api/machinery/intstr.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import type { Action } from "../../client/mod.ts";
import { ownerReference } from "../parts/pods.ts";

export type Deployment = KubeObject;
export type ReplicaSet = KubeObject;

const hashLabel = "pod-template-hash";
export const revisionAnnotation = "deployment.kubernetes.io/revision";
const historyAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxAnnotation = "deployment.kubernetes.io/max-replicas";

/** Annotations of the deployment that its replica sets do not take over. */
const ownAnnotations = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  "deprecated.deployment.rollback.to",
]);

export const replicasOf = ({ spec }: KubeObject): number => spec.replicas ?? 1;
export const sumOf = (sets: readonly ReplicaSet[], count: (rs: ReplicaSet) => number | undefined): number =>
  sets.reduce((sum, rs) => sum + (count(rs) ?? 0), 0);
export const revisionOf = ({ metadata }: KubeObject): bigint => revisionIn(metadata.annotations?.[revisionAnnotation]);

/** Revisions have 64 bits; what is none counts as the first of all. */
const revisionIn = (text: string | undefined): bigint => (/^\d+$/.test(text ?? "") ? BigInt(text!) : 0n);

/** The revision after all that these sets have. */
export function nextRevision(sets: readonly ReplicaSet[]): bigint {
  let last = 0n;
  for (const revision of sets.map(revisionOf)) if (revision > last) last = revision;
  return last + 1n;
}

export const byAge = (a: KubeObject, b: KubeObject): number =>
  Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

const isRolling = ({ spec }: Deployment): boolean => spec.strategy?.type !== "Recreate";

/** How many pods may be too many and too few during a rolling update; never both none. */
export function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const total = replicasOf(deployment);
  const { maxSurge = "25%", maxUnavailable = "25%" } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, total, "up");
  const unavailable = scaledValue(maxUnavailable, total, "down");
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** How many pods may be missing: no more than there are to be. */
export function maxUnavailableOf(deployment: Deployment): number {
  return Math.min(fenceposts(deployment).unavailable, replicasOf(deployment));
}

function bareTemplate(template: any): unknown {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** Whether a replica set's pods are what the deployment wants. */
export function hasTemplate(rs: ReplicaSet, deployment: Deployment): boolean {
  return sameJson(bareTemplate(rs.spec.template), bareTemplate(deployment.spec.template));
}

/** The replica sets sorted by age, with the one of the present template apart. */
export function splitSets(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): { current: ReplicaSet | undefined; old: ReplicaSet[] } {
  const sorted = sets.toSorted(byAge);
  const current = sorted.find((rs) => hasTemplate(rs, deployment));
  return { current, old: sorted.filter((rs) => rs !== current) };
}

/** The annotations that a replica set is to have: the deployment's own, its revision and its place in the history. */
export function annotationsFor(
  deployment: Deployment,
  rs: ReplicaSet | undefined,
  revision: bigint,
): Record<string, string> {
  const annotations: Record<string, string> = { ...rs?.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!ownAnnotations.has(key)) annotations[key] = value;
  const before = annotations[revisionAnnotation];
  if (revisionIn(before) < revision) {
    if (before !== undefined) {
      const history = annotations[historyAnnotation];
      annotations[historyAnnotation] = history ? `${history},${before}` : before;
    }
    annotations[revisionAnnotation] = String(revision);
  }
  return annotations;
}

/** What a replica set remembers of the deployment's size, for proportional scaling. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = replicasOf(deployment);
  return { [desiredAnnotation]: String(desired), [maxAnnotation]: String(desired + fenceposts(deployment).surge) };
}

/** The name of the replica set of the present template. */
export function nameOfNew(deployment: Deployment): string {
  return `${deployment.metadata.name}-${hashOf(deployment)}`;
}

function hashOf({ spec, status }: Deployment): string {
  return stableHash(spec.template, status?.collisionCount ?? 0);
}

/** Makes the replica set of the present template. */
export function createSet(deployment: Deployment, revision: bigint, replicas: number): Action {
  const { spec, metadata } = deployment;
  const hash = hashOf(deployment);
  const name = nameOfNew(deployment);
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  const { selector } = spec;
  const object = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      namespace: metadata.namespace,
      labels,
      annotations: { ...annotationsFor(deployment, undefined, revision), ...sizeAnnotations(deployment) },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
  const message = `Scaled up replica set ${name} from 0 to ${replicas}`;
  return {
    do: "create",
    resource: "replicasets.apps",
    object,
    ...(replicas > 0
      ? { done: { about: deployment, type: "Normal" as const, reason: "ScalingReplicaSet", message } }
      : {}),
    failed: {
      about: deployment,
      type: "Warning",
      reason: "ReplicaSetCreateError",
      message: (error) => `Failed to create new replica set ${JSON.stringify(name)}: ${error}`,
    },
  };
}

/** Sets a replica set's size, and what it remembers of the deployment's; nothing if all is so already. */
export function scaleSet(deployment: Deployment, rs: ReplicaSet, replicas: number): Action[] {
  const { annotations } = rs.metadata;
  const before = replicasOf(rs);
  const sizes = sizeAnnotations(deployment);
  const remembers = Object.entries(sizes).every(([key, value]) => annotations?.[key] === value);
  if (before === replicas && remembers) return [];
  const object = {
    ...rs,
    metadata: { ...rs.metadata, annotations: { ...annotations, ...sizes } },
    spec: { ...rs.spec, replicas },
  };
  const direction = replicas > before ? "up" : "down";
  const message = `Scaled ${direction} replica set ${rs.metadata.name} from ${before} to ${replicas}`;
  const done = { about: deployment, type: "Normal" as const, reason: "ScalingReplicaSet", message };
  return [{ do: "update", resource: "replicasets.apps", object, ...(before === replicas ? {} : { done }) }];
}
