import { defineResource } from "../machinery/resource.ts";
import { ageColumn, integer } from "../parts/columns.ts";

const group = "admissionregistration.k8s.io";
const version = "v1";
const categories = ["api-extensions"];
const columns = [integer("Webhooks", ({ webhooks }) => webhooks?.length ?? 0), ageColumn];

export const mutatingWebhookConfigurations = defineResource({
  group,
  version,
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
  generation: true,
  unconditionalUpdate: false,
  columns,
});

export const validatingWebhookConfigurations = defineResource({
  group,
  version,
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  categories,
  scope: "Cluster",
  schema: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
  generation: true,
  unconditionalUpdate: false,
  columns,
});
