import { type FieldError, FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Subdomain } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { compareQuantities } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { formatTime } from "../machinery/time.ts";
import { addInvalid, checkImmutable, checkOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { jsonDiff } from "../parts/diff.ts";
import { goValue } from "../parts/goshape.ts";
import { accessModesText, phaseText, storageClassOf } from "../parts/storagewords.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { accessModes } from "./claimspec.ts";
import { checkNodeSelector } from "./podspec/scheduling.ts";
import { checkCsiDriverName, volumeSourceChecks } from "./podspec/volumesources.ts";
import { goVolumeSources, volumeSourceFields } from "./volumesourceshape.ts";

type Volume = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");

function defaults({ spec }: Volume): void {
  spec.persistentVolumeReclaimPolicy ||= "Retain";
  spec.volumeMode ??= "Filesystem";
  if (spec.hostPath) spec.hostPath.type ??= "";
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= "default";
  if (spec.rbd) {
    spec.rbd.pool ||= "rbd";
    spec.rbd.user ||= "admin";
    spec.rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (spec.azureDisk) {
    spec.azureDisk.cachingMode ??= "ReadWrite";
    spec.azureDisk.kind ??= "Shared";
    spec.azureDisk.fsType ??= "ext4";
    spec.azureDisk.readOnly ??= false;
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= "ThinProvisioned";
    spec.scaleIO.fsType ||= "xfs";
  }
}

function checkModes(errors: Errors, modes: string[], path: FieldPath): void {
  if (modes.length === 0) errors.push(required(path));
  for (const mode of modes) checkOneOf(errors, mode, accessModes, () => path);
  if (modes.includes("ReadWriteOncePod") && modes.length > 1) {
    errors.push(forbiddenField(path, "may not use ReadWriteOncePod with other access modes"));
  }
}

function checkCapacity(errors: Errors, capacity: Record<string, string> | undefined, path: FieldPath): void {
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) errors.push(required(path));
  if (names.length !== 1 || names[0] !== "storage") errors.push(notSupported(path, capacity ?? null, ["storage"]));
  for (const name of names) {
    if (compareQuantities(capacity![name]!, "0") <= 0) {
      errors.push(invalid(path.key(name), capacity![name], "must be greater than zero"));
    }
  }
}

/** Sources that only volumes have, or that ask more of volumes than of pods. */
const ownSources: Record<string, (errors: Errors, source: any, path: FieldPath) => void> = {
  local(errors, source, path) {
    if (!source.path) errors.push(required(path.child("path")));
    else if (source.path.split("/").includes("..")) {
      errors.push(invalid(path.child("path"), source.path, "must not contain '..'"));
    }
  },
  csi(errors, source, path) {
    checkCsiDriverName(errors, source.driver, path.child("driver"));
    if (!source.volumeHandle) errors.push(required(path.child("volumeHandle")));
    for (const field of ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef"]) {
      const secret = source[field];
      if (secret && !secret.name) errors.push(required(path.child(field, "name")));
      if (secret && !secret.namespace) errors.push(required(path.child(field, "namespace")));
    }
  },
  storageos() {},
};

function checkSource(errors: Errors, spec: any): void {
  const named = Object.values(volumeSourceFields).filter((field) => spec[field]);
  for (const [index, field] of named.entries()) {
    const path = specPath.child(field);
    if (index > 0) errors.push(forbiddenField(path, "may not specify more than 1 volume type"));
    else (ownSources[field] ?? volumeSourceChecks[field])?.(errors, spec[field], path, { name: "" });
  }
  if (named.length === 0) errors.push(required(specPath, "must specify a volume type"));
  if (spec.hostPath?.path === "/" && spec.persistentVolumeReclaimPolicy === "Recycle") {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbiddenField(specPath.child("persistentVolumeReclaimPolicy"), why));
  }
}

function validate({ spec }: Volume): FieldError[] {
  const errors: FieldError[] = [];
  checkModes(errors, spec.accessModes ?? [], specPath.child("accessModes"));
  checkCapacity(errors, spec.capacity, specPath.child("capacity"));
  checkOneOf(errors, spec.persistentVolumeReclaimPolicy, ["Delete", "Recycle", "Retain"], () =>
    specPath.child("persistentVolumeReclaimPolicy"),
  );
  if (spec.nodeAffinity?.required)
    checkNodeSelector(errors, spec.nodeAffinity.required, specPath.child("nodeAffinity", "required"));
  else if (spec.nodeAffinity)
    errors.push(required(specPath.child("nodeAffinity", "required"), "must specify required node constraints"));
  else if (spec.local) errors.push(required(specPath.child("nodeAffinity"), "Local volume requires node affinity"));
  checkSource(errors, spec);
  if (spec.storageClassName) {
    const at = () => specPath.child("storageClassName");
    addInvalid(errors, at, spec.storageClassName, dns1123Subdomain(spec.storageClassName));
  }
  checkOneOf(errors, spec.volumeMode, ["Block", "Filesystem"], () => specPath.child("volumeMode"));
  return errors;
}

function validateUpdate(next: Volume, previous: Volume): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [goVolumeSources(next.spec), goVolumeSources(previous.spec)];
  if (!sameValue(now, before)) {
    const path = specPath.child("persistentvolumesource");
    const why = "spec.persistentvolumesource is immutable after creation";
    errors.push(forbiddenField(path, `${why}\n${jsonDiff(before, now)}`));
  }
  // Without `spec.`: so it stands in the real server's message.
  checkImmutable(errors, next.spec.volumeMode, previous.spec.volumeMode, () => new FieldPath("volumeMode"));
  if (previous.spec.nodeAffinity && !sameValue(next.spec.nodeAffinity, previous.spec.nodeAffinity)) {
    const shown = goValue(next.spec.nodeAffinity ?? null, undefined);
    errors.push(invalid(new FieldPath("nodeAffinity"), shown, "field is immutable"));
  }
  return errors;
}

export const persistentVolumes = defineResource<Volume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  scope: "Cluster",
  schema: "io.k8s.api.core.v1.PersistentVolume",
  subresources: [statusSubresource],
  statusFields: ["status"],
  defaults,
  prepareCreate(draft, { now }) {
    draft.status = { phase: "Pending", lastPhaseTransitionTime: formatTime(now) };
  },
  prepareStatusUpdate({ status }, previous, { now }) {
    // When the phase changed last (KEP-3762).
    if (status && status.phase !== previous.status?.phase) status.lastPhaseTransitionTime = formatTime(now);
  },
  validate,
  validateUpdate,
  columns: [
    text("Capacity", ({ spec }) => `${spec?.capacity?.storage ?? 0}`),
    text("Access Modes", ({ spec }) => accessModesText(spec?.accessModes)),
    text("Reclaim Policy", ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ""),
    text("Status", phaseText),
    text("Claim", ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : "")),
    text("StorageClass", storageClassOf),
    text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    text("Reason", ({ status }) => status?.reason ?? ""),
    ageColumn,
    wide("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>"),
  ],
});
