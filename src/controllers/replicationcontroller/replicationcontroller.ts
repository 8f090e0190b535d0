import { controllerOf, type KubeObject, keyOf } from "../../api/machinery/object.ts";
import { selectsMap } from "../../api/machinery/selector.ts";
import type { Action, Controller, View } from "../../client/mod.ts";
import { orphanIndex } from "../parts/adopt.ts";
import { planReplicas, type ReplicaKind } from "../parts/replicas.ts";

const kind: ReplicaKind = {
  resource: "replicationcontrollers",
  selects: (rc, labels) => Object.keys(rc.spec.selector ?? {}).length > 0 && selectsMap(rc.spec.selector, labels),
  countsTerminating: false,
};

/** Keeps `spec.replicas` active pods for every ReplicationController. */
export const replicationController: Controller = {
  name: "replicationcontroller",
  account: "replication-controller",
  component: "replication-controller",
  primary: "replicationcontrollers",
  owned: ["pods"],
  reads: ["replicasets.apps"],
  watches: [
    {
      resource: "pods",
      *keys(pod, view) {
        if (controllerOf(pod)) return;
        for (const rc of view.list("replicationcontrollers", pod.metadata.namespace))
          if (kind.selects(rc, pod.metadata.labels)) yield keyOf(rc);
      },
    },
  ],
  indexes: { pods: orphanIndex },
  plan: planReplicationController,
};

/** Plans one step towards `spec.replicas`. Pure. */
export function planReplicationController(rc: KubeObject, view: View): Action[] {
  return planReplicas(rc, view, kind);
}
