// The spec of a volume, of one that there is or of one that a pod brings itself (inline), in the order in which the real
// server looks at it.

import { type FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";
import { compareQuantities, quantityValue } from "../machinery/quantity.ts";
import { addInvalid, checkOneOf, type Errors } from "../parts/checks.ts";
import { checkAccessModes } from "./claimspec.ts";
import { checkNodeSelector } from "./podspec/scheduling.ts";
import {
  checkCsiDriverName,
  checkInitiator,
  checkIscsi,
  checkStorageOs,
  initiatorLettersMax,
  initiatorRule,
  needs,
  volumeSourceChecks,
} from "./podspec/volumesources.ts";

function checkCapacity(errors: Errors, capacity: Record<string, string> | undefined, path: FieldPath): void {
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) errors.push(required(path));
  if (names.length !== 1 || names[0] !== "storage") errors.push(notSupported(path, capacity ?? null, ["storage"]));
  for (const name of names) {
    if (compareQuantities(capacity![name]!, "0") < 0) {
      errors.push(invalid(path.key(name), quantityValue(capacity![name]!), "must be a valid resource quantity"));
    }
    if (compareQuantities(capacity![name]!, "0") <= 0) {
      errors.push(invalid(path.key(name), capacity![name], "must be greater than zero"));
    }
  }
}

const iscsiWords = "must be valid format";
const csiSecrets = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
];

function checkSecretPresent(errors: Errors, { name, namespace }: any, path: FieldPath): void {
  if (!name) errors.push(required(path.child("secretRef", "name")));
  if (!namespace) errors.push(required(path.child("secretRef", "namespace")));
}

/** A secret of a CSI driver: its names must be such as secrets and namespaces have. */
function checkSecretRef(errors: Errors, { name, namespace }: any, path: FieldPath): void {
  if (!name) errors.push(required(path.child("name")));
  else addInvalid(errors, () => path.child("name"), name, dns1123Subdomain(name));
  if (!namespace) errors.push(required(path.child("namespace")));
  else addInvalid(errors, () => path.child("namespace"), namespace, dns1123Label(namespace));
}

/** Sources that only volumes have, or that ask more of volumes than of pods. */
const ownSources: Record<string, (errors: Errors, source: any, path: FieldPath, volume: { name: string }) => void> = {
  local(errors, source, path) {
    if (!source.path) errors.push(required(path.child("path")));
    else if (source.path.split("/").includes("..")) {
      errors.push(invalid(path.child("path"), source.path, "must not contain '..'"));
    }
  },
  csi(errors, source, path) {
    checkCsiDriverName(errors, source.driver, path.child("driver"));
    if (!source.volumeHandle) errors.push(required(path.child("volumeHandle")));
    for (const field of csiSecrets) if (source[field]) checkSecretRef(errors, source[field], path.child(field));
  },
  iscsi(errors, source, path, { name }) {
    const { targetPortal = "", initiatorName, secretRef } = source;
    if (!targetPortal) errors.push(required(path.child("targetPortal")));
    if (initiatorName !== undefined && `${name}:${targetPortal}`.length > initiatorLettersMax) {
      // The field has no capital there.
      errors.push(invalid(path.child("targetportal"), targetPortal, initiatorRule));
    }
    checkIscsi(errors, source, path, iscsiWords);
    if (secretRef && !secretRef.name) errors.push(required(path.child("secretRef", "name")));
    checkInitiator(errors, source, path, iscsiWords);
  },
  glusterfs(errors, source, path) {
    needs("endpoints", "path")(errors, source, path, source);
    const { endpointsNamespace: namespace } = source;
    if (namespace === undefined) return;
    const at = path.child("endpointsNamespace");
    const why = "if the endpointnamespace is set, it must be a valid namespace name";
    if (namespace === "") errors.push(invalid(at, "", why));
    else addInvalid(errors, () => at, namespace, dns1123Label(namespace));
  },
  cinder(errors, source, path) {
    if (!source.volumeID) errors.push(required(path.child("volumeID")));
    if (source.secretRef) checkSecretPresent(errors, source.secretRef, path);
  },
  storageos(errors, source, path) {
    checkStorageOs(errors, source, path);
    if (source.secretRef) checkSecretPresent(errors, source.secretRef, path);
  },
  azureFile(errors, source, path) {
    needs("secretName", "shareName")(errors, source, path, source);
    if (source.secretNamespace === "") errors.push(required(path.child("secretNamespace")));
  },
};

/** Sources in the order in which the real server looks at them. */
const sourceOrder = [
  "hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc flexVolume",
  "azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local storageos csi",
].flatMap((line) => line.split(" "));

/** Names of sources where something in them is wrong, and where they are one too many; the real server's own slips. */
const checkedNames: Readonly<Record<string, string>> = { gcePersistentDisk: "persistentDisk" };
const repeatedNames: Readonly<Record<string, string>> = { cephfs: "cephFS" };

/** Whether it is `/`, however it is written. */
function isRoot(path: string | undefined): boolean {
  return (
    path?.startsWith("/") === true && path.split("/").every((part) => part === "" || part === "." || part === "..")
  );
}

function checkSource(errors: Errors, spec: any, name: string, path: FieldPath): void {
  const named = sourceOrder.filter((field) => spec[field]);
  for (const [index, field] of named.entries()) {
    // Flex volumes are counted, never refused.
    const isOneMore = index > 0 && field !== "flexVolume";
    const at = path.child((isOneMore ? repeatedNames : checkedNames)[field] ?? field);
    if (isOneMore) errors.push(forbiddenField(at, "may not specify more than 1 volume type"));
    else (ownSources[field] ?? volumeSourceChecks[field])?.(errors, spec[field], at, { name });
    if (field === "local" && !isOneMore && !spec.nodeAffinity) {
      errors.push(required(path.child("nodeAffinity"), "Local volume requires node affinity"));
    }
  }
  if (named.length === 0) errors.push(required(path, "must specify a volume type"));
  if (isRoot(spec.hostPath?.path) && spec.persistentVolumeReclaimPolicy === "Recycle") {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbiddenField(path.child("persistentVolumeReclaimPolicy"), why));
  }
}

/** The class that the attributes of a CSI volume are of (KEP-3751). */
function checkAttributesClass(errors: Errors, spec: any, specPath: FieldPath): void {
  const name: string | undefined = spec.volumeAttributesClassName;
  if (name === undefined) return;
  const path = specPath.child("volumeAttributesClassName");
  if (name === "") errors.push(required(path, "an empty string is disallowed"));
  else addInvalid(errors, () => path, name, dns1123Subdomain(name));
  if (!spec.csi) {
    errors.push(required(specPath.child("csi"), "has to be specified when using volumeAttributesClassName"));
  }
}

const inline = "in the context of inline volumes";
const notInline = `may not be specified ${inline}`;
const policies = ["Delete", "Recycle", "Retain"];

function checkAffinity(errors: Errors, affinity: any, path: FieldPath): void {
  if (affinity.required) checkNodeSelector(errors, affinity.required, path.child("required"));
  else errors.push(required(path.child("required"), "must specify required node constraints"));
}

/** Everything that can be wrong with the spec of a volume. */
export function checkVolumeSpec(errors: Errors, spec: any, name: string, path: FieldPath): void {
  const modes = path.child("accessModes");
  if (!spec.accessModes?.length) errors.push(required(modes));
  checkAccessModes(errors, spec.accessModes ?? [], modes);
  checkCapacity(errors, spec.capacity, path.child("capacity"));
  checkOneOf(errors, spec.persistentVolumeReclaimPolicy, policies, () => path.child("persistentVolumeReclaimPolicy"));
  if (spec.nodeAffinity) checkAffinity(errors, spec.nodeAffinity, path.child("nodeAffinity"));
  checkSource(errors, spec, name, path);
  if (spec.storageClassName) {
    const at = () => path.child("storageClassName");
    addInvalid(errors, at, spec.storageClassName, dns1123Subdomain(spec.storageClassName));
  }
  checkOneOf(errors, spec.volumeMode, ["Block", "Filesystem"], () => path.child("volumeMode"));
  checkAttributesClass(errors, spec, path);
}

/** The spec of a volume that a pod brings itself: no claim, no capacity, nothing to be chosen by, and only by CSI. */
export function checkInlineVolumeSpec(errors: Errors, spec: any, path: FieldPath): void {
  if (spec.claimRef) errors.push(forbiddenField(path.child("claimRef"), notInline));
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(forbiddenField(path.child("capacity"), notInline));
  if (!spec.csi) errors.push(required(path.child("csi"), `has to be specified ${inline}`));
  const modes = path.child("accessModes");
  if (!spec.accessModes?.length) errors.push(required(modes));
  checkAccessModes(errors, spec.accessModes ?? [], modes);
  const policy: string = spec.persistentVolumeReclaimPolicy ?? "";
  if (policy !== "" && policy !== "Retain") {
    errors.push(forbiddenField(path.child("persistentVolumeReclaimPolicy"), `may only be Retain ${inline}`));
  }
  if (spec.nodeAffinity) errors.push(forbiddenField(path.child("nodeAffinity"), notInline));
  checkSource(errors, { ...spec, nodeAffinity: undefined }, "", path);
  if (spec.storageClassName) errors.push(forbiddenField(path.child("storageClassName"), notInline));
  if (spec.volumeMode !== undefined && spec.volumeMode !== "Filesystem") {
    const why = `may not specify volumeMode other than Filesystem ${inline}`;
    errors.push(forbiddenField(path.child("volumeMode"), why));
  }
  checkAttributesClass(errors, spec, path);
}
