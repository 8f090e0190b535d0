// How containers use the pod's volumes: as folders and as devices.

import { type FieldPath, fieldNotFound, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { localPath } from "../../machinery/names.ts";
import { addInvalid, checkOneOf, type Errors } from "../../parts/checks.ts";
import type { Container, VolumeMount } from "./types.ts";

/** The pod's volumes by name: what kind of source each has. */
export type VolumeSources = ReadonlyMap<string, string>;

const propagations = ["Bidirectional", "HostToContainer", "None"];
const recursiveReadOnly = ["Disabled", "Enabled", "IfPossible"];

function checkSubPaths(errors: Errors, mount: VolumeMount, path: FieldPath, index: number): void {
  const { subPath, subPathExpr } = mount;
  if (subPath) addInvalid(errors, () => path.child("subPath"), subPath, localPath(subPath));
  if (!subPathExpr) return;
  if (subPath) {
    const at = path.index(index).child("subPathExpr");
    errors.push(invalid(at, subPathExpr, "subPathExpr and subPath are mutually exclusive"));
  }
  addInvalid(errors, () => path.child("subPathExpr"), subPathExpr, localPath(subPathExpr));
}

function checkPropagation(errors: Errors, mount: VolumeMount, container: Container, path: FieldPath): void {
  checkOneOf(errors, mount.mountPropagation, propagations, () => path);
  if (mount.mountPropagation === "Bidirectional" && !container.securityContext?.privileged) {
    errors.push(forbiddenField(path, "Bidirectional mount propagation is available only to privileged containers"));
  }
}

function checkRecursiveReadOnly(errors: Errors, mount: VolumeMount, at: FieldPath): void {
  checkOneOf(errors, mount.recursiveReadOnly, recursiveReadOnly, () => at);
  if (mount.recursiveReadOnly !== "Enabled" && mount.recursiveReadOnly !== "IfPossible") return;
  if (!mount.readOnly) errors.push(forbiddenField(at, "may only be specified when readOnly is true"));
  if (mount.mountPropagation && mount.mountPropagation !== "None") {
    errors.push(forbiddenField(at, "may only be specified when mountPropagation is None or not specified"));
  }
}

/** `volumeMounts` of a container. */
export function checkVolumeMounts(errors: Errors, container: Container, volumes: VolumeSources, path: FieldPath): void {
  if (!container.volumeMounts) return;
  const mountPoints = new Set<string>();
  for (const [index, mount] of container.volumeMounts.entries()) {
    const at = path.index(index);
    if (!mount.name) errors.push(required(at.child("name")));
    if (!volumes.has(mount.name)) errors.push(fieldNotFound(at.child("name"), mount.name ?? ""));
    if (!mount.mountPath) errors.push(required(at.child("mountPath")));
    if (mountPoints.has(mount.mountPath))
      errors.push(invalid(at.child("mountPath"), mount.mountPath, "must be unique"));
    mountPoints.add(mount.mountPath);
    for (const { name, devicePath } of container.volumeDevices ?? []) {
      if (name === mount.name) {
        errors.push(invalid(at.child("name"), mount.name, "must not already exist in volumeDevices"));
      }
      if (devicePath === mount.mountPath) {
        const why = "must not already exist as a path in volumeDevices";
        errors.push(invalid(at.child("mountPath"), mount.mountPath, why));
      }
    }
    // The real server leaves the index out of these paths.
    checkSubPaths(errors, mount, path, index);
    checkPropagation(errors, mount, container, path.child("mountPropagation"));
    checkRecursiveReadOnly(errors, mount, path.child("recursiveReadOnly"));
  }
}

/** `volumeDevices` of a container: only claims can be used as devices. */
export function checkVolumeDevices(
  errors: Errors,
  container: Container,
  volumes: VolumeSources,
  path: FieldPath,
): void {
  if (!container.volumeDevices) return;
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [index, { name, devicePath }] of container.volumeDevices.entries()) {
    const at = path.index(index);
    if (!name) errors.push(required(at.child("name")));
    if (names.has(name)) errors.push(invalid(at.child("name"), name, "must be unique"));
    const source = volumes.get(name);
    if (source === undefined) {
      errors.push(fieldNotFound(at.child("name"), name ?? ""));
    } else if (source !== "persistentVolumeClaim" && source !== "ephemeral") {
      const why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
      errors.push(invalid(at.child("name"), name, why));
    }
    if (!devicePath) errors.push(required(at.child("devicePath")));
    if (paths.has(devicePath)) errors.push(invalid(at.child("devicePath"), devicePath, "must be unique"));
    if (devicePath?.split("/").includes("..")) {
      errors.push(invalid(at.child("devicePath"), devicePath, "can not contain backsteps ('..')"));
    } else if (devicePath) {
      paths.add(devicePath);
    }
    names.add(name);
    if (container.volumeMounts?.some((mount) => mount.name === name)) {
      errors.push(invalid(at.child("name"), name, "must not already exist in volumeMounts"));
    }
    if (container.volumeMounts?.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalid(at.child("devicePath"), devicePath, "must not already exist as a path in volumeMounts"));
    }
  }
}
