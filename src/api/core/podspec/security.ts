// Who a pod and its containers run as, and what they are kept from.

import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../machinery/field.ts";
import { dns1123Subdomain, localPath, userId } from "../../machinery/names.ts";
import { addInvalid, checkOneOf, type Errors } from "../../parts/checks.ts";
import type { GoShape } from "../../parts/goshape.ts";
import { goValue, securityContextShape } from "./goshape.ts";
import type { PodSpec } from "./types.ts";
import { containersOf } from "./visit.ts";
import { checkWindowsOptions } from "./windows.ts";

const sysctlPattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlRule =
  "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const sysctlLengthMax = 253;

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

function checkSeccomp(errors: Errors, profile: any, path: FieldPath): void {
  if (!profile) return;
  const { type, localhostProfile: local } = profile;
  if (!type) errors.push(required(path.child("type"), "type is required when seccompProfile is set"));
  else checkOneOf(errors, type, profileTypes, () => path.child("type"));
  const at = path.child("localhostProfile");
  if (type === "Localhost") {
    if (local === undefined) errors.push(required(at, "must be set when seccomp type is Localhost"));
    else addInvalid(errors, () => at, local, localPath(local));
  } else if (local !== undefined) {
    const shown = goValue(profile, seccompShape);
    errors.push(invalid(at, shown, "can only be set when seccomp type is Localhost"));
  }
}

const seccompShape: GoShape = { Type: ["type", ""], LocalhostProfile: ["localhostProfile", null] };

/** The longest path that Linux takes, without its end. */
const profileBytesMax = 4095;

/** `appArmorProfile` of a pod or a container. */
export function checkAppArmor(errors: Errors, profile: any, path: FieldPath): void {
  if (!profile) return;
  const { type, localhostProfile: local } = profile;
  const at = path.child("localhostProfile");
  if (!type) {
    errors.push(required(path.child("type"), "type is required when appArmorProfile is set"));
  } else if (type !== "Localhost") {
    checkOneOf(errors, type, profileTypes, () => path.child("type"));
    if (!profileTypes.includes(type) || local === undefined) return;
    errors.push(invalid(at, local, "can only be set when AppArmor type is Localhost"));
  } else if (local !== undefined && local.trim() !== local) {
    errors.push(invalid(at, local, "must not be padded with whitespace"));
  } else if (!local) {
    errors.push(required(at, "must be set when AppArmor type is Localhost"));
  }
  if (type === "Localhost" && local?.length > profileBytesMax) errors.push(tooLong(at, profileBytesMax));
}

/** `securityContext` of a container. */
export function checkSecurityContext(errors: Errors, context: any, spec: PodSpec, path: FieldPath): void {
  if (!context) return;
  const { runAsUser, runAsGroup } = context;
  if (runAsUser !== undefined) addInvalid(errors, () => path.child("runAsUser"), runAsUser, userId(runAsUser));
  if (runAsGroup !== undefined) addInvalid(errors, () => path.child("runAsGroup"), runAsGroup, userId(runAsGroup));
  checkOneOf(errors, context.procMount, ["Default", "Unmasked"], () => path.child("procMount"));
  if (context.procMount === "Unmasked" && spec.hostUsers !== false) {
    errors.push(invalid(path.child("procMount"), context.procMount, "`hostUsers` must be false to use `Unmasked`"));
  }
  checkSeccomp(errors, context.seccompProfile, path.child("seccompProfile"));
  if (context.allowPrivilegeEscalation === false) {
    const shown = () => goValue(context, securityContextShape);
    if (context.privileged) {
      errors.push(invalid(path, shown(), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
    }
    if (context.capabilities?.add?.includes("CAP_SYS_ADMIN")) {
      const why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
      errors.push(invalid(path, shown(), why));
    }
  }
  checkWindowsOptions(errors, context.windowsOptions, path.child("windowsOptions"));
  checkAppArmor(errors, context.appArmorProfile, path.child("appArmorProfile"));
}

/** What of the host a sysctl is about; undefined for what is not of a namespace. */
function sysctlNamespace(name: string): "hostNetwork" | "hostIPC" | undefined {
  const dotted = /^[^.]*\//.test(name) ? name.replaceAll("/", ".") : name;
  if (dotted.startsWith("net.")) return "hostNetwork";
  return /^kernel\.(shm|msg)|^kernel\.sem$|^fs\.mqueue\./.test(dotted) ? "hostIPC" : undefined;
}

function checkSysctls(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const sysctls: { name: string }[] | undefined = spec.securityContext?.sysctls;
  const names = new Set<string>();
  for (const [index, { name }] of (sysctls ?? []).entries()) {
    const at = path.index(index).child("name");
    if (!name) errors.push(required(at));
    else if (name.length > sysctlLengthMax || !sysctlPattern.test(name)) errors.push(invalid(at, name, sysctlRule));
    else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    const shared = sysctlNamespace(name ?? "");
    if (shared && spec[shared]) errors.push(invalid(at, name, `may not be specified when '${shared}' is true`));
  }
}

/** `securityContext` of a pod. */
export function checkPodSecurityContext(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const context = spec.securityContext;
  if (!context) return;
  for (const field of ["fsGroup", "runAsUser", "runAsGroup"] as const) {
    const id = context[field];
    if (id !== undefined) addInvalid(errors, () => path.child(field), id, userId(id));
  }
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    addInvalid(errors, () => path.child("supplementalGroups").index(index), group, userId(group));
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    const why = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalid(path.child("shareProcessNamespace"), true, why));
  }
  checkSysctls(errors, spec, path.child("sysctls"));
  const checkWord = (field: string, words: string[]) =>
    checkOneOf(errors, context[field], words, () => path.child(field));
  checkWord("fsGroupChangePolicy", ["Always", "OnRootMismatch"]);
  checkSeccomp(errors, context.seccompProfile, path.child("seccompProfile"));
  checkWindowsOptions(errors, context.windowsOptions, path.child("windowsOptions"));
  checkAppArmor(errors, context.appArmorProfile, path.child("appArmorProfile"));
  checkWord("supplementalGroupsPolicy", ["Merge", "Strict"]);
  checkWord("seLinuxChangePolicy", ["MountOption", "Recursive"]);
}

/** A pod with its own user namespace shares no other namespace with the host (KEP-127). */
export function checkHostUsers(errors: Errors, spec: PodSpec, path: FieldPath): void {
  if (spec.hostUsers !== false) return;
  const why = "when `hostUsers` is false";
  // The capitals are the real server's own.
  const shared = { hostNetwork: "hostNetwork", hostPID: "HostPID", hostIPC: "HostIPC" } as const;
  for (const field of ["hostNetwork", "hostPID", "hostIPC"] as const) {
    if (spec[field]) errors.push(forbiddenField(path.child(shared[field]), why));
  }
  for (const { container, at } of containersOf(spec, path)) {
    if (container.volumeDevices?.length) errors.push(forbiddenField(at.child("volumeDevices"), why));
  }
}

const hostnameBytesMax = 64;

/** A name that the pod's host is known by inside it, whatever the pod is called (KEP-4762). */
export function checkHostname(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const at = path.child("hostnameOverride");
  if (spec.setHostnameAsFQDN) {
    errors.push(forbiddenField(at, "may not be specified when setHostnameAsFQDN is true"));
  }
  if (spec.hostNetwork) errors.push(forbiddenField(at, "may not be specified when hostNetwork is true"));
  if (name.length > hostnameBytesMax) errors.push(tooLong(at, hostnameBytesMax));
  addInvalid(errors, () => at, name, dns1123Subdomain(name));
}

/** Values that a list of supported ones lacks, as `Unsupported value`. */
export function checkPreemptionPolicy(errors: Errors, policy: string | undefined, path: FieldPath): void {
  if (policy === undefined) return;
  if (policy === "") errors.push(required(path));
  else if (policy !== "PreemptLowerPriority" && policy !== "Never") {
    errors.push(notSupported(path, policy, ["PreemptLowerPriority", "Never"]));
  }
}
