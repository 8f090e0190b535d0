import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkNonNegative } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";

type Lease = KubeObject & { spec?: any };

const specPath = new FieldPath("spec");

/**
 * Coordinated leader election is behind a gate that is off (KEP-4355): its fields are dropped when the lease is about to be
 * stored.
 */
function dropGated({ spec }: Lease): void {
  if (!spec) return;
  delete spec.strategy;
  delete spec.preferredHolder;
}

function validate({ spec }: Lease): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = spec?.leaseDurationSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(specPath.child("leaseDurationSeconds"), seconds, "must be greater than 0"));
  }
  checkNonNegative(errors, spec?.leaseTransitions, () => specPath.child("leaseTransitions"));
  return errors;
}

export const leases = defineResource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  schema: "io.k8s.api.coordination.v1.Lease",
  createOnUpdate: true,
  unconditionalUpdate: false,
  prepareCreate: dropGated,
  prepareUpdate: dropGated,
  validate,
  columns: [text("Holder", ({ spec }) => spec?.holderIdentity ?? ""), ageColumn],
});
