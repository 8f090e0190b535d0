import { duplicate, type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { dns1035Label, fullyQualifiedName } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkLabelSelector, checkOneOf, type Errors } from "../parts/checks.ts";
import { ageColumn, integer } from "../parts/columns.ts";
import { conditionErrors } from "./policy_checks.ts";
import { ruleErrors } from "./rules.ts";
import { webhookServiceErrors, webhookUrlErrors } from "./webhook_client.ts";

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
  const { name, clientConfig = {}, admissionReviewVersions = [], rules = [], matchConditions = [] } = webhook;
  if (!name) errors.push(required(path.child("name")));
  else addInvalid(errors, () => path.child("name"), name, fullyQualifiedName(name));
  for (const [index, rule] of rules.entries()) errors.push(...ruleErrors(rule, path.child("rules").index(index)));
  checkOneOf(errors, webhook.failurePolicy, ["Fail", "Ignore"], () => path.child("failurePolicy"));
  checkOneOf(errors, webhook.matchPolicy, ["Equivalent", "Exact"], () => path.child("matchPolicy"));
  if (webhook.sideEffects === undefined) {
    errors.push(required(path.child("sideEffects"), "must specify one of None, NoneOnDryRun"));
  } else checkOneOf(errors, webhook.sideEffects, ["None", "NoneOnDryRun"], () => path.child("sideEffects"));
  if (webhook.timeoutSeconds < 1 || webhook.timeoutSeconds > 30) {
    const why = "the timeout value must be between 1 and 30 seconds";
    errors.push(invalid(path.child("timeoutSeconds"), webhook.timeoutSeconds, why));
  }
  for (const field of ["namespaceSelector", "objectSelector"]) {
    checkLabelSelector(errors, webhook[field], path.child(field));
  }
  if (webhook.reinvocationPolicy !== undefined) {
    checkOneOf(errors, webhook.reinvocationPolicy, ["IfNeeded", "Never"], () => path.child("reinvocationPolicy"));
  }
  checkClient(errors, clientConfig, path.child("clientConfig"));
  errors.push(...conditionErrors(matchConditions, false, path.child("matchConditions")));
  checkVersions(errors, admissionReviewVersions, path.child("admissionReviewVersions"));
}

const reviewVersions = ["v1", "v1beta1"];

function checkVersions(errors: Errors, versions: readonly string[], path: FieldPath): void {
  const list = reviewVersions.join(", ");
  if (versions.length === 0) errors.push(required(path, `must specify one of ${list}`));
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) errors.push(invalid(path.index(index), version, "duplicate version"));
    else for (const why of dns1035Label(version)) errors.push(invalid(path.index(index), version, why));
  }
  if (versions.length > 0 && !versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(path, versions, `must include at least one of ${list}`));
  }
}

function checkClient(errors: Errors, { url, service }: any, path: FieldPath): void {
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(path, "exactly one of url or service is required"));
  } else if (url !== undefined) errors.push(...webhookUrlErrors(url, path.child("url")));
  else errors.push(...webhookServiceErrors(service, path.child("service")));
}

function validate({ webhooks = [] }: any): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, webhook] of webhooks.entries()) {
    const path = new FieldPath("webhooks").index(index);
    checkWebhook(errors, webhook, path);
    if (webhook.name && names.has(webhook.name)) errors.push(duplicate(path.child("name"), webhook.name));
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
