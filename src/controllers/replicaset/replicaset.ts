import { controllerOf, type KubeObject, keyOf } from "../../api/machinery/object.ts";
import { selects } from "../../api/machinery/selector.ts";
import type { Action, Controller, View } from "../../client/mod.ts";
import { orphanIndex } from "../parts/adopt.ts";
import { planReplicas, type ReplicaKind } from "../parts/replicas.ts";

const kind: ReplicaKind = {
  resource: "replicasets.apps",
  selects: (rs, labels) => selects(rs.spec.selector, labels),
  countsTerminating: true,
};

/** Keeps `spec.replicas` active pods for every ReplicaSet. */
export const replicaSetController: Controller = {
  name: "replicaset",
  primary: "replicasets.apps",
  owned: ["pods"],
  watches: [
    {
      resource: "pods",
      *keys(pod, view) {
        if (controllerOf(pod)) return;
        for (const rs of view.list("replicasets.apps", pod.metadata.namespace))
          if (kind.selects(rs, pod.metadata.labels)) yield keyOf(rs);
      },
    },
  ],
  indexes: { pods: orphanIndex },
  plan: planReplicaSet,
};

/** Plans one step towards `spec.replicas`. Pure. */
export function planReplicaSet(rs: KubeObject, view: View): Action[] {
  return planReplicas(rs, view, kind);
}
