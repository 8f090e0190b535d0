import { type FieldError, FieldPath, required } from "../machinery/field.ts";
import { controllerOf, groupOf, type KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkImmutable, checkNonNegative } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";

function controllerText(revision: KubeObject): string {
  const owner = controllerOf(revision);
  if (!owner) return "<none>";
  const group = groupOf(owner.apiVersion);
  const kind = owner.kind.toLowerCase();
  return `${group ? `${kind}.${group}` : kind}/${owner.name}`;
}

export const controllerRevisions = defineResource({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.ControllerRevision",
  validate({ data, revision }) {
    const errors: FieldError[] = [];
    checkNonNegative(errors, revision, () => new FieldPath("revision"));
    if (data === undefined) errors.push(required(new FieldPath("data"), "data is mandatory"));
    return errors;
  },
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.data, previous.data, () => new FieldPath("data"));
    return errors;
  },
  columns: [text("Controller", controllerText), text("Revision", ({ revision }) => revision ?? 0), ageColumn],
});
