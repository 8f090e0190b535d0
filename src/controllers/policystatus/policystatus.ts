import { type CheckedKind, typeWarnings } from "../../api/admissionregistration/type_check.ts";
import { definitions, loadDefinitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { builtinResources } from "../../api/resources.ts";
import { type Action, type Controller, updateStatus } from "../../client/mod.ts";

const policies = "validatingadmissionpolicies.admissionregistration.k8s.io";

type Policy = KubeObject & { spec: any; status?: any };

/** How many kinds a policy's expressions are checked against, as kube-controller-manager does. */
const kindsMax = 10;

const checked = ({ apiVersion, group, version, kind, schema }: Resource): CheckedKind => ({
  name: `${group === "" ? `/${version}` : apiVersion}, Kind=${kind}`,
  schema,
});

/** The built-in kinds that a policy names; wildcards and custom resources have no type to check against. */
function kindsOf({ spec }: Policy): CheckedKind[] {
  const kinds = new Map<string, CheckedKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec.matchConstraints?.resourceRules ?? []) {
    for (const resource of builtinResources) {
      const named =
        resource.stored &&
        apiGroups.includes(resource.group) &&
        apiVersions.includes(resource.version) &&
        resources.includes(resource.plural);
      if (named && kinds.size < kindsMax) kinds.set(resource.id, checked(resource));
    }
  }
  return [...kinds.values()];
}

/** What a policy's status should say of its expressions. Pure. */
export function planPolicyStatus(policy: Policy): Action[] {
  const { generation } = policy.metadata;
  if (policy.status?.observedGeneration === generation) return [];
  const { paramKind } = policy.spec;
  const params = builtinResources.find(
    (each) => each.kind === paramKind?.kind && each.apiVersion === paramKind?.apiVersion,
  );
  const expressionWarnings = typeWarnings(policy.spec, kindsOf(policy), params && checked(params), definitions);
  const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
  return updateStatus(policies, policy, { ...policy.status, observedGeneration: generation, typeChecking });
}

/** Checks the types of ValidatingAdmissionPolicies (KEP-3488, "Type checking"). */
export const policyStatusController: Controller = {
  name: "validatingadmissionpolicy-status",
  primary: policies,
  observe: async () => void (await loadDefinitions()),
  plan: (policy) => planPolicyStatus(policy as Policy),
};
