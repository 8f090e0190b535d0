// Rules of what may become of volumes and claims, and of the volumes that pods bring themselves. A row each.

import { checksOf } from "../../../test/declarations.ts";
import { volumeAttachments } from "../storage/csi.ts";
import { persistentVolumes } from "./persistentvolume.ts";
import { persistentVolumeClaims } from "./persistentvolumeclaim.ts";

const volume = checksOf(persistentVolumes);
const disk = (more: object) => ({ spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], ...more } });
const driven = { csi: { driver: "d", volumeHandle: "h" } };
const near = (key: string, value = "a") => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "In", values: [value] }] }] },
  },
});
volume.checkUpdate(
  "stays where it is",
  disk({ ...driven, ...near("zone") }),
  disk({ ...driven, ...near("zone", "b") }),
  'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"zone","Operator":"In","Values":["b"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA',
);
volume.check(
  "of one source may be a flex volume too",
  disk({ nfs: { server: "s", path: "/" }, cephfs: { monitors: ["m"] }, flexVolume: { driver: "d" } }),
  "spec.cephFS: Forbidden: may not specify more than 1 volume type",
);
volume.check(
  "has names in the real server's own spelling",
  disk({ gcePersistentDisk: { pdName: "", partition: 256 } }),
  "spec.persistentDisk.pdName: Required value",
  "spec.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive",
);
volume.check(
  "of endpoints names a namespace",
  disk({ glusterfs: { endpoints: "e", path: "p", endpointsNamespace: "a.b" } }),
  'spec.glusterfs.endpointsNamespace: Invalid value: "a.b": must not contain dots',
);
volume.check(
  "with an initiator has a short name",
  disk({
    iscsi: {
      targetPortal: "p".repeat(64),
      iqn: "iqn.2001-04.com.example:a",
      initiatorName: "iqn.2001-04.com.example:b",
      secretRef: {},
    },
  }),
  `spec.iscsi.targetportal: Invalid value: "${"p".repeat(64)}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`,
  "spec.iscsi.secretRef.name: Required value",
);

const claim = checksOf(persistentVolumeClaims);
const wanted = (more: object = {}, rest: object = {}) => ({
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...more },
  ...rest,
});
const annotated = (name: string) => ({
  metadata: { annotations: { "volume.beta.kubernetes.io/storage-class": name } },
});
claim.checkUpdate("may name its class in a new way", wanted({}, annotated("a")), wanted({ storageClassName: "a" }));
claim.checkUpdate("may get a class that it did not have", wanted(), wanted({ storageClassName: "a" }));
claim.checkUpdate(
  "keeps its annotated class",
  wanted({}, annotated("a")),
  wanted({}, annotated("b")),
  'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "b": field is immutable',
);
claim.checkUpdate(
  "keeps its mode",
  wanted({ volumeMode: "Filesystem" }),
  wanted({ volumeMode: "Block" }),
  `spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims
@@ -11,7 +11,7 @@
  },
  "VolumeName": "",
  "StorageClassName": null,
- "VolumeMode": "Filesystem",
+ "VolumeMode": "Block",
  "DataSource": null,
  "DataSourceRef": null,
  "VolumeAttributesClassName": null
`,
  'volumeMode: Invalid value: "Block": field is immutable',
);
claim.checkStatus(
  "has amounts and says what becomes of them",
  wanted(),
  {},
  {
    capacity: { storage: "-1" },
    allocatedResourceStatuses: { storage: "x", cpu: "NodeResizePending" },
    allocatedResources: { "a b": "1", memory: "1", "a.b/c": "-2" },
  },
  "status.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
  'status.allocatedResourceStatus: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
  'status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "storage"',
  "status.allocatedResources: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  'status.allocatedResources: Unsupported value: "memory": supported values: "storage"',
  "status.allocatedResources[a.b/c]: Invalid value: -2: must be a valid resource quantity",
);

const attachment = checksOf(volumeAttachments);
const inline = (inlineVolumeSpec: object) => ({ spec: { attacher: "a", nodeName: "n", source: { inlineVolumeSpec } } });
const path = "spec.source.inlineVolumeSpec";
attachment.check("of a driver's own volume", inline({ ...driven, accessModes: ["ReadWriteOnce"] }));
attachment.check(
  "of a pod's own volume takes nothing that is chosen",
  inline({
    accessModes: ["ReadWriteOnce", "x"],
    capacity: { storage: "1Gi" },
    claimRef: { name: "c" },
    persistentVolumeReclaimPolicy: "Delete",
    nodeAffinity: {},
    nfs: { server: "s", path: "/" },
    storageClassName: "a",
    volumeMode: "Block",
  }),
  `${path}.claimRef: Forbidden: may not be specified in the context of inline volumes`,
  `${path}.capacity: Forbidden: may not be specified in the context of inline volumes`,
  `${path}.csi: Required value: has to be specified in the context of inline volumes`,
  `${path}.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"`,
  `${path}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes`,
  `${path}.nodeAffinity: Forbidden: may not be specified in the context of inline volumes`,
  `${path}.storageClassName: Forbidden: may not be specified in the context of inline volumes`,
  `${path}.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes`,
);
