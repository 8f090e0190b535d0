// Environment variables and where their values come from.

import { type FieldPath, fieldNotFound, invalid, notSupported, required } from "../../machinery/field.ts";
import { configMapKey, dns1123Label, dns1123Subdomain, envVarName, qualifiedName } from "../../machinery/names.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import type { EnvFromSource, EnvVar, PodSpec } from "./types.ts";
import { containersOf } from "./visit.ts";

/** Every field of a pod that has a name downward; each use allows only some of them. */
const knownFields = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
  "spec.host",
]);

const envFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

export const volumeFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

export const containerResources = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

const hugePages = /^(limits|requests)\.hugepages-/;

const cpuDivisors = new Set(["1m", "1"]);
const byteDivisors = new Set(["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]);

/** What a resource is called where its divisor is wrong. */
const divisorKinds: Record<string, string> = {
  cpu: "cpu",
  memory: "memory",
  "ephemeral-storage": "local ephemeral storage",
};

/** `metadata.labels['app']` as its path and subscript. */
function splitSubscript(path: string): { path: string; subscript: string } | undefined {
  const match = /^([^[]*)\['(.*)'\]$/s.exec(path);
  return match?.[1] ? { path: match[1], subscript: match[2]! } : undefined;
}

/** A reference to a field of the pod itself. */
export function checkFieldRef(errors: Errors, ref: any, allowed: readonly string[], path: FieldPath): void {
  if (!ref.apiVersion) {
    errors.push(required(path.child("apiVersion")));
    return;
  }
  if (!ref.fieldPath) {
    errors.push(required(path.child("fieldPath")));
    return;
  }
  const split = splitSubscript(ref.fieldPath);
  const fail = (why: string) =>
    errors.push(invalid(path.child("fieldPath"), ref.fieldPath, `error converting fieldPath: ${why}`));
  if (ref.apiVersion !== "v1") {
    fail(`unsupported pod version: ${ref.apiVersion}`);
  } else if (split) {
    if (split.path === "metadata.annotations") {
      addInvalid(errors, () => path, split.subscript, qualifiedName(split.subscript.toLowerCase()));
    } else if (split.path === "metadata.labels") {
      addInvalid(errors, () => path, split.subscript, qualifiedName(split.subscript));
    } else if (knownFields.has(split.path)) {
      errors.push(invalid(path, split.path, "does not support subscript"));
    } else {
      fail(`field label does not support subscript: ${ref.fieldPath}`);
    }
  } else if (!knownFields.has(ref.fieldPath)) {
    fail(`field label not supported: ${ref.fieldPath}`);
  } else if (!allowed.includes(ref.fieldPath === "spec.host" ? "spec.nodeName" : ref.fieldPath)) {
    errors.push(notSupported(path.child("fieldPath"), ref.fieldPath, allowed));
  }
}

/** A reference to a container's own requests and limits. */
export function checkResourceFieldRef(errors: Errors, ref: any, inVolume: boolean, path: FieldPath): void {
  const { resource, containerName, divisor } = ref;
  if (inVolume && !containerName) {
    errors.push(required(path.child("containerName")));
  } else if (!resource) {
    errors.push(required(path.child("resource")));
  } else if (!containerResources.includes(resource) && !hugePages.test(resource)) {
    errors.push(notSupported(path.child("resource"), resource, containerResources));
  }
  if (!divisor || divisor === "0" || !resource) return;
  const kind = hugePages.test(resource) ? "hugepages" : divisorKinds[resource.slice(resource.indexOf(".") + 1)];
  const isCpu = kind === "cpu";
  if (!kind || (isCpu ? cpuDivisors : byteDivisors).has(divisor)) return;
  const list = isCpu ? "1m and 1" : "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
  const why = `only divisor's values ${list} are supported with the ${kind} resource`;
  errors.push(invalid(path.child("divisor"), resource, why));
}

/** A key of a ConfigMap or a Secret. A missing name is a wrong one here. */
function checkKeyRef(errors: Errors, ref: any, path: FieldPath): void {
  addInvalid(errors, () => path.child("name"), ref.name ?? "", dns1123Subdomain(ref.name ?? ""));
  if (!ref.key) errors.push(required(path.child("key")));
  else addInvalid(errors, () => path.child("key"), ref.key, configMapKey(ref.key));
}

/** A variable in a file of a volume (KEP-3721). */
function checkFileKeyRef(errors: Errors, ref: any, path: FieldPath): void {
  if (!ref.key) errors.push(required(path.child("key")));
  else addInvalid(errors, () => path.child("key"), ref.key, envVarName(ref.key));
  if (!ref.volumeName) errors.push(required(path.child("volumeName")));
  else addInvalid(errors, () => path.child("volumeName"), ref.volumeName, dns1123Label(ref.volumeName));
  if (!ref.path) errors.push(required(path.child("path")));
  else if (ref.path.split("/").includes("..")) {
    errors.push(invalid(path.child("path"), ref.path, "must not contain '..'"));
  }
}

/** Volumes that variables are read from are the pod's own, empty at first. */
export function checkFileVolumes(errors: Errors, spec: PodSpec, path: FieldPath): void {
  for (const { container, at } of containersOf(spec, path)) {
    for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
      if (!valueFrom?.fileKeyRef) continue;
      const name: string = valueFrom.fileKeyRef.volumeName ?? "";
      const volume = spec.volumes?.findLast((each) => each.name === name);
      if (volume?.emptyDir) continue;
      const where = at.child("env").index(index).child("valueFrom", "fileKeyRef", "volumeName");
      if (!volume) errors.push(fieldNotFound(where, name));
      else errors.push(invalid(where, name, "referenced volume must be of type emptyDir"));
    }
  }
}

const sources: Record<string, (errors: Errors, ref: any, path: FieldPath) => void> = {
  fieldRef: (errors, ref, path) => checkFieldRef(errors, ref, envFields, path),
  resourceFieldRef: (errors, ref, path) => checkResourceFieldRef(errors, ref, false, path),
  configMapKeyRef: checkKeyRef,
  secretKeyRef: checkKeyRef,
  fileKeyRef: checkFileKeyRef,
};

function checkValueFrom(errors: Errors, variable: EnvVar, path: FieldPath): void {
  if (!variable.valueFrom) return;
  let count = 0;
  for (const name of Object.keys(sources)) {
    const source = variable.valueFrom[name];
    if (!source) continue;
    count++;
    sources[name]!(errors, source, path.child(name));
  }
  if (count === 0) {
    const choice = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    errors.push(invalid(path, "", `must specify one of: ${choice}`));
  } else if (variable.value) {
    errors.push(invalid(path, "", "may not be specified when `value` is not empty"));
  } else if (count > 1) {
    errors.push(invalid(path, "", "may not have more than one field specified at a time"));
  }
}

/** `env` of a container. */
export function checkEnv(errors: Errors, env: readonly EnvVar[] | undefined, path: FieldPath): void {
  if (!env) return;
  for (const [index, variable] of env.entries()) {
    const at = path.index(index);
    if (!variable.name) errors.push(required(at.child("name")));
    else addInvalid(errors, () => at.child("name"), variable.name, envVarName(variable.name));
    checkValueFrom(errors, variable, at.child("valueFrom"));
  }
}

/** A name that may end in a hyphen, as beginnings of names may: so the real server looks at it. */
function checkSourceName(errors: Errors, name: string | undefined, path: FieldPath): void {
  if (!name) errors.push(required(path));
  else addInvalid(errors, () => path, name, dns1123Subdomain(name.replace(/(?<=.)-$/, "a")));
}

/** `envFrom` of a container. */
export function checkEnvFrom(errors: Errors, envFrom: readonly EnvFromSource[] | undefined, path: FieldPath): void {
  if (!envFrom) return;
  for (const [index, { prefix, configMapRef, secretRef }] of envFrom.entries()) {
    const at = path.index(index);
    if (prefix) addInvalid(errors, () => at.child("prefix"), prefix, envVarName(prefix));
    if (configMapRef) checkSourceName(errors, configMapRef.name, at.child("configMapRef", "name"));
    if (secretRef) checkSourceName(errors, secretRef.name, at.child("secretRef", "name"));
    if (!configMapRef && !secretRef) {
      errors.push(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (configMapRef && secretRef) {
      errors.push(invalid(path, "", "may not have more than one field specified at a time"));
    }
  }
}
