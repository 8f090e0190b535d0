import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { accessModesText, phaseText, storageClassOf } from "../parts/storagewords.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const persistentVolumes = defineResource({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  scope: "Cluster",
  schema: "io.k8s.api.core.v1.PersistentVolume",
  subresources: [statusSubresource],
  statusFields: ["status"],
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
