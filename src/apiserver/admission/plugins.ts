import { rbacOf } from "../auth/authorization.ts";
import { escalationPrevention } from "../auth/escalation.ts";
import type { AdmissionPlugin, Registry } from "../registry/scope.ts";
import { type ServiceRanges, serviceAllocator } from "../services/allocate.ts";
import type { PostReview } from "../services/webhook.ts";
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  trustBundleAttest,
} from "./certificates.ts";
import { limitRanger } from "./limit_ranger.ts";
import { namespaceLifecycle } from "./namespace_lifecycle.ts";
import { nodeRestriction } from "./node_restriction.ts";
import { podSecurity } from "./pod_security/plugin.ts";
import { podTopologyLabels } from "./pod_topology.ts";
import { defaultTolerationSeconds, priorityAdmission, taintNewNodes } from "./pods.ts";
import { mutatingPolicies } from "./policy/mutating.ts";
import { validatingPolicies } from "./policy/validating.ts";
import { resourceQuota } from "./quota/plugin.ts";
import { runtimeClassAdmission } from "./runtime_class.ts";
import { serviceAccountAdmission } from "./service_account.ts";
import { claimResize, defaultIngressClass, defaultStorageClass, storageProtection } from "./storage.ts";
import { mutatingWebhooks, validatingWebhooks } from "./webhook/plugins.ts";

/** The plugins in Kubernetes' order: every one's `mutate` runs in it, then, after validation, every one's `validate`. */
export function admissionPlugins(
  registry: () => Registry,
  services: ServiceRanges,
  postReview: PostReview,
): AdmissionPlugin[] {
  return [
    namespaceLifecycle(registry),
    limitRanger(registry),
    serviceAccountAdmission(registry),
    nodeRestriction(registry),
    taintNewNodes,
    podSecurity(registry),
    priorityAdmission(registry),
    defaultTolerationSeconds,
    defaultStorageClass(registry),
    storageProtection,
    claimResize(registry),
    runtimeClassAdmission(registry),
    certificateApproval(registry),
    certificateSigning(registry),
    trustBundleAttest(registry),
    certificateSubjectRestriction,
    defaultIngressClass(registry),
    podTopologyLabels(registry),
    mutatingPolicies(registry),
    mutatingWebhooks(registry, postReview),
    validatingPolicies(registry),
    validatingWebhooks(registry, postReview),
    serviceAllocator(registry, services),
    // Sees what all others made of it.
    escalationPrevention(registry, () => rbacOf(registry())),
    // Last of all: what is refused takes nothing.
    resourceQuota(registry),
  ];
}
