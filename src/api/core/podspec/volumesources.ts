// One check for each kind of volume source, in the order in which the real server looks at them.

import { type FieldPath, forbiddenField, invalid, notSupported, required } from "../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, inRange, localPath } from "../../machinery/names.ts";
import { compareQuantities } from "../../machinery/quantity.ts";
import { addInvalid, checkLabelSelector, checkOneOf, checkRequiredOneOf, type Errors } from "../../parts/checks.ts";
import { checkTemplateMetadata } from "../../parts/templates.ts";
import { checkClaimSpec } from "../claimspec.ts";
import { checkFieldRef, checkResourceFieldRef, volumeFields } from "./env.ts";
import { goValue, trustBundleShape } from "./goshape.ts";
import type { Volume } from "./types.ts";

type SourceCheck = (errors: Errors, source: any, path: FieldPath, volume: Volume) => void;

const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const fileModeMax = 0o777;
const fileModeRule = "must be a number between 0 and 0777 (octal), both inclusive";
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const nameLengthMax = 63;

/** A source that must have these fields. */
export function needs(...fields: string[]): SourceCheck {
  return (errors, source, path) => {
    for (const field of fields) {
      const value = source[field];
      if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) {
        errors.push(required(path.child(field)));
      }
    }
  };
}

function checkMode(errors: Errors, mode: number | undefined, path: () => FieldPath): void {
  if (mode !== undefined && (mode < 0 || mode > fileModeMax)) errors.push(invalid(path(), mode, fileModeRule));
}

/** `items` of a ConfigMap or a Secret: keys and where their files go. */
function checkKeys(errors: Errors, items: any[] | undefined, path: FieldPath): void {
  for (const [index, { key, path: file, mode }] of (items ?? []).entries()) {
    const at = path.index(index);
    if (!key) errors.push(required(at.child("key")));
    if (!file) errors.push(required(at.child("path")));
    else checkFilePath(errors, file, at.child("path"));
    checkMode(errors, mode, () => at.child("mode"));
  }
}

/** A file's path below the volume: relative, and never hidden from the volume's own bookkeeping (`..data`). */
function checkFilePath(errors: Errors, file: string, path: FieldPath): void {
  addInvalid(errors, () => path, file, localPath(file));
  if (file.startsWith("..") && !file.startsWith("../")) {
    errors.push(invalid(path, file, "must not start with '..'"));
  }
}

function checkHostPath(errors: Errors, source: any, path: FieldPath): void {
  if (!source.path) {
    errors.push(required(path.child("path")));
    return;
  }
  if (source.path.split("/").includes("..")) {
    errors.push(invalid(path.child("path"), source.path, "must not contain '..'"));
  }
  checkOneOf(errors, source.type, hostPathTypes, () => path.child("type"));
}

function checkEmptyDir(errors: Errors, source: any, path: FieldPath): void {
  if (source.sizeLimit !== undefined && compareQuantities(source.sizeLimit, "0") < 0) {
    errors.push(forbiddenField(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
  }
}

function checkSecret(errors: Errors, source: any, path: FieldPath): void {
  if (!source.secretName) errors.push(required(path.child("secretName")));
  checkMode(errors, source.defaultMode, () => path.child("defaultMode"));
  checkKeys(errors, source.items, path.child("items"));
}

function checkConfigMap(errors: Errors, source: any, path: FieldPath): void {
  if (!source.name) errors.push(required(path.child("name")));
  checkMode(errors, source.defaultMode, () => path.child("defaultMode"));
  checkKeys(errors, source.items, path.child("items"));
}

function checkDownwardItems(errors: Errors, items: any[] | undefined, path: FieldPath): void {
  // The real server leaves the list and the index out of these paths.
  for (const item of items ?? []) {
    if (!item.path) errors.push(required(path.child("path")));
    else checkFilePath(errors, item.path, path.child("path"));
    if (item.fieldRef) {
      checkFieldRef(errors, item.fieldRef, volumeFields, path.child("fieldRef"));
      if (item.resourceFieldRef) {
        errors.push(invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
      }
    } else if (item.resourceFieldRef) {
      checkResourceFieldRef(errors, item.resourceFieldRef, true, path.child("resourceFieldRef"));
    } else {
      errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
    }
    checkMode(errors, item.mode, () => path.child("mode"));
  }
}

function checkDownward(errors: Errors, source: any, path: FieldPath): void {
  checkMode(errors, source.defaultMode, () => path.child("defaultMode"));
  checkDownwardItems(errors, source.items, path);
}

/** The place of a token's path is the volume's, not the token's: so it stands in the real server's messages. */
function checkToken(errors: Errors, token: any, path: FieldPath, volume: FieldPath): void {
  const seconds = token.expirationSeconds ?? 0;
  const at = path.child("expirationSeconds");
  if (seconds < tokenSecondsMin) {
    errors.push(invalid(at, seconds, "may not specify a duration less than 10 minutes"));
  } else if (seconds > tokenSecondsMax) {
    errors.push(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
  if (!token.path) errors.push(required(volume.child("path")));
  else checkFilePath(errors, token.path, volume.child("path"));
}

function checkTrustBundle(errors: Errors, bundle: any, path: FieldPath): void {
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined) {
    const shown = goValue(bundle, trustBundleShape);
    errors.push(invalid(path, shown, "only one of name and signerName may be used"));
  } else if (name !== undefined) {
    if (name === "") errors.push(required(path.child("name"), "must be a valid object name"));
    if (labelSelector) {
      const why = "labelSelector must be unset if name is specified";
      errors.push(invalid(path.child("labelSelector"), labelSelector, why));
    }
  } else if (signerName !== undefined) {
    if (signerName === "") errors.push(required(path.child("signerName"), "must be a valid signer name"));
    checkLabelSelector(errors, labelSelector, path.child("labelSelector"));
  } else {
    errors.push(required(path, "either name or signerName must be specified"));
  }
  if (!bundle.path) errors.push(required(path.child("path")));
  else checkFilePath(errors, bundle.path, path.child("path"));
}

type ProjectedCheck = (errors: Errors, source: any, path: FieldPath, volume: FieldPath) => void;

const checkNamed: ProjectedCheck = (errors, { name, items }, path) => {
  if (!name) errors.push(required(path.child("name")));
  checkKeys(errors, items, path.child("items"));
};

const projectedChecks: Record<string, ProjectedCheck> = {
  secret: checkNamed,
  configMap: checkNamed,
  downwardAPI: (errors, { items }, path) => checkDownwardItems(errors, items, path),
  serviceAccountToken: checkToken,
  clusterTrustBundle: checkTrustBundle,
};

/** What a source puts into a projected volume: files, and the name for messages. Tokens are left out: see warnings. */
function filesOf(kind: string, { items, name, path }: any): { name: string | undefined; files: string[] } {
  if (kind === "serviceAccountToken") return { name, files: [] };
  if (kind === "clusterTrustBundle") return { name: undefined, files: [path ?? ""] };
  const named = kind === "downwardAPI" ? undefined : (name ?? "");
  return { name: named, files: (items ?? []).map((item: any) => item.path).filter(Boolean) };
}

function checkProjected(errors: Errors, projected: any, path: FieldPath): void {
  checkMode(errors, projected.defaultMode, () => path.child("defaultMode"));
  const taken = new Set<string>();
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const at = path.child("sources").index(index);
    const kinds = Object.keys(projectedChecks).filter((kind) => source[kind]);
    for (const kind of kinds) {
      projectedChecks[kind]!(errors, source[kind], at.child(kind), path);
      const { name, files } = filesOf(kind, source[kind]);
      for (const file of files) {
        if (taken.has(file)) errors.push(invalid(path, name ?? file, "conflicting duplicate paths"));
        taken.add(file);
      }
    }
    if (kinds.length > 1) errors.push(forbiddenField(at, "may not specify more than 1 volume type per source"));
  }
}

/** How each kind of name of an initiator or a target looks, by its first letters. */
const iscsiNames: Record<string, RegExp> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};

function checkIscsiName(errors: Errors, name: string, unknown: string, path: FieldPath): void {
  const pattern = iscsiNames[name.slice(0, 3)];
  if (!pattern) errors.push(invalid(path, name, unknown));
  else if (!pattern.test(name)) errors.push(invalid(path, name, "must be valid format"));
}

/** A disk on the network; `unknown` is the message for a name of no kind. */
export function checkIscsi(
  errors: Errors,
  source: any,
  path: FieldPath,
  unknown = "must be valid format starting with iqn, eui, or naa",
): void {
  if (!source.iqn) errors.push(required(path.child("iqn")));
  else checkIscsiName(errors, source.iqn, unknown, path.child("iqn"));
  checkLun(errors, source.lun ?? 0, path.child("lun"));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(path.child("secretRef")));
  }
}

/** How long a volume's name and where its disk is may be together, if the node has a name towards the disk. */
export const initiatorLettersMax = 64;
export const initiatorRule =
  "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";

/** The name that the node has towards such a disk; the message's field has no capital. */
export function checkInitiator(errors: Errors, { initiatorName }: any, path: FieldPath, unknown?: string): void {
  const words = unknown ?? "must be valid format starting with iqn, eui, or naa";
  if (initiatorName !== undefined) checkIscsiName(errors, initiatorName, words, path.child("initiatorname"));
}

function checkLun(errors: Errors, lun: number, path: FieldPath): void {
  addInvalid(errors, () => path, lun, inRange(lun, 0, 255));
}

function checkNfs(errors: Errors, source: any, path: FieldPath): void {
  needs("server", "path")(errors, source, path, source);
  if (!source.path?.startsWith("/")) {
    errors.push(invalid(path.child("path"), source.path ?? "", "must be an absolute path"));
  }
}

function checkFc(errors: Errors, source: any, path: FieldPath): void {
  const [targets, ids] = [source.targetWWNs?.length ?? 0, source.wwids?.length ?? 0];
  if (targets === 0 && ids === 0) {
    errors.push(required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both"));
  } else if (targets > 0 && ids > 0) {
    const why = "targetWWNs and wwids can not be specified simultaneously";
    errors.push(invalid(path.child("targetWWNs"), source.targetWWNs, why));
  }
  if (targets === 0) return;
  if (source.lun === undefined) errors.push(required(path.child("lun"), "lun is required if targetWWNs is specified"));
  else checkLun(errors, source.lun, path.child("lun"));
}

function checkFlocker(errors: Errors, { datasetName, datasetUUID }: any, path: FieldPath): void {
  if (!datasetName && !datasetUUID) errors.push(required(path, "one of datasetName and datasetUUID is required"));
  else if (datasetName && datasetUUID) {
    errors.push(invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  if (datasetName?.includes("/")) errors.push(invalid(path.child("datasetName"), datasetName, "must not contain '/'"));
}

function checkGitRepo(errors: Errors, source: any, path: FieldPath): void {
  needs("repository")(errors, source, path, source);
  if (source.directory)
    addInvalid(errors, () => path.child("directory"), source.directory, localPath(source.directory));
}

/** The driver of a CSI volume, in a pod or in a persistent volume. */
export function checkCsiDriverName(errors: Errors, driver: string | undefined, path: FieldPath): void {
  if (!driver) {
    errors.push(required(path));
    return;
  }
  if (driver.length > nameLengthMax) {
    errors.push({
      type: "FieldValueTooLong",
      field: `${path}`,
      body: `Too long: may not be more than ${nameLengthMax} bytes`,
    });
  }
  addInvalid(errors, () => path, driver, dns1123Subdomain(driver.toLowerCase()));
}

function checkCsi(errors: Errors, source: any, path: FieldPath): void {
  checkCsiDriverName(errors, source.driver, path.child("driver"));
  const secret = source.nodePublishSecretRef;
  if (!secret) return;
  // A wrong name is reported in another place than a missing one.
  if (!secret.name) errors.push(required(path.child("nodePublishSecretRef", "name")));
  else addInvalid(errors, () => path.child("name"), secret.name, dns1123Subdomain(secret.name));
}

function checkEphemeral(errors: Errors, source: any, path: FieldPath): void {
  const at = path.child("volumeClaimTemplate");
  if (!source.volumeClaimTemplate) {
    errors.push(required(at));
    return;
  }
  const { metadata = {}, spec = {} } = source.volumeClaimTemplate;
  checkTemplateMetadata(errors, metadata, at.child("metadata"));
  checkClaimSpec(errors, spec, at.child("spec"));
}

function checkImage(errors: Errors, source: any, path: FieldPath): void {
  if (!source.reference) errors.push(required(path.child("reference")));
  const policies = ["Always", "IfNotPresent", "Never"];
  checkRequiredOneOf(errors, source.pullPolicy, policies, () => path.child("pullPolicy"));
}

function checkPartition(errors: Errors, partition: number | undefined, path: FieldPath): void {
  if (partition === undefined || (partition >= 0 && partition <= 255)) return;
  // 0 is fine, whatever the message says.
  errors.push(invalid(path.child("partition"), partition, "must be between 1 and 255, inclusive"));
}

function checkSecretName(errors: Errors, secret: any, path: FieldPath): void {
  if (secret && !secret.name) errors.push(required(path.child("secretRef", "name")));
}

const quobyteRule = "must be a host:port pair or multiple pairs separated by commas";
const tenantLettersMax = 64;

function checkQuobyte(errors: Errors, { registry, tenant = "", volume }: any, path: FieldPath): void {
  if (!registry) errors.push(required(path.child("registry"), quobyteRule));
  else if (tenant.length > tenantLettersMax) {
    const why = `must be a UUID and may not exceed a length of ${tenantLettersMax} characters`;
    errors.push(required(path.child("tenant"), why));
  } else {
    const isPair = (pair: string) => /^([^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair);
    for (const pair of registry.split(",")) {
      if (!isPair(pair)) errors.push(invalid(path.child("registry"), registry, quobyteRule));
    }
  }
  if (!volume) errors.push(required(path.child("volume")));
}

function checkFlex(errors: Errors, source: any, path: FieldPath): void {
  if (!source.driver) errors.push(required(path.child("driver")));
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${key.split("/")[0]!.toLowerCase()}`;
    if (!domain.endsWith(".kubernetes.io") && !domain.endsWith(".k8s.io")) continue;
    const why = "kubernetes.io and k8s.io namespaces are reserved";
    errors.push(invalid(path.child("options").key(key), key, why));
  }
}

const managedDisk = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const blobDisk = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

function checkAzureDisk(errors: Errors, source: any, path: FieldPath): void {
  needs("diskName", "diskURI")(errors, source, path, source);
  const { cachingMode, kind, diskURI = "" } = source;
  checkOneOf(errors, cachingMode, ["None", "ReadOnly", "ReadWrite"], () => path.child("cachingMode"));
  checkOneOf(errors, kind, ["Dedicated", "Managed", "Shared"], () => path.child("kind"));
  const [start, wanted] = kind === "Managed" ? ["/subscriptions/", managedDisk] : ["https://", blobDisk];
  if (!diskURI.startsWith(start)) errors.push(notSupported(path.child("diskURI"), diskURI, [wanted]));
}

/** Names of a StorageOS volume, in a pod or in a persistent volume. */
export function checkStorageOs(errors: Errors, { volumeName, volumeNamespace }: any, path: FieldPath): void {
  const names = path.child("volumeName");
  if (!volumeName) errors.push(required(names));
  else addInvalid(errors, () => names, volumeName, dns1123Label(volumeName));
  if (!volumeNamespace) return;
  addInvalid(errors, () => path.child("volumeNamespace"), volumeNamespace, dns1123Label(volumeNamespace));
}

function checkGlusterfs(errors: Errors, source: any, path: FieldPath): void {
  needs("endpoints", "path")(errors, source, path, source);
}

/** Checks by the source's field, in the real server's order. */
export const volumeSourceChecks: Record<string, SourceCheck> = {
  emptyDir: checkEmptyDir,
  hostPath: checkHostPath,
  gitRepo: checkGitRepo,
  gcePersistentDisk: (errors, source, path, volume) => {
    needs("pdName")(errors, source, path, volume);
    checkPartition(errors, source.partition, path);
  },
  awsElasticBlockStore: (errors, source, path, volume) => {
    needs("volumeID")(errors, source, path, volume);
    checkPartition(errors, source.partition, path);
  },
  secret: checkSecret,
  nfs: checkNfs,
  iscsi: (errors, source, path) => {
    needs("targetPortal")(errors, source, path, source);
    checkIscsi(errors, source, path);
    checkInitiator(errors, source, path);
  },
  glusterfs: checkGlusterfs,
  flocker: checkFlocker,
  persistentVolumeClaim: needs("claimName"),
  rbd: needs("monitors", "image"),
  cinder: (errors, source, path) => {
    needs("volumeID")(errors, source, path, source);
    checkSecretName(errors, source.secretRef, path);
  },
  cephfs: needs("monitors"),
  quobyte: checkQuobyte,
  downwardAPI: checkDownward,
  fc: checkFc,
  flexVolume: checkFlex,
  configMap: checkConfigMap,
  azureFile: needs("secretName", "shareName"),
  vsphereVolume: needs("volumePath"),
  photonPersistentDisk: needs("pdID"),
  portworxVolume: needs("volumeID"),
  azureDisk: checkAzureDisk,
  storageos: (errors, source, path) => {
    checkStorageOs(errors, source, path);
    checkSecretName(errors, source.secretRef, path);
  },
  projected: checkProjected,
  scaleIO: needs("gateway", "system", "volumeName"),
  csi: checkCsi,
  ephemeral: checkEphemeral,
  image: checkImage,
};
