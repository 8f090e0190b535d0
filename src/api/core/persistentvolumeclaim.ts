import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { accessModesText, phaseText, storageClassOf } from "../parts/storagewords.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const persistentVolumeClaims = defineResource({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.PersistentVolumeClaim",
  subresources: [statusSubresource],
  statusFields: ["status"],
  columns: [
    text("Status", phaseText),
    text("Volume", ({ spec }) => spec?.volumeName ?? ""),
    text("Capacity", ({ spec, status }) => (spec?.volumeName ? `${status?.capacity?.storage ?? 0}` : "")),
    text("Access Modes", ({ spec, status }) => (spec?.volumeName ? accessModesText(status?.accessModes) : "")),
    text("StorageClass", storageClassOf),
    text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    ageColumn,
    wide("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>"),
  ],
});
