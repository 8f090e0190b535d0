import { type FieldError, FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { compareQuantities, quantityValue } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { formatTime } from "../machinery/time.ts";
import { addInvalid, checkImmutable, checkOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { jsonDiff } from "../parts/diff.ts";
import { goValue } from "../parts/goshape.ts";
import { accessModesText, phaseText, storageClassOf } from "../parts/storagewords.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { checkAccessModes } from "./claimspec.ts";
import { checkNodeSelector } from "./podspec/scheduling.ts";
import {
  checkCsiDriverName,
  checkInitiator,
  checkIscsi,
  checkStorageOs,
  needs,
  volumeSourceChecks,
} from "./podspec/volumesources.ts";
import { nodeTermWarnings, oldVolumes } from "./podspec/warnings.ts";
import { goVolumeSources } from "./volumesourceshape.ts";

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

function checkCapacity(errors: Errors, capacity: Record<string, string> | undefined, path: FieldPath): void {
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) errors.push(required(path));
  if (names.length !== 1 || names[0] !== "storage") errors.push(notSupported(path, capacity ?? null, ["storage"]));
  for (const name of names) {
    if (compareQuantities(capacity![name]!, "0") < 0) {
      errors.push(invalid(path.key(name), quantityValue(capacity![name]!), "must be a valid resource quantity"));
    }
    if (compareQuantities(capacity![name]!, "0") <= 0) {
      errors.push(invalid(path.key(name), capacity![name], "must be greater than zero"));
    }
  }
}

const iscsiWords = "must be valid format";
const csiSecrets = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
];

function checkSecretPresent(errors: Errors, { name, namespace }: any, path: FieldPath): void {
  if (!name) errors.push(required(path.child("secretRef", "name")));
  if (!namespace) errors.push(required(path.child("secretRef", "namespace")));
}

/** A secret of a CSI driver: its names must be such as secrets and namespaces have. */
function checkSecretRef(errors: Errors, { name, namespace }: any, path: FieldPath): void {
  if (!name) errors.push(required(path.child("name")));
  else addInvalid(errors, () => path.child("name"), name, dns1123Subdomain(name));
  if (!namespace) errors.push(required(path.child("namespace")));
  else addInvalid(errors, () => path.child("namespace"), namespace, dns1123Label(namespace));
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
    for (const field of csiSecrets) if (source[field]) checkSecretRef(errors, source[field], path.child(field));
  },
  iscsi(errors, source, path) {
    if (!source.targetPortal) errors.push(required(path.child("targetPortal")));
    checkIscsi(errors, source, path, iscsiWords);
    checkInitiator(errors, source, path, iscsiWords);
  },
  glusterfs(errors, source, path) {
    needs("endpoints", "path")(errors, source, path, source);
    if (source.endpointsNamespace === "") {
      const why = "if the endpointnamespace is set, it must be a valid namespace name";
      errors.push(invalid(path.child("endpointsNamespace"), "", why));
    }
  },
  cinder(errors, source, path) {
    if (!source.volumeID) errors.push(required(path.child("volumeID")));
    if (source.secretRef) checkSecretPresent(errors, source.secretRef, path);
  },
  storageos(errors, source, path) {
    checkStorageOs(errors, source, path);
    if (source.secretRef) checkSecretPresent(errors, source.secretRef, path);
  },
  azureFile(errors, source, path) {
    needs("secretName", "shareName")(errors, source, path, source);
    if (source.secretNamespace === "") errors.push(required(path.child("secretNamespace")));
  },
};

/** Sources in the order in which the real server looks at them. */
const sourceOrder = [
  "hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc flexVolume",
  "azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local storageos csi",
].flatMap((line) => line.split(" "));

/** Two sources stand under other names in the messages than in the object. */
const shownSources: Readonly<Record<string, string>> = { gcePersistentDisk: "persistentDisk", cephfs: "cephFS" };

/** Whether it is `/`, however it is written. */
function isRoot(path: string | undefined): boolean {
  return (
    path?.startsWith("/") === true && path.split("/").every((part) => part === "" || part === "." || part === "..")
  );
}

function checkSource(errors: Errors, spec: any): void {
  const named = sourceOrder.filter((field) => spec[field]);
  for (const [index, field] of named.entries()) {
    const path = specPath.child(shownSources[field] ?? field);
    if (index > 0) errors.push(forbiddenField(path, "may not specify more than 1 volume type"));
    else (ownSources[field] ?? volumeSourceChecks[field])?.(errors, spec[field], path, { name: "" });
    if (field === "local" && index === 0 && !spec.nodeAffinity) {
      errors.push(required(specPath.child("nodeAffinity"), "Local volume requires node affinity"));
    }
  }
  if (named.length === 0) errors.push(required(specPath, "must specify a volume type"));
  if (isRoot(spec.hostPath?.path) && spec.persistentVolumeReclaimPolicy === "Recycle") {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbiddenField(specPath.child("persistentVolumeReclaimPolicy"), why));
  }
}

/** The class that the attributes of a CSI volume are of (KEP-3751). */
function checkAttributesClass(errors: Errors, spec: any): void {
  const name: string | undefined = spec.volumeAttributesClassName;
  if (name === undefined) return;
  const path = specPath.child("volumeAttributesClassName");
  if (name === "") errors.push(required(path, "an empty string is disallowed"));
  else addInvalid(errors, () => path, name, dns1123Subdomain(name));
  if (!spec.csi) {
    errors.push(required(specPath.child("csi"), "has to be specified when using volumeAttributesClassName"));
  }
}

function validate({ spec }: Volume): FieldError[] {
  const errors: FieldError[] = [];
  const modes = specPath.child("accessModes");
  if (!spec.accessModes?.length) errors.push(required(modes));
  checkAccessModes(errors, spec.accessModes ?? [], modes);
  checkCapacity(errors, spec.capacity, specPath.child("capacity"));
  checkOneOf(errors, spec.persistentVolumeReclaimPolicy, ["Delete", "Recycle", "Retain"], () =>
    specPath.child("persistentVolumeReclaimPolicy"),
  );
  if (spec.nodeAffinity?.required)
    checkNodeSelector(errors, spec.nodeAffinity.required, specPath.child("nodeAffinity", "required"));
  else if (spec.nodeAffinity)
    errors.push(required(specPath.child("nodeAffinity", "required"), "must specify required node constraints"));
  checkSource(errors, spec);
  if (spec.storageClassName) {
    const at = () => specPath.child("storageClassName");
    addInvalid(errors, at, spec.storageClassName, dns1123Subdomain(spec.storageClassName));
  }
  checkOneOf(errors, spec.volumeMode, ["Block", "Filesystem"], () => specPath.child("volumeMode"));
  checkAttributesClass(errors, spec);
  return errors;
}

function validateUpdate(next: Volume, previous: Volume): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [goVolumeSources(withoutNewSecret(next.spec, previous.spec)), goVolumeSources(previous.spec)];
  if (!sameValue(now, before)) {
    const path = specPath.child("persistentvolumesource");
    const why = "spec.persistentvolumesource is immutable after creation";
    errors.push(forbiddenField(path, `${why}\n${jsonDiff(before, now)}`));
  }
  // Without `spec.`: so it stands in the real server's message.
  checkImmutable(errors, next.spec.volumeMode, previous.spec.volumeMode, () => new FieldPath("volumeMode"));
  if (previous.spec.nodeAffinity && !sameValue(next.spec.nodeAffinity, previous.spec.nodeAffinity)) {
    const shown = goValue(next.spec.nodeAffinity ?? null, undefined);
    const why = "field is immutable, except for updating from beta label to GA";
    if (!sameValue(withNewLabels(previous.spec.nodeAffinity), withNewLabels(next.spec.nodeAffinity))) {
      errors.push(invalid(new FieldPath("nodeAffinity"), shown, why));
    }
  }
  const classPath = specPath.child("volumeAttributesClassName");
  if (previous.spec.volumeAttributesClassName !== undefined && next.spec.volumeAttributesClassName === undefined) {
    errors.push(forbiddenField(classPath, "update from non-nil value to nil is forbidden"));
  }
  return errors;
}

/** The spec as if the secret that a driver grows volumes with had not come with this write: it may be added. */
function withoutNewSecret(spec: any, previous: any): any {
  if (!spec.csi || !previous.csi || previous.csi.controllerExpandSecretRef) return spec;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...spec, csi };
}

const labelsNow: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
};

/** An affinity with the names that labels of nodes have had since they were stable. */
function withNewLabels(affinity: any): unknown {
  const copy = structuredClone(affinity ?? {});
  for (const { matchExpressions } of copy.required?.nodeSelectorTerms ?? []) {
    for (const each of matchExpressions ?? []) each.key = labelsNow[each.key] ?? each.key;
  }
  return copy;
}

const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const oldSources = ["cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd"];

function* warnings({ metadata, spec }: Volume): Iterable<string> {
  if (metadata.annotations?.[classAnnotation] !== undefined) {
    yield `metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`;
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    const advice = "Instead, the recommended approach is to use dynamic provisioning.";
    yield `spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`;
  }
  const terms = specPath.child("nodeAffinity", "required", "nodeSelectorTerms");
  for (const [index, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) {
    yield* nodeTermWarnings(term, false, terms.index(index));
  }
  for (const field of oldSources) {
    if (spec[field]) yield `spec.${oldVolumes[field]![0]}: ${oldVolumes[field]![1]}`;
  }
}

const claimText = (claim: any): string => (claim ? `${claim.namespace ?? ""}/${claim.name ?? ""}` : "");

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
  warnings,
  columns: [
    text("Capacity", ({ spec }) => `${spec?.capacity?.storage ?? 0}`),
    text("Access Modes", ({ spec }) => accessModesText(spec?.accessModes)),
    text("Reclaim Policy", ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ""),
    text("Status", phaseText),
    text("Claim", ({ spec }) => claimText(spec?.claimRef)),
    text("StorageClass", storageClassOf),
    text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    text("Reason", ({ status }) => status?.reason ?? ""),
    ageColumn,
    wide("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>"),
  ],
});
