import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const specPath = new FieldPath("spec");

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const { groupPriorityMinimum: group = 0, versionPriority: version = 0 } = spec;
  if (group <= 0 || group > 20000) {
    errors.push(invalid(specPath.child("groupPriorityMinimum"), group, "must be positive and less than 20000"));
  }
  if (version <= 0 || version > 1000) {
    errors.push(invalid(specPath.child("versionPriority"), version, "must be positive and less than 1000"));
  }
  return errors;
}

export const apiServices = defineResource<any>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
  storagePrefix: "apiregistration.k8s.io/apiservices",
  subresources: [statusSubresource],
  statusFields: ["status"],
  unconditionalUpdate: false,
  defaults({ spec }) {
    if (spec.service) spec.service.port ??= 443;
  },
  validate,
  columns: [
    text("Service", ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : "Local")),
    text("Available", ({ status }) => {
      const condition = status?.conditions?.find(({ type }: { type: string }) => type === "Available");
      if (!condition) return "Unknown";
      return condition.status === "True" ? "True" : `${condition.status} (${condition.reason})`;
    }),
    ageColumn,
  ],
});
