// The spec of a claim for storage: of claims, and of the templates in pods and stateful sets.

import { type FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";
import { compareQuantities, milliValue } from "../machinery/quantity.ts";
import { addInvalid, checkLabelSelector, checkOneOf, type Errors, sameValue } from "../parts/checks.ts";

export const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/** Known modes; the one for a single pod stands alone. */
export function checkAccessModes(errors: Errors, modes: string[], path: FieldPath): void {
  for (const mode of modes) checkOneOf(errors, mode, accessModes, () => path);
  const others = modes.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(mode));
  if (modes.includes("ReadWriteOncePod") && others) {
    errors.push(forbiddenField(path, "may not use ReadWriteOncePod with other access modes"));
  }
}

function checkDataSource(errors: Errors, source: any, path: FieldPath): void {
  if (!source.name) errors.push(required(path.child("name")));
  if (!source.kind) errors.push(required(path.child("kind")));
  const group = source.apiGroup ?? "";
  if (group === "" && source.kind !== "PersistentVolumeClaim") {
    const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(path, source.kind ?? "", why));
  }
  if (group) addInvalid(errors, () => path.child("apiGroup"), group, dns1123Subdomain(group));
}

/** The two ways to name a source must say the same. The value in these errors is a path, printed as Go prints one. */
function checkSourcesAgree(errors: Errors, { dataSource, dataSourceRef }: any, path: FieldPath): void {
  if (!dataSource || !dataSourceRef) return;
  if (dataSourceRef.namespace) {
    errors.push(invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified"));
  } else if (!sameValue({ ...dataSourceRef, namespace: undefined }, dataSource)) {
    errors.push(invalid(path, {}, "must match dataSourceRef"));
  }
}

/** A warning for an amount of bytes that isn't whole. */
export function* fractionalBytes(amount: string | undefined, path: () => FieldPath): Iterable<string> {
  if (amount === undefined || milliValue(amount) % 1000 === 0) return;
  yield `${path()}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`;
}

/** Warnings for a claim's spec. */
export function* claimSpecWarnings(spec: any, path: FieldPath): Iterable<string> {
  for (const list of ["requests", "limits"] as const) {
    yield* fractionalBytes(spec?.resources?.[list]?.storage, () => path.child("resources", list).key("storage"));
  }
}

/** Modes, size, class and sources of a claim. */
export function checkClaimSpec(errors: Errors, spec: any, path: FieldPath): void {
  const modes: string[] = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(required(path.child("accessModes"), "at least 1 access mode is required"));
  checkLabelSelector(errors, spec.selector, path.child("selector"));
  checkAccessModes(errors, modes, path.child("accessModes"));
  const size = spec.resources?.requests?.storage;
  if (size === undefined) {
    errors.push(required(path.child("resources").key("storage")));
  } else if (compareQuantities(size, "0") <= 0) {
    errors.push(invalid(path.child("resources").key("storage"), size, "must be greater than zero"));
  }
  if (spec.storageClassName) {
    const at = () => path.child("storageClassName");
    addInvalid(errors, at, spec.storageClassName, dns1123Subdomain(spec.storageClassName));
  }
  if (spec.volumeMode && spec.volumeMode !== "Block" && spec.volumeMode !== "Filesystem") {
    errors.push(notSupported(path.child("volumeMode"), spec.volumeMode, ["Block", "Filesystem"]));
  }
  if (spec.dataSource) checkDataSource(errors, spec.dataSource, path.child("dataSource"));
  if (spec.dataSourceRef) {
    checkDataSource(errors, spec.dataSourceRef, path.child("dataSourceRef"));
    const namespace = spec.dataSourceRef.namespace;
    if (namespace)
      addInvalid(errors, () => path.child("dataSourceRef", "namespace"), namespace, dns1123Label(namespace));
  }
  checkSourcesAgree(errors, spec, path);
  if (spec.volumeAttributesClassName) {
    const at = () => path.child("volumeAttributesClassName");
    addInvalid(errors, at, spec.volumeAttributesClassName, dns1123Subdomain(spec.volumeAttributesClassName));
  }
}

/** `dataSource` can only name claims and snapshots; what else it names is dropped, as before there was anything else. */
function isOldSource({ apiGroup = "", kind }: { apiGroup?: string; kind?: string }): boolean {
  if (apiGroup === "") return kind === "PersistentVolumeClaim";
  return apiGroup === "snapshot.storage.k8s.io" && kind === "VolumeSnapshot";
}

/** `dataSource` and `dataSourceRef` say the same: the one that is missing is filled in (KEP-1495). */
export function joinDataSources(spec: any): void {
  // Sources in other namespaces are behind a gate that is off (KEP-3294).
  if (spec.dataSourceRef?.namespace) delete spec.dataSourceRef;
  if (spec.dataSource && !spec.dataSourceRef && !isOldSource(spec.dataSource)) delete spec.dataSource;
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && spec.dataSourceRef.namespace === undefined) {
    if (isOldSource(spec.dataSourceRef)) spec.dataSource = { ...spec.dataSourceRef };
  }
}

/** Fills in a claim's spec. */
export function defaultClaimSpec(spec: any): void {
  spec.volumeMode ??= "Filesystem";
  spec.resources ??= {};
}
