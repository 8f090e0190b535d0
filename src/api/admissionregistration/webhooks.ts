import { duplicate, type FieldError, FieldPath, required } from "../machinery/field.ts";
import { fullyQualifiedName } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkOneOf, type Errors } from "../parts/checks.ts";
import { ageColumn, integer } from "../parts/columns.ts";

const group = "admissionregistration.k8s.io";
const version = "v1";
const categories = ["api-extensions"];
const columns = [integer("Webhooks", ({ webhooks }) => webhooks?.length ?? 0), ageColumn];

function defaultWebhook(webhook: any): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
  for (const rule of webhook.rules ?? []) rule.scope ??= "*";
}

function checkWebhook(errors: Errors, webhook: any, path: FieldPath): void {
  const { name, clientConfig = {}, admissionReviewVersions = [], rules = [] } = webhook;
  addInvalid(errors, () => path.child("name"), name ?? "", fullyQualifiedName(name ?? ""));
  if ((clientConfig.url === undefined) === (clientConfig.service === undefined)) {
    errors.push(required(path.child("clientConfig"), "exactly one of url or service is required"));
  }
  if (webhook.sideEffects === undefined) {
    errors.push(required(path.child("sideEffects"), "must specify one of None, NoneOnDryRun"));
  } else checkOneOf(errors, webhook.sideEffects, ["None", "NoneOnDryRun"], () => path.child("sideEffects"));
  if (admissionReviewVersions.length === 0) {
    errors.push(required(path.child("admissionReviewVersions"), "must specify one of v1, v1beta1"));
  }
  checkOneOf(errors, webhook.failurePolicy, ["Fail", "Ignore"], () => path.child("failurePolicy"));
  checkOneOf(errors, webhook.matchPolicy, ["Equivalent", "Exact"], () => path.child("matchPolicy"));
  const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
  for (const [index, rule] of rules.entries()) {
    const at = path.child("rules").index(index);
    for (const [position, operation] of (rule.operations ?? []).entries()) {
      checkOneOf(errors, operation, operations, () => at.child("operations").index(position));
    }
    for (const field of ["operations", "apiGroups", "apiVersions", "resources"]) {
      if (!rule[field]?.length) errors.push(required(at.child(field)));
    }
    checkOneOf(errors, rule.scope, ["*", "Cluster", "Namespaced"], () => at.child("scope"));
  }
}

function validate({ webhooks = [] }: any): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, webhook] of webhooks.entries()) {
    const path = new FieldPath("webhooks").index(index);
    checkWebhook(errors, webhook, path);
    if (names.has(webhook.name)) errors.push(duplicate(path.child("name"), webhook.name));
    names.add(webhook.name);
  }
  return errors;
}

export const mutatingWebhookConfigurations = defineResource<any>({
  group,
  version,
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
  generation: true,
  unconditionalUpdate: false,
  defaults({ webhooks = [] }) {
    webhooks.forEach(defaultWebhook);
    for (const webhook of webhooks) webhook.reinvocationPolicy ??= "Never";
  },
  validate,
  columns,
});

export const validatingWebhookConfigurations = defineResource<any>({
  group,
  version,
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
  generation: true,
  unconditionalUpdate: false,
  defaults({ webhooks = [] }) {
    webhooks.forEach(defaultWebhook);
  },
  validate,
  columns,
});
