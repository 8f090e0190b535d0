import { defineResource } from "../machinery/resource.ts";
import { ageColumn } from "../parts/columns.ts";

/** Of the secrets only their names count. */
function nameSecrets(account: any): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }: { name?: string }) => (name ? { name } : {}));
}

const mountableAnnotation = "kubernetes.io/enforce-mountable-secrets";

function* warnings(account: any, previous?: any): Iterable<string> {
  const isSet = ({ metadata }: any) => metadata.annotations?.[mountableAnnotation] !== undefined;
  if (!isSet(account) || (previous && isSet(previous))) return;
  const why = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
  yield `metadata.annotations[${mountableAnnotation}]: ${why}`;
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
  warnings,
  columns: [ageColumn],
});
