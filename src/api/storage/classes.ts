import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  required,
  tooLong,
} from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { oldNodeLabelText } from "../node/labels.ts";
import { addInvalid, checkImmutable, checkOneOf, type Errors, sameValue } from "../parts/checks.ts";
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
const encoder = new TextEncoder();

function checkDriver(errors: Errors, driver: string | undefined, path: FieldPath): void {
  if (!driver) errors.push(required(path));
  else addInvalid(errors, () => path, driver.toLowerCase(), qualifiedName(driver.toLowerCase()));
}

function checkParameters(errors: Errors, parameters: Record<string, string> | undefined, path: FieldPath): void {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > parametersMax) {
    errors.push(tooLong(path, parametersMax));
    return;
  }
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(invalid(path, "", "field can not be empty."));
    bytes += encoder.encode(key).length + encoder.encode(value).length;
  }
  if (bytes > parametersBytesMax) errors.push(tooLong(path, parametersBytesMax));
}

function checkTopologies(errors: Errors, terms: any[] | undefined, path: FieldPath): void {
  // As in the real server, which keeps an empty place for each term beside those it has seen: a term that says nothing
  // is the same as each of these places.
  const seen = (terms ?? []).map(() => "[]");
  for (const [index, { matchLabelExpressions = [] }] of (terms ?? []).entries()) {
    const at = path.index(index).child("matchLabelExpressions");
    const term = checkTopology(errors, matchLabelExpressions, at);
    for (const each of seen) if (each === term) errors.push(duplicate(at, ""));
    seen.push(term);
  }
}

/** One term; gives what it says in a form that is equal for equal terms. */
function checkTopology(errors: Errors, expressions: readonly any[], path: FieldPath): string {
  const keys = new Map<string, string[]>();
  for (const [index, { key = "", values = [] }] of expressions.entries()) {
    const at = path.index(index);
    if (values.length === 0) errors.push(required(at.child("values")));
    for (const [position, value] of values.entries()) {
      if (values.indexOf(value) < position) errors.push(duplicate(at.child("values").index(position), value));
    }
    addInvalid(errors, () => at.child("key"), key, qualifiedName(key));
    if (keys.has(key)) errors.push(duplicate(at.child("key"), key));
    keys.set(key, [...new Set<string>(values)].sort());
  }
  return JSON.stringify([...keys].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function* warnings({ allowedTopologies }: any): Iterable<string> {
  for (const [index, { matchLabelExpressions = [] }] of (allowedTopologies ?? []).entries()) {
    for (const [position, { key }] of matchLabelExpressions.entries()) {
      const text = oldNodeLabelText(key ?? "");
      const at = new FieldPath("allowedTopologies").index(index).child("matchLabelExpressions").index(position);
      if (text) yield `${at.child("key")}: ${text}`;
    }
  }
}

function validateStorageClass(storageClass: any): FieldError[] {
  const errors: FieldError[] = [];
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies } = storageClass;
  checkDriver(errors, provisioner, new FieldPath("provisioner"));
  checkParameters(errors, parameters, new FieldPath("parameters"));
  checkOneOf(errors, reclaimPolicy || undefined, ["Delete", "Retain"], () => new FieldPath("reclaimPolicy"));
  const modes = ["Immediate", "WaitForFirstConsumer"];
  checkOneOf(errors, volumeBindingMode, modes, () => new FieldPath("volumeBindingMode"));
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
  warnings,
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
