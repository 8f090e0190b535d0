import { type FieldError, FieldPath, forbiddenField, invalid, required, tooLong } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkImmutable, checkRequiredOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";

const group = "storage.k8s.io";
const version = "v1";

/** A name column that marks the class that claims get when they name none. */
function nameColumn(...annotations: string[]) {
  const isDefault = ({ metadata }: KubeObject) => annotations.some((key) => metadata.annotations?.[key] === "true");
  const name = text<KubeObject>("Name", (object) =>
    isDefault(object) ? `${object.metadata.name} (default)` : object.metadata.name,
  );
  return { ...name, format: "name" };
}

const parametersBytesMax = 256 * 1024;
const parametersMax = 512;

function checkDriver(errors: Errors, driver: string | undefined, path: FieldPath): void {
  if (!driver) errors.push(required(path));
  else addInvalid(errors, () => path, driver.toLowerCase(), qualifiedName(driver.toLowerCase()));
}

function checkParameters(errors: Errors, parameters: Record<string, string> | undefined, path: FieldPath): void {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > parametersMax) errors.push(tooLong(path, parametersMax));
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(invalid(path, "", "field can not be empty."));
    bytes += key.length + value.length;
  }
  if (bytes > parametersBytesMax) errors.push(tooLong(path, parametersBytesMax));
}

function checkTopologies(errors: Errors, terms: any[] | undefined, path: FieldPath): void {
  for (const [index, { matchLabelExpressions = [] }] of (terms ?? []).entries()) {
    for (const [position, { key = "", values }] of matchLabelExpressions.entries()) {
      const at = path.index(index).child("matchLabelExpressions").index(position);
      if (!values?.length) errors.push(required(at.child("values")));
      addInvalid(errors, () => at.child("key"), key, qualifiedName(key));
    }
  }
}

function validateStorageClass(storageClass: any): FieldError[] {
  const errors: FieldError[] = [];
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies } = storageClass;
  checkDriver(errors, provisioner, new FieldPath("provisioner"));
  checkParameters(errors, parameters, new FieldPath("parameters"));
  checkRequiredOneOf(errors, reclaimPolicy, ["Delete", "Retain"], () => new FieldPath("reclaimPolicy"));
  const modes = ["Immediate", "WaitForFirstConsumer"];
  checkRequiredOneOf(errors, volumeBindingMode, modes, () => new FieldPath("volumeBindingMode"));
  checkTopologies(errors, allowedTopologies, new FieldPath("allowedTopologies"));
  return errors;
}

function checkUnchanged(next: any, previous: any, fields: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of fields) checkImmutable(errors, next[field], previous[field], () => new FieldPath(field));
  return errors;
}

export const storageClasses = defineResource<any>({
  group,
  version,
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.StorageClass",
  defaults(draft) {
    draft.reclaimPolicy ??= "Delete";
    draft.volumeBindingMode ??= "Immediate";
  },
  validate: validateStorageClass,
  validateUpdate: (next, previous) =>
    checkUnchanged(next, previous, ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]),
  columns: [
    nameColumn("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"),
    text("Provisioner", ({ provisioner }) => provisioner ?? ""),
    text("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
    text("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "<unset>"),
    text("AllowVolumeExpansion", ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn,
  ],
});

export const volumeAttributesClasses = defineResource<any>({
  group,
  version,
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.VolumeAttributesClass",
  validate({ driverName, parameters }) {
    const errors: FieldError[] = [];
    checkDriver(errors, driverName, new FieldPath("driverName"));
    const path = new FieldPath("parameters");
    if (!parameters || Object.keys(parameters).length === 0) {
      errors.push(required(path, "must contain at least one key/value pair"));
    } else checkParameters(errors, parameters, path);
    return errors;
  },
  validateUpdate: (next, previous) =>
    ["driverName", "parameters"]
      .filter((field) => !sameValue(next[field], previous[field]))
      .map((field) => forbiddenField(new FieldPath(field), `updates to ${field} are forbidden.`)),
  columns: [
    nameColumn("storage.alpha.kubernetes.io/is-default-class"),
    text("DriverName", ({ driverName }) => driverName ?? ""),
    ageColumn,
  ],
});
