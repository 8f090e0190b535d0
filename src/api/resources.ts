// Every resource that the server has from the start. Where a kind is served in several versions, the preferred one is first.

import * as policies from "./admissionregistration/policies.ts";
import * as webhooks from "./admissionregistration/webhooks.ts";
import { customResourceDefinitions } from "./apiextensions/customresourcedefinition.ts";
import { apiServices } from "./apiregistration/apiservice.ts";
import { controllerRevisions } from "./apps/controllerrevision.ts";
import { daemonSets } from "./apps/daemonset.ts";
import { deployments } from "./apps/deployment.ts";
import { replicaSets } from "./apps/replicaset.ts";
import { statefulSets } from "./apps/statefulset.ts";
import * as authentication from "./authentication/reviews.ts";
import * as authorization from "./authorization/reviews.ts";
import { horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from "./autoscaling/horizontalpodautoscaler.ts";
import { cronJobs } from "./batch/cronjob.ts";
import { jobs } from "./batch/job.ts";
import { certificateSigningRequests } from "./certificates/certificatesigningrequest.ts";
import { clusterTrustBundles } from "./certificates/clustertrustbundle.ts";
import { leases } from "./coordination/lease.ts";
import { bindings, componentStatuses } from "./core/asked.ts";
import { configMaps } from "./core/configmap.ts";
import { endpoints } from "./core/endpoints.ts";
import { events } from "./core/event.ts";
import { limitRanges } from "./core/limitrange.ts";
import { namespaces } from "./core/namespace.ts";
import { nodes } from "./core/node.ts";
import { persistentVolumes } from "./core/persistentvolume.ts";
import { persistentVolumeClaims } from "./core/persistentvolumeclaim.ts";
import { pods } from "./core/pod.ts";
import { podTemplates } from "./core/podtemplate.ts";
import { replicationControllers } from "./core/replicationcontroller.ts";
import { resourceQuotas } from "./core/resourcequota.ts";
import { secrets } from "./core/secret.ts";
import { services } from "./core/service.ts";
import { serviceAccounts } from "./core/serviceaccount.ts";
import { endpointSlices } from "./discovery/endpointslice.ts";
import { newEvents } from "./events/event.ts";
import { flowSchemas } from "./flowcontrol/flowschema.ts";
import { priorityLevelConfigurations } from "./flowcontrol/prioritylevelconfiguration.ts";
import type { Resource } from "./machinery/resource.ts";
import { ipAddresses, serviceCidrs } from "./networking/addresses.ts";
import { ingressClasses, ingresses } from "./networking/ingress.ts";
import { networkPolicies } from "./networking/networkpolicy.ts";
import { runtimeClasses } from "./node/runtimeclass.ts";
import { podDisruptionBudgets } from "./policy/poddisruptionbudget.ts";
import * as bindingsOfRoles from "./rbac/bindings.ts";
import * as roles from "./rbac/roles.ts";
import * as devices from "./resource/devices.ts";
import { priorityClasses } from "./scheduling/priorityclass.ts";
import { storageClasses, volumeAttributesClasses } from "./storage/classes.ts";
import * as csi from "./storage/csi.ts";

export const builtinResources: readonly Resource[] = [
  bindings,
  componentStatuses,
  configMaps,
  endpoints,
  events,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  apiServices,
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
  newEvents,
  authentication.selfSubjectReviews,
  authentication.tokenReviews,
  authorization.localSubjectAccessReviews,
  authorization.selfSubjectAccessReviews,
  authorization.selfSubjectRulesReviews,
  authorization.subjectAccessReviews,
  horizontalPodAutoscalers,
  horizontalPodAutoscalersV1,
  cronJobs,
  jobs,
  certificateSigningRequests,
  ingressClasses,
  ingresses,
  ipAddresses,
  networkPolicies,
  serviceCidrs,
  podDisruptionBudgets,
  bindingsOfRoles.clusterRoleBindings,
  roles.clusterRoles,
  bindingsOfRoles.roleBindings,
  roles.roles,
  csi.csiDrivers,
  csi.csiNodes,
  csi.csiStorageCapacities,
  storageClasses,
  csi.volumeAttachments,
  volumeAttributesClasses,
  policies.mutatingAdmissionPolicies,
  policies.mutatingAdmissionPolicyBindings,
  webhooks.mutatingWebhookConfigurations,
  policies.validatingAdmissionPolicies,
  policies.validatingAdmissionPolicyBindings,
  webhooks.validatingWebhookConfigurations,
  customResourceDefinitions,
  priorityClasses,
  leases,
  runtimeClasses,
  endpointSlices,
  flowSchemas,
  priorityLevelConfigurations,
  devices.deviceClasses,
  devices.resourceClaims,
  devices.resourceClaimTemplates,
  devices.resourceSlices,
];

/** What v1.36 has and serves only to those who ask for it (`--runtime-config`). */
export const optionalResources: readonly Resource[] = [clusterTrustBundles];

function firstBy(key: (resource: Resource) => string): Map<string, Resource> {
  const found = new Map<string, Resource>();
  for (const resource of builtinResources) {
    if (!found.has(key(resource))) found.set(key(resource), resource);
  }
  return found;
}

const byId = firstBy(({ id }) => id);

/** The built-in resource `pods` or `deployments.apps`, in its preferred version; undefined if there is none. */
export function resourceById(id: string): Resource | undefined {
  return byId.get(id);
}
