import { type FieldError, FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Subdomain, pathSegment } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, type Errors, sameValue } from "../parts/checks.ts";
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
    .map(({ namespace, name }: Subject) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name))
    .join(", ");
}

function defaults(draft: any): void {
  draft.roleRef ??= {};
  draft.roleRef.apiGroup ||= group;
  for (const subject of draft.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= group;
  }
}

function checkSubject(errors: Errors, subject: any, namespaced: boolean, path: FieldPath): void {
  const { kind, name, namespace, apiGroup = "" } = subject;
  if (!name) errors.push(required(path.child("name")));
  switch (kind) {
    case "ServiceAccount":
      if (name) addInvalid(errors, () => path.child("name"), name, dns1123Subdomain(name));
      if (apiGroup) errors.push(notSupported(path.child("apiGroup"), apiGroup, [""]));
      if (!namespaced && !namespace) errors.push(required(path.child("namespace")));
      break;
    case "User":
    case "Group":
      if (apiGroup !== group) errors.push(notSupported(path.child("apiGroup"), apiGroup, [group]));
      break;
    default:
      errors.push(notSupported(path.child("kind"), kind ?? "", ["ServiceAccount", "User", "Group"]));
  }
}

function validateBinding(binding: any, kinds: readonly string[], namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("roleRef");
  const { apiGroup, kind = "", name = "" } = binding.roleRef;
  if (apiGroup !== group) errors.push(notSupported(path.child("apiGroup"), apiGroup ?? "", [group]));
  if (!kinds.includes(kind)) errors.push(notSupported(path.child("kind"), kind, kinds));
  if (name === "") errors.push(required(path.child("name")));
  else addInvalid(errors, () => path.child("name"), name, pathSegment(name));
  for (const [index, subject] of (binding.subjects ?? []).entries()) {
    checkSubject(errors, subject, namespaced, new FieldPath("subjects").index(index));
  }
  return errors;
}

/** What is bound stays: who may bind was decided for this very role. */
function validateUpdate(next: any, previous: any): FieldError[] {
  if (sameValue(next.roleRef, previous.roleRef)) return [];
  const { apiGroup = "", kind = "", name = "" } = next.roleRef ?? {};
  // The real server prints its own struct here.
  const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
  return [invalid(new FieldPath("roleRef"), shown, "cannot change roleRef")];
}

const columns = [
  text("Role", ({ roleRef }) => `${roleRef?.kind}/${roleRef?.name}`),
  ageColumn,
  wide("Users", (binding) => subjects(binding, "User")),
  wide("Groups", (binding) => subjects(binding, "Group")),
  wide("ServiceAccounts", (binding) => subjects(binding, "ServiceAccount")),
];

export const clusterRoleBindings = defineResource<any>({
  group,
  version,
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  scope: "Cluster",
  schema: "io.k8s.api.rbac.v1.ClusterRoleBinding",
  nameRule: "path",
  createOnUpdate: true,
  defaults,
  validate: (binding) => validateBinding(binding, ["ClusterRole"], false),
  validateUpdate,
  columns,
});

export const roleBindings = defineResource<any>({
  group,
  version,
  kind: "RoleBinding",
  plural: "rolebindings",
  scope: "Namespaced",
  schema: "io.k8s.api.rbac.v1.RoleBinding",
  nameRule: "path",
  createOnUpdate: true,
  defaults,
  validate: (binding) => validateBinding(binding, ["Role", "ClusterRole"], true),
  validateUpdate,
  columns,
});
