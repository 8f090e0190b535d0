import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";

const group = "rbac.authorization.k8s.io";
const version = "v1";

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

function subjects(binding: any, kind: string): string {
  const found = (binding.subjects ?? []).filter((subject: Subject) => subject.kind === kind);
  return found
    .map(({ namespace, name }: Subject) => (kind === "ServiceAccount" ? `${namespace}/${name}` : name))
    .join(", ");
}

const columns = [
  text("Role", ({ roleRef }) => `${roleRef?.kind}/${roleRef?.name}`),
  ageColumn,
  wide("Users", (binding) => subjects(binding, "User")),
  wide("Groups", (binding) => subjects(binding, "Group")),
  wide("ServiceAccounts", (binding) => subjects(binding, "ServiceAccount")),
];

export const clusterRoleBindings = defineResource({
  group,
  version,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  scope: "Cluster",
  schema: "io.k8s.api.rbac.v1.ClusterRoleBinding",
  nameRule: "path",
  createOnUpdate: true,
  columns,
});

export const roleBindings = defineResource({
  group,
  version,
  kind: "RoleBinding",
  plural: "rolebindings",
  scope: "Namespaced",
  schema: "io.k8s.api.rbac.v1.RoleBinding",
  nameRule: "path",
  createOnUpdate: true,
  columns,
});
