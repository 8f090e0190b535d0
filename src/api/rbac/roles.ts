import { defineResource } from "../machinery/resource.ts";
import { createdAtColumn } from "../parts/columns.ts";

const group = "rbac.authorization.k8s.io";
const version = "v1";

export const clusterRoles = defineResource({
  group,
  version,
  kind: "ClusterRole",
  plural: "clusterroles",
  scope: "Cluster",
  schema: "io.k8s.api.rbac.v1.ClusterRole",
  nameRule: "path",
  createOnUpdate: true,
  columns: [createdAtColumn],
});

export const roles = defineResource({
  group,
  version,
  kind: "Role",
  plural: "roles",
  scope: "Namespaced",
  schema: "io.k8s.api.rbac.v1.Role",
  nameRule: "path",
  createOnUpdate: true,
  columns: [createdAtColumn],
});
