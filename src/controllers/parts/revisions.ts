import { stableHash } from "../../api/machinery/hash.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import type { Action, View } from "../../client/mod.ts";
import { ownerReference } from "./pods.ts";

export const revisionResource = "controllerrevisions.apps";
export const revisionLabel = "controller-revision-hash";

/** The revisions of an owner's template. */
export interface Revisions {
  /** The present template's; undefined until it is made. */
  current: KubeObject | undefined;
  /** By age, the present one last. */
  all: KubeObject[];
  /** What makes the present one, or numbers it after all others. */
  actions: Action[];
}

/** What a revision remembers: the template. */
function dataOf({ spec }: KubeObject): object {
  return { spec: { template: { ...spec.template, $patch: "replace" } } };
}

/** Keeps a ControllerRevision for every template that an owner had, numbered in the order of their last use. Pure. */
export function planRevisions(owner: KubeObject, view: View): Revisions {
  const all = view.owned(revisionResource, owner).sort((a, b) => a.revision - b.revision);
  const data = dataOf(owner);
  const current = all.find((each) => sameJson(each.data, data));
  const last = all.at(-1)?.revision ?? 0;
  if (current && current.revision === last) return { current, all, actions: [] };
  if (current) {
    const object = { ...current, revision: last + 1 };
    return { current, all, actions: [{ do: "update", resource: revisionResource, object }] };
  }
  const hash = stableHash(owner.spec.template, owner.status?.collisionCount ?? 0);
  const { name, namespace } = owner.metadata;
  const object = {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...owner.spec.template.metadata?.labels, [revisionLabel]: hash },
      ownerReferences: [ownerReference(owner)],
    },
    data,
    revision: last + 1,
  };
  return { current: undefined, all, actions: [{ do: "create", resource: revisionResource, object }] };
}

/** Deletes the oldest revisions beyond the limit that no pod is of. Pure. */
export function planRevisionCleanup(
  owner: KubeObject,
  { all, current }: Revisions,
  used: ReadonlySet<string>,
): Action[] {
  const limit = owner.spec.revisionHistoryLimit ?? 10;
  const spare = all.filter((each) => each !== current && !used.has(each.metadata.labels?.[revisionLabel] ?? ""));
  return spare
    .slice(0, Math.max(0, spare.length - limit))
    .map((object) => ({ do: "delete", resource: revisionResource, object }));
}
