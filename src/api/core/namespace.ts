import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { allVerbs, defineResource } from "../machinery/resource.ts";
import { addInvalid, type Errors } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

type Namespace = KubeObject & { spec?: { finalizers?: string[] }; status?: any };

const nameLabel = "kubernetes.io/metadata.name";
const ownFinalizer = "kubernetes";
const standardFinalizers = [ownFinalizer, "orphan", "foregroundDeletion"];

function defaults({ metadata, status }: Namespace): void {
  if (status) status.phase ||= "Active";
  if (!metadata.name) return;
  metadata.labels ??= {};
  metadata.labels[nameLabel] = metadata.name;
}

/** The finalizer lets the namespace's contents go first. */
function prepareCreate(namespace: Namespace): void {
  namespace.status = { phase: "Active" };
  namespace.spec ??= {};
  const finalizers = namespace.spec.finalizers ?? [];
  namespace.spec.finalizers = finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer];
}

/** Finalizers change only through `finalize`. */
function prepareUpdate(namespace: Namespace, previous: Namespace): void {
  namespace.spec = { ...namespace.spec, finalizers: previous.spec?.finalizers };
  if (!previous.spec?.finalizers) delete namespace.spec.finalizers;
}

function checkFinalizer(errors: Errors, name: string, path: () => FieldPath): void {
  addInvalid(errors, path, name, qualifiedName(name));
  if (!name.includes("/") && !standardFinalizers.includes(name)) {
    errors.push(invalid(path(), name, "name is neither a standard finalizer name nor is it fully qualified"));
  }
}

const finalizersPath = new FieldPath("spec").child("finalizers");

function validate({ spec }: Namespace): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of spec?.finalizers ?? []) checkFinalizer(errors, name, () => finalizersPath);
  return errors;
}

/** Errors in the finalizers that somebody wants a namespace to have through `finalize`. */
export function finalizerErrors({ spec }: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const names: string[] = spec?.finalizers ?? [];
  for (const [index, name] of names.entries()) checkFinalizer(errors, name, () => finalizersPath.index(index));
  return errors;
}

function validateStatusUpdate({ metadata, status }: Namespace): FieldError[] {
  const path = new FieldPath("status").child("Phase");
  if (!metadata.deletionTimestamp && status?.phase !== "Active") {
    return [invalid(path, status?.phase ?? "", "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  if (metadata.deletionTimestamp && status?.phase !== "Terminating") {
    return [invalid(path, status?.phase ?? "", "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  }
  return [];
}

export const namespaces = defineResource<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  scope: "Cluster",
  verbs: allVerbs.filter((verb) => verb !== "deletecollection"),
  schema: "io.k8s.api.core.v1.Namespace",
  subresources: [{ name: "finalize", verbs: ["update"] }, statusSubresource],
  statusFields: ["status"],
  nameRule: "dns1123label",
  defaults,
  prepareCreate,
  prepareUpdate,
  validate,
  validateStatusUpdate,
  columns: [text("Status", ({ status }) => status?.phase ?? ""), ageColumn],
  selectableFields: { "status.phase": ({ status }) => status?.phase ?? "" },
});
