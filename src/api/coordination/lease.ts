import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";

export const leases = defineResource({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  schema: "io.k8s.api.coordination.v1.Lease",
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [text("Holder", ({ spec }) => spec?.holderIdentity ?? ""), ageColumn],
});
