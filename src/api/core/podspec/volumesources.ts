// One check for each kind of volume source, in the order in which the real server looks at them.

import { type FieldPath, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, localPath } from "../../machinery/names.ts";
import { compareQuantities } from "../../machinery/quantity.ts";
import { addInvalid, checkOneOf, checkRequiredOneOf, type Errors } from "../../parts/checks.ts";
import { checkClaimSpec } from "../claimspec.ts";
import { checkFieldRef, checkResourceFieldRef, volumeFields } from "./env.ts";
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
function needs(...fields: string[]): SourceCheck {
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
  if (file.startsWith("..") && !file.startsWith("../") && file !== "..") {
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
  for (const [index, item] of (items ?? []).entries()) {
    const at = path.index(index);
    if (!item.path) errors.push(required(path.child("path")));
    else checkFilePath(errors, item.path, path.child("path"));
    if (item.fieldRef) {
      checkFieldRef(errors, item.fieldRef, volumeFields, at.child("fieldRef"));
      if (item.resourceFieldRef) {
        errors.push(invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
      }
    } else if (item.resourceFieldRef) {
      checkResourceFieldRef(errors, item.resourceFieldRef, true, at.child("resourceFieldRef"));
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

function checkToken(errors: Errors, token: any, path: FieldPath): void {
  const seconds = token.expirationSeconds ?? 0;
  if (seconds < tokenSecondsMin) {
    errors.push(invalid(path.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes"));
  } else if (seconds > tokenSecondsMax) {
    errors.push(
      invalid(path.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds"),
    );
  }
  if (!token.path) errors.push(required(path.child("path")));
  else checkFilePath(errors, token.path, path.child("path"));
}

function checkTrustBundle(errors: Errors, bundle: any, path: FieldPath): void {
  if (bundle.name !== undefined && bundle.signerName !== undefined) {
    errors.push(invalid(path, bundle, "only one of name and signerName may be used"));
  } else if (bundle.name === undefined && bundle.signerName === undefined) {
    errors.push(required(path, "either name or signerName must be specified"));
  }
  if (!bundle.path) errors.push(required(path.child("path")));
  else checkFilePath(errors, bundle.path, path.child("path"));
}

/** What a source puts into a projected volume: its name for messages and its files. */
function filesOf(source: any): { name: string; files: string[] } {
  const kind = Object.keys(source)[0] ?? "";
  const { items, name, path } = source[kind] ?? {};
  return { name: name ?? "", files: path ? [path] : (items ?? []).map((item: any) => item.path) };
}

const projectedChecks: Record<string, (errors: Errors, source: any, path: FieldPath) => void> = {
  secret: (errors, { name, items }, path) => {
    if (!name) errors.push(required(path.child("name")));
    checkKeys(errors, items, path.child("items"));
  },
  configMap: (errors, { name, items }, path) => {
    if (!name) errors.push(required(path.child("name")));
    checkKeys(errors, items, path.child("items"));
  },
  downwardAPI: (errors, { items }, path) => checkDownwardItems(errors, items, path),
  serviceAccountToken: checkToken,
  clusterTrustBundle: checkTrustBundle,
};

function checkProjected(errors: Errors, projected: any, path: FieldPath): void {
  checkMode(errors, projected.defaultMode, () => path.child("defaultMode"));
  const taken = new Set<string>();
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const at = path.child("sources").index(index);
    const kinds = Object.keys(projectedChecks).filter((kind) => source[kind]);
    if (kinds.length === 0) errors.push(required(at, "must specify a volume type"));
    for (const [position, kind] of kinds.entries()) {
      if (position > 0) errors.push(forbiddenField(at.child(kind), "may not specify more than 1 volume type"));
      else projectedChecks[kind]!(errors, source[kind], at.child(kind));
    }
    const { name, files } = filesOf(source);
    for (const file of files) {
      if (file && taken.has(file)) errors.push(invalid(path, name || file, "conflicting duplicate paths"));
      taken.add(file);
    }
  }
}

const iqnPattern = /^iqn\.\d{4}-\d{2}\.([a-z0-9.-]+)(:[^,;*&$|\s]+)?$|^eui\.[0-9a-fA-F]{16}$|^naa\.[0-9a-fA-F]{32}$/;

function checkIscsi(errors: Errors, source: any, path: FieldPath): void {
  if (!source.targetPortal) errors.push(required(path.child("targetPortal")));
  if (!source.iqn) errors.push(required(path.child("iqn")));
  else if (!/^(iqn|eui|naa)/.test(source.iqn)) {
    errors.push(invalid(path.child("iqn"), source.iqn, "must be valid format starting with iqn, eui, or naa"));
  } else if (!iqnPattern.test(source.iqn)) {
    errors.push(invalid(path.child("iqn"), source.iqn, "must be valid format"));
  }
  if (source.lun < 0 || source.lun > 255) {
    errors.push(invalid(path.child("lun"), source.lun, "must be between 0 and 255, inclusive"));
  }
}

function checkNfs(errors: Errors, source: any, path: FieldPath): void {
  needs("server", "path")(errors, source, path, source);
  if (source.path && !source.path.startsWith("/")) {
    errors.push(invalid(path.child("path"), source.path, "must be an absolute path"));
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
  else if (source.lun < 0 || source.lun > 255) {
    errors.push(invalid(path.child("lun"), source.lun, "must be between 0 and 255, inclusive"));
  }
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
  if (secret && !secret.name) errors.push(required(path.child("nodePublishSecretRef", "name")));
}

function checkEphemeral(errors: Errors, source: any, path: FieldPath): void {
  const at = path.child("volumeClaimTemplate");
  if (!source.volumeClaimTemplate) {
    errors.push(required(at));
    return;
  }
  checkClaimSpec(errors, source.volumeClaimTemplate.spec ?? {}, at.child("spec"));
}

function checkImage(errors: Errors, source: any, path: FieldPath): void {
  if (!source.reference) errors.push(required(path.child("reference")));
  const policies = ["Always", "IfNotPresent", "Never"];
  checkRequiredOneOf(errors, source.pullPolicy, policies, () => path.child("pullPolicy"));
}

function checkPartition(errors: Errors, partition: number | undefined, path: FieldPath): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    errors.push(invalid(path.child("partition"), partition, "must be between 0 and 255, inclusive"));
  }
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
  iscsi: checkIscsi,
  glusterfs: checkGlusterfs,
  flocker: checkFlocker,
  rbd: needs("monitors", "image"),
  cinder: needs("volumeID"),
  cephfs: needs("monitors"),
  quobyte: needs("registry", "volume"),
  downwardAPI: checkDownward,
  fc: checkFc,
  flexVolume: needs("driver"),
  configMap: checkConfigMap,
  azureFile: needs("secretName", "shareName"),
  vsphereVolume: needs("volumePath"),
  photonPersistentDisk: needs("pdID"),
  portworxVolume: needs("volumeID"),
  azureDisk: needs("diskName", "diskURI"),
  storageos: (errors, source, path) => {
    if (!source.volumeName) errors.push(required(path.child("volumeName")));
    else addInvalid(errors, () => path.child("volumeName"), source.volumeName, dns1123Label(source.volumeName));
  },
  projected: checkProjected,
  scaleIO: needs("gateway", "system", "volumeName"),
  persistentVolumeClaim: needs("claimName"),
  csi: checkCsi,
  ephemeral: checkEphemeral,
  image: checkImage,
};
