import { defineResource } from "../machinery/resource.ts";
import { ageColumn } from "../parts/columns.ts";

/** Of the secrets only their names count. */
function nameSecrets(account: any): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }: { name?: string }) => (name ? { name } : {}));
}

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
  prepareCreate: nameSecrets,
  prepareUpdate: nameSecrets,
  columns: [ageColumn],
});
