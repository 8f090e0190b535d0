import { defineResource } from "../machinery/resource.ts";
import { ageColumn } from "../parts/columns.ts";

export const serviceAccounts = defineResource({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ServiceAccount",
  subresources: [
    { name: "token", verbs: ["create"], group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
  ],
  columns: [ageColumn],
});
