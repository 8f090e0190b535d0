import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { dns1123Subdomain, pathSegment } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkLabelSelector } from "../parts/checks.ts";
import { ageColumn, integer, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { matchErrors, mutatingPolicyErrors, validatingPolicyErrors } from "./policy_checks.ts";

const group = "admissionregistration.k8s.io";
const version = "v1";
const categories = ["api-extensions"];

const paramKindColumn = text("ParamKind", ({ spec }) => {
  const kind = spec?.paramKind;
  return kind ? `${kind.apiVersion}/${kind.kind}` : "<unset>";
});

/** A selector as Go prints its struct, which is what the real server shows of it. */
function selectorStructText({ matchLabels = {}, matchExpressions = [] }: any): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`);
  const requirements = matchExpressions.map(
    ({ key, operator, values = [] }: any) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  const expressions = `[]LabelSelectorRequirement{${requirements.join("")}}`;
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:${expressions},}`;
}

const paramRefColumn = text("ParamRef", ({ spec }) => {
  const ref = spec?.paramRef;
  if (!ref) return "<unset>";
  // Whether the parameter has a namespace cannot be told from here.
  if (ref.name) return `${ref.namespace || "*"}/${ref.name}`;
  return ref.selector ? selectorStructText(ref.selector) : "<unset>";
});

const specPath = new FieldPath("spec");

function checkParamRef(ref: any, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (ref.name && ref.selector) {
    const why = "name and selector are mutually exclusive";
    errors.push(forbiddenField(path.child("name"), why), forbiddenField(path.child("selector"), why));
  } else if (ref.selector) checkLabelSelector(errors, ref.selector, path.child("selector"));
  else if (ref.name) {
    for (const why of pathSegment(ref.name)) errors.push(invalid(path.child("name"), ref.name, why));
  } else errors.push(required(path, "one of name or selector must be specified"));
  const action = path.child("parameterNotFoundAction");
  if (!ref.parameterNotFoundAction) errors.push(required(action));
  else if (!["Deny", "Allow"].includes(ref.parameterNotFoundAction)) {
    errors.push(notSupported(action, ref.parameterNotFoundAction, ["Deny", "Allow"]));
  }
  return errors;
}

function validateBinding({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = specPath.child("policyName");
  if (!spec.policyName) errors.push(required(path));
  else for (const why of dns1123Subdomain(spec.policyName)) errors.push(invalid(path, spec.policyName, why));
  if (spec.paramRef) errors.push(...checkParamRef(spec.paramRef, specPath.child("paramRef")));
  // The real server's path has the same letter missing.
  if (spec.matchResources) errors.push(...matchErrors(spec.matchResources, specPath.child("matchResouces")));
  return errors;
}

function validateActions({ spec }: any): FieldError[] {
  const path = specPath.child("validationActions");
  const actions: string[] = spec.validationActions ?? [];
  if (actions.length === 0) return [required(path, "at least one validation action is required")];
  const errors = actions.flatMap((action, index) => {
    if (!["Deny", "Warn", "Audit"].includes(action)) {
      return [notSupported(path.index(index), action, ["Audit", "Deny", "Warn"])];
    }
    return actions.indexOf(action) < index ? [duplicate(path.index(index), action)] : [];
  });
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const why =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    errors.push(invalid(path, actions, why));
  }
  return errors;
}

function defaultMatching(match: any): void {
  if (!match) return;
  match.matchPolicy ??= "Equivalent";
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= "*";
}

function defaultPolicy({ spec }: any): void {
  spec.failurePolicy ??= "Fail";
  defaultMatching(spec.matchConstraints);
}

function defaultBinding({ spec }: any): void {
  defaultMatching(spec.matchResources);
}

export const mutatingAdmissionPolicies = defineResource<any>({
  group,
  version,
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy",
  generation: true,
  unconditionalUpdate: false,
  defaults: defaultPolicy,
  validate: (policy) => mutatingPolicyErrors(policy, specPath),
  columns: [integer("Mutations", ({ spec }) => spec?.mutations?.length ?? 0), paramKindColumn, ageColumn],
});

export const mutatingAdmissionPolicyBindings = defineResource<any>({
  group,
  version,
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding",
  generation: true,
  unconditionalUpdate: false,
  defaults: defaultBinding,
  validate: validateBinding,
  columns: [text("PolicyName", ({ spec }) => spec?.policyName ?? ""), paramRefColumn, ageColumn],
});

export const validatingAdmissionPolicies = defineResource<any>({
  group,
  version,
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
  subresources: [statusSubresource],
  statusFields: ["status"],
  statusKeeps: "metadata",
  generation: true,
  unconditionalUpdate: false,
  defaults: defaultPolicy,
  validate: (policy) => validatingPolicyErrors(policy, specPath),
  columns: [integer("Validations", ({ spec }) => spec?.validations?.length ?? 0), paramKindColumn, ageColumn],
});

export const validatingAdmissionPolicyBindings = defineResource<any>({
  group,
  version,
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  generation: true,
  unconditionalUpdate: false,
  defaults: defaultBinding,
  validate: (binding) => [...validateBinding(binding), ...validateActions(binding)],
  columns: [text("PolicyName", ({ spec }) => spec?.policyName ?? ""), paramRefColumn, ageColumn],
});
