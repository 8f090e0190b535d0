// Volumes of pods and of persistent volumes.

import type { Lines } from "./writer.ts";

/** Volumes of a pod or a template. */
export function volumeLines(out: Lines, volumes: readonly any[] | undefined, space: string): void {
  if (!volumes || volumes.length === 0) {
    out.raw(`${space}Volumes:\t<none>\n`);
    return;
  }
  out.raw(`${space}Volumes:\n`);
  for (const volume of volumes) {
    out.line(1, `${space ? " " : ""}${volume.name}:`);
    sourceLines(out, volume);
  }
}

/** One volume's source, by what kind it is. */
export function sourceLines(out: Lines, volume: any): void {
  const write = (type: string, fields: [string, unknown][]) => {
    out.line(2, `Type:\t${type}`);
    for (const [name, value] of fields) out.line(2, `${name}:\t${value ?? ""}`);
  };
  const {
    hostPath,
    emptyDir,
    secret,
    configMap,
    persistentVolumeClaim,
    projected,
    downwardAPI,
    nfs,
    csi,
    local,
    image,
    ephemeral,
  } = volume;
  if (hostPath)
    write("HostPath (bare host directory volume)", [
      ["Path", hostPath.path],
      ["HostPathType", hostPath.type ?? ""],
    ]);
  else if (emptyDir)
    write("EmptyDir (a temporary directory that shares a pod's lifetime)", [
      ["Medium", emptyDir.medium ?? ""],
      ["SizeLimit", emptyDir.sizeLimit ?? "<unset>"],
    ]);
  else if (secret)
    write("Secret (a volume populated by a Secret)", [
      ["SecretName", secret.secretName],
      ["Optional", secret.optional ?? false],
    ]);
  else if (configMap)
    write("ConfigMap (a volume populated by a ConfigMap)", [
      ["Name", configMap.name],
      ["Optional", configMap.optional ?? false],
    ]);
  else if (persistentVolumeClaim) {
    write("PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)", [
      ["ClaimName", persistentVolumeClaim.claimName],
      ["ReadOnly", persistentVolumeClaim.readOnly ?? false],
    ]);
  } else if (projected) projectedLines(out, projected);
  else if (downwardAPI) downwardLines(out, downwardAPI);
  else if (nfs)
    write("NFS (an NFS mount that lasts the lifetime of a pod)", [
      ["Server", nfs.server],
      ["Path", nfs.path],
      ["ReadOnly", nfs.readOnly ?? false],
    ]);
  else if (csi) {
    const attributes = Object.keys(csi.volumeAttributes ?? {}).sort();
    write(
      csi.volumeHandle
        ? "CSI (a Container Storage Interface (CSI) volume source)"
        : "CSI (a Container Storage Interface (CSI) volume source)",
      [
        ["Driver", csi.driver],
        ["FSType", csi.fsType ?? ""],
        ...(csi.volumeHandle ? ([["VolumeHandle", csi.volumeHandle]] as [string, unknown][]) : []),
        ["ReadOnly", csi.readOnly ?? false],
      ],
    );
    if (attributes.length === 0) out.line(2, "VolumeAttributes:\t<none>");
    for (const [at, key] of attributes.entries())
      out.line(2, `${at === 0 ? "VolumeAttributes:" : ""}\t    ${key}=${csi.volumeAttributes[key]}`);
  } else if (local)
    write("LocalVolume (a persistent volume backed by local storage on a node)", [["Path", local.path]]);
  else if (image)
    write("Image (a container image or OCI artifact)", [
      ["Reference", image.reference],
      ["PullPolicy", image.pullPolicy],
    ]);
  else if (ephemeral)
    write("EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)", []);
  else out.line(2, "<unknown>");
}

function projectedLines(out: Lines, { sources = [] }: any): void {
  out.line(2, "Type:\tProjected (a volume that contains injected data from multiple sources)");
  for (const { secret, downwardAPI, configMap, serviceAccountToken, clusterTrustBundle } of sources) {
    if (secret) {
      out.line(2, `SecretName:\t${secret.name}`);
      out.line(2, `Optional:\t${secret.optional ?? false}`);
    } else if (downwardAPI) out.line(2, "DownwardAPI:\ttrue");
    else if (configMap) {
      out.line(2, `ConfigMapName:\t${configMap.name}`);
      out.line(2, `Optional:\t${configMap.optional ?? false}`);
    } else if (serviceAccountToken)
      out.line(2, `TokenExpirationSeconds:\t${serviceAccountToken.expirationSeconds ?? 3600}`);
    else if (clusterTrustBundle)
      out.line(2, `ClusterTrustBundle:\t${clusterTrustBundle.name ?? clusterTrustBundle.signerName}`);
  }
}

function downwardLines(out: Lines, { items = [] }: any): void {
  out.line(2, "Type:\tDownwardAPI (a volume populated by information about the pod)");
  out.line(2, "Items:");
  for (const { path, fieldRef, resourceFieldRef } of items) {
    if (fieldRef) out.line(3, `${fieldRef.fieldPath} -> ${path}`);
    if (resourceFieldRef) out.line(3, `${resourceFieldRef.resource} -> ${path}`);
  }
}
