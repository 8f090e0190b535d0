import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
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

export const storageClasses = defineResource({
  group,
  version,
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.StorageClass",
  columns: [
    nameColumn("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"),
    text("Provisioner", ({ provisioner }) => provisioner ?? ""),
    text("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
    text("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "<unset>"),
    text("AllowVolumeExpansion", ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn,
  ],
});

export const volumeAttributesClasses = defineResource({
  group,
  version,
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.VolumeAttributesClass",
  columns: [
    nameColumn("storage.alpha.kubernetes.io/is-default-class"),
    text("DriverName", ({ driverName }) => driverName ?? ""),
    ageColumn,
  ],
});
