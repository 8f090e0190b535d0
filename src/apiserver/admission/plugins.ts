import { rbacOf } from "../auth/authorization.ts";
import { escalationPrevention } from "../auth/escalation.ts";
import type { AdmissionPlugin, Registry } from "../registry/scope.ts";
import { type ServiceRanges, serviceAllocator } from "../services/allocate.ts";
import { namespaceLifecycle } from "./namespace_lifecycle.ts";
import { nodeRestriction } from "./node_restriction.ts";
import { defaultTolerationSeconds, priorityAdmission, taintNewNodes } from "./pods.ts";
import { mutatingPolicies } from "./policy/mutating.ts";
import { validatingPolicies } from "./policy/validating.ts";
import { serviceAccountAdmission } from "./service_account.ts";
import type { PostReview } from "./webhook/call.ts";
import { mutatingWebhooks, validatingWebhooks } from "./webhook/plugins.ts";

/** The plugins in Kubernetes' order: every one's `mutate` runs in it, then, after validation, every one's `validate`. */
export function admissionPlugins(
  registry: () => Registry,
  services: ServiceRanges,
  postReview: PostReview,
): AdmissionPlugin[] {
  return [
    namespaceLifecycle(registry),
    serviceAccountAdmission(registry),
    nodeRestriction(registry),
    taintNewNodes,
    priorityAdmission(registry),
    defaultTolerationSeconds,
    mutatingPolicies(registry),
    mutatingWebhooks(registry, postReview),
    validatingPolicies(registry),
    validatingWebhooks(registry, postReview),
    serviceAllocator(registry, services),
    // Sees what all others made of it.
    escalationPrevention(registry, () => rbacOf(registry())),
  ];
}
