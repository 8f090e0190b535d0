// How the source of a persistent volume looks in the differences that a refused update shows.

import { type GoShape, goValue } from "../parts/goshape.ts";
import { hostPathShape } from "./podspec/goshape.ts";

/** Fields of the spec that are sources, by the names that Go gives them, in Go's order. */
const volumeSourceFields: Readonly<Record<string, string>> = {
  GCEPersistentDisk: "gcePersistentDisk",
  AWSElasticBlockStore: "awsElasticBlockStore",
  HostPath: "hostPath",
  Glusterfs: "glusterfs",
  NFS: "nfs",
  RBD: "rbd",
  Quobyte: "quobyte",
  ISCSI: "iscsi",
  FlexVolume: "flexVolume",
  Cinder: "cinder",
  CephFS: "cephfs",
  FC: "fc",
  Flocker: "flocker",
  AzureFile: "azureFile",
  VsphereVolume: "vsphereVolume",
  AzureDisk: "azureDisk",
  PhotonPersistentDisk: "photonPersistentDisk",
  PortworxVolume: "portworxVolume",
  ScaleIO: "scaleIO",
  Local: "local",
  StorageOS: "storageos",
  CSI: "csi",
};

const shape: GoShape = Object.fromEntries(
  Object.entries(volumeSourceFields).map(([name, field]) => [
    name,
    field === "hostPath" ? ([field, null, () => hostPathShape] as const) : ([field, null] as const),
  ]),
);

/** The sources of a spec as Go prints them. */
export function goVolumeSources(spec: object): unknown {
  return goValue(spec, shape);
}
