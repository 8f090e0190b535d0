import type { Controller } from "../client/mod.ts";
import { approvingController, cleanerController, type Sign, signingController } from "./certificates/certificates.ts";
import { clusterRoleAggregationController } from "./clusterroleaggregation/clusterroleaggregation.ts";
import { daemonSetController } from "./daemonset/daemonset.ts";
import { deploymentController } from "./deployment/deployment.ts";
import { endpointsController } from "./endpoints/endpoints.ts";
import { endpointSliceController } from "./endpointslice/endpointslice.ts";
import { garbageCollector, type Loop } from "./garbage/garbage.ts";
import { jobController, jobOrphanController } from "./job/job.ts";
import { namespaceController } from "./namespace/namespace.ts";
import { nodeIpamController } from "./nodeipam/nodeipam.ts";
import { nodeLifecycleController, taintEvictionController } from "./nodelifecycle/nodelifecycle.ts";
import { podGcController } from "./podgc/podgc.ts";
import { policyStatusController } from "./policystatus/policystatus.ts";
import {
  attributesClassProtectionController,
  claimProtectionController,
  volumeProtectionController,
} from "./protection/protection.ts";
import { replicaSetController } from "./replicaset/replicaset.ts";
import { replicationController } from "./replicationcontroller/replicationcontroller.ts";
import { resourceQuotaController } from "./resourcequota/resourcequota.ts";
import { rootCaController, serviceAccountController } from "./serviceaccount/serviceaccount.ts";
import { type SignAccountToken, tokensController } from "./serviceaccount/tokens.ts";
import { serviceCidrController } from "./servicecidr/servicecidr.ts";
import { statefulSetController } from "./statefulset/statefulset.ts";

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
  /** Issues the certificates that are approved; nobody does if absent. */
  sign?: Sign;
  /** Signs tokens that lie in Secrets; nobody does if absent. */
  signToken?: SignAccountToken;
}

/** All controllers, by name. One folder each. */
export const controllers: readonly ((options: ControllerOptions) => Controller | Loop)[] = [
  () => replicaSetController,
  () => replicationController,
  () => deploymentController,
  () => daemonSetController,
  () => statefulSetController,
  () => jobController,
  () => jobOrphanController,
  () => clusterRoleAggregationController,
  () => namespaceController,
  () => serviceAccountController,
  rootCaController,
  tokensController,
  () => endpointsController,
  () => endpointSliceController,
  nodeLifecycleController,
  () => taintEvictionController,
  nodeIpamController,
  podGcController,
  () => policyStatusController,
  () => resourceQuotaController,
  signingController,
  () => approvingController,
  () => cleanerController,
  () => claimProtectionController,
  () => volumeProtectionController,
  () => attributesClassProtectionController,
  () => serviceCidrController,
  () => garbageCollector,
];
