import type { Controller } from "../client/mod.ts";
import { deploymentController } from "./deployment/deployment.ts";
import { replicaSetController } from "./replicaset/replicaset.ts";
import { replicationController } from "./replicationcontroller/replicationcontroller.ts";

/** What controllers may be told from outside. */
export interface ControllerOptions {
  /** PEM bundle that pods are to trust, published as the ConfigMap `kube-root-ca.crt`. */
  rootCa?: string;
  /** Where pods' addresses come from. */
  clusterCidr: string;
  /** Prefix length of one node's part of it. */
  nodeCidrMaskSize: number;
  /** How long a node may be silent before it counts as lost, in milliseconds. */
  nodeGraceMs: number;
  /** How many finished pods are kept. */
  terminatedPodsMax: number;
}

/** All controllers, by name. One folder each. */
export const controllers: readonly ((options: ControllerOptions) => Controller)[] = [
  () => replicaSetController,
  () => replicationController,
  () => deploymentController,
];
