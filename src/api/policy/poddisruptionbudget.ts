import { checkCountOrPercent, checkNotOverAll } from "../apps/validation.ts";
import { conditionErrors } from "../machinery/conditions.ts";
import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkLabelSelector, checkNonNegative, checkOneOf } from "../parts/checks.ts";
import { ageColumn, integer, text } from "../parts/columns.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { statusSubresource } from "../parts/subresources.ts";

type Budget = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");

const goBudget: GoShape = fields("MinAvailable Selector MaxUnavailable UnhealthyPodEvictionPolicy", null);

function validate({ spec }: Budget): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid(specPath, goValue(spec, goBudget), "minAvailable and maxUnavailable cannot be both set"));
  }
  for (const field of ["minAvailable", "maxUnavailable"] as const) {
    checkCountOrPercent(errors, spec[field], specPath.child(field));
    checkNotOverAll(errors, spec[field], specPath.child(field));
  }
  checkLabelSelector(errors, spec.selector, specPath.child("selector"));
  const policies = ["AlwaysAllow", "IfHealthyBudget"];
  checkOneOf(errors, spec.unhealthyPodEvictionPolicy, policies, () => specPath.child("unhealthyPodEvictionPolicy"));
  return errors;
}

const counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"];

export const podDisruptionBudgets = defineResource<Budget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  scope: "Namespaced",
  schema: "io.k8s.api.policy.v1.PodDisruptionBudget",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  nameRule: "path",
  metadataLast: true,
  unconditionalUpdate: false,
  validate,
  validateStatusUpdate({ status }) {
    const errors: FieldError[] = conditionErrors(status?.conditions ?? [], new FieldPath("status").child("conditions"));
    for (const name of counts) checkNonNegative(errors, status?.[name], () => new FieldPath("status").child(name));
    return errors;
  },
  columns: [
    text("Min Available", ({ spec }) => `${spec?.minAvailable ?? "N/A"}`),
    text("Max Unavailable", ({ spec }) => `${spec?.maxUnavailable ?? "N/A"}`),
    integer("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
});
