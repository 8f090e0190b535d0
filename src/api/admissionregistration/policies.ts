import { defineResource } from "../machinery/resource.ts";
import { ageColumn, integer, selectorText, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "admissionregistration.k8s.io";
const version = "v1";
const categories = ["api-extensions"];

const paramKindColumn = text("ParamKind", ({ spec }) => {
  const kind = spec?.paramKind;
  return kind ? `${kind.apiVersion}/${kind.kind}` : "<unset>";
});

const paramRefColumn = text("ParamRef", ({ spec }) => {
  const ref = spec?.paramRef;
  if (!ref) return "<unset>";
  if (ref.selector) return selectorText(ref.selector);
  return ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name;
});

export const mutatingAdmissionPolicies = defineResource({
  group,
  version,
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy",
  generation: true,
  unconditionalUpdate: false,
  columns: [integer("Mutations", ({ spec }) => spec?.mutations?.length ?? 0), paramKindColumn, ageColumn],
});

export const mutatingAdmissionPolicyBindings = defineResource({
  group,
  version,
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding",
  generation: true,
  unconditionalUpdate: false,
  columns: [text("PolicyName", ({ spec }) => spec?.policyName ?? ""), paramRefColumn, ageColumn],
});

export const validatingAdmissionPolicies = defineResource({
  group,
  version,
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  unconditionalUpdate: false,
  columns: [integer("Validations", ({ spec }) => spec?.validations?.length ?? 0), paramKindColumn, ageColumn],
});

export const validatingAdmissionPolicyBindings = defineResource({
  group,
  version,
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  generation: true,
  unconditionalUpdate: false,
  columns: [text("PolicyName", ({ spec }) => spec?.policyName ?? ""), paramRefColumn, ageColumn],
});
