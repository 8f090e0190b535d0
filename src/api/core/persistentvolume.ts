import { type FieldError, FieldPath, forbiddenField, invalid } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { formatTime } from "../machinery/time.ts";
import { checkImmutable, sameValue } from "../parts/checks.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { jsonDiff } from "../parts/diff.ts";
import { type GoShape, goValue } from "../parts/goshape.ts";
import { accessModesText, phaseText, storageClassOf } from "../parts/storagewords.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { nodeSelectorTermShape } from "./podspec/goshape.ts";
import { nodeTermWarnings, oldVolumes } from "./podspec/warnings.ts";
import { goVolumeSources } from "./volumesourceshape.ts";
import { checkVolumeSpec } from "./volumespec.ts";

type Volume = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");

function defaults({ spec, status }: Volume): void {
  if (status) status.phase ||= "Pending";
  spec.persistentVolumeReclaimPolicy ||= "Retain";
  spec.volumeMode ??= "Filesystem";
  if (spec.hostPath) spec.hostPath.type ??= "";
  if (spec.iscsi) {
    spec.iscsi.iscsiInterface ||= "default";
    spec.iscsi.lun ??= 0;
  }
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

function validate({ metadata, spec }: Volume): FieldError[] {
  const errors: FieldError[] = [];
  checkVolumeSpec(errors, spec, metadata.name, specPath);
  return errors;
}

const affinityShape: GoShape = {
  Required: ["required", null, () => ({ NodeSelectorTerms: ["nodeSelectorTerms", null, () => nodeSelectorTermShape] })],
};

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
    const shown = goValue(next.spec.nodeAffinity ?? null, affinityShape);
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

/** Annotations that have become fields. */
const oldAnnotations: Readonly<Record<string, string>> = {
  "volume.beta.kubernetes.io/storage-class": 'deprecated since v1.8; use "storageClassName" attribute instead',
  "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
};
const oldSources = ["cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd"];

function* warnings({ metadata, spec }: Volume): Iterable<string> {
  for (const [name, why] of Object.entries(oldAnnotations)) {
    if (metadata.annotations?.[name] !== undefined) yield `metadata.annotations[${name}]: ${why}`;
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
    if (!status) return;
    // When the phase changed last (KEP-3762), unless the writer knows better.
    const { phase, lastPhaseTransitionTime: before } = previous.status ?? {};
    if (status.phase === phase && before) status.lastPhaseTransitionTime ??= before;
    else if (status.phase !== phase && [undefined, before].includes(status.lastPhaseTransitionTime))
      status.lastPhaseTransitionTime = formatTime(now);
  },
  checkedTwice: true,
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
