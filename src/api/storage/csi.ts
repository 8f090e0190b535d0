import { defineResource } from "../machinery/resource.ts";
import { ageColumn, boolean, createdAtColumn, integer, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "storage.k8s.io";
const version = "v1";

export const csiDrivers = defineResource({
  group,
  version,
  kind: "CSIDriver",
  plural: "csidrivers",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.CSIDriver",
  unconditionalUpdate: false,
  columns: [
    boolean("AttachRequired", ({ spec }) => spec?.attachRequired ?? true),
    boolean("PodInfoOnMount", ({ spec }) => spec?.podInfoOnMount ?? false),
    boolean("StorageCapacity", ({ spec }) => spec?.storageCapacity ?? false),
    text("TokenRequests", ({ spec }) =>
      spec?.tokenRequests?.length
        ? spec.tokenRequests.map(({ audience }: { audience: string }) => audience).join(",")
        : "<unset>",
    ),
    boolean("RequiresRepublish", ({ spec }) => spec?.requiresRepublish ?? false),
    text("Modes", ({ spec }) => spec?.volumeLifecycleModes?.join(",") || "<none>"),
    ageColumn,
  ],
});

export const csiNodes = defineResource({
  group,
  version,
  kind: "CSINode",
  plural: "csinodes",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.CSINode",
  unconditionalUpdate: false,
  columns: [integer("Drivers", ({ spec }) => spec?.drivers?.length ?? 0), ageColumn],
});

export const csiStorageCapacities = defineResource({
  group,
  version,
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  scope: "Namespaced",
  schema: "io.k8s.api.storage.v1.CSIStorageCapacity",
  unconditionalUpdate: false,
  columns: [createdAtColumn],
});

export const volumeAttachments = defineResource({
  group,
  version,
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.VolumeAttachment",
  subresources: [statusSubresource],
  statusFields: ["status"],
  unconditionalUpdate: false,
  columns: [
    { ...text("Attacher", ({ spec }) => spec?.attacher ?? ""), format: "name" },
    text("PV", ({ spec }) => spec?.source?.persistentVolumeName ?? ""),
    text("Node", ({ spec }) => spec?.nodeName ?? ""),
    boolean("Attached", ({ status }) => status?.attached ?? false),
    ageColumn,
  ],
});
