// Who a pod and its containers run as, and what they are kept from.

import { duplicate, type FieldPath, forbiddenField, invalid, notSupported, required } from "../../machinery/field.ts";
import { localPath, userId } from "../../machinery/names.ts";
import { addInvalid, checkOneOf, checkRequiredOneOf, type Errors } from "../../parts/checks.ts";
import { goValue, securityContextShape } from "./goshape.ts";
import type { PodSpec } from "./types.ts";

const sysctlPattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlRule =
  "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const sysctlLengthMax = 253;

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

/** A seccomp profile or an AppArmor one: they differ in little. */
function checkProfile(errors: Errors, profile: any, word: "seccomp" | "AppArmor", path: FieldPath): void {
  if (!profile) return;
  const local = profile.localhostProfile;
  const at = path.child("localhostProfile");
  if (profile.type === "Localhost") {
    if (word === "seccomp" && local === undefined) {
      errors.push(required(at, "must be set when seccomp type is Localhost"));
    } else if (word === "AppArmor" && !local?.trim()) {
      errors.push(required(at, "must be set when AppArmor type is Localhost"));
    } else if (word === "seccomp") {
      addInvalid(errors, () => at, local, localPath(local));
    }
    return;
  }
  if (!profile.type) {
    const field = word === "seccomp" ? "seccompProfile" : "appArmorProfile";
    errors.push(required(path.child("type"), `type is required when ${field} is set`));
  } else {
    checkOneOf(errors, profile.type, profileTypes, () => path.child("type"));
  }
  if (local !== undefined) errors.push(invalid(at, local, `can only be set when ${word} type is Localhost`));
}

/** `securityContext` of a container. */
export function checkSecurityContext(errors: Errors, context: any, path: FieldPath): void {
  if (!context) return;
  const { runAsUser, runAsGroup } = context;
  if (runAsUser !== undefined) addInvalid(errors, () => path.child("runAsUser"), runAsUser, userId(runAsUser));
  if (runAsGroup !== undefined) addInvalid(errors, () => path.child("runAsGroup"), runAsGroup, userId(runAsGroup));
  checkOneOf(errors, context.procMount, ["Default", "Unmasked"], () => path.child("procMount"));
  checkProfile(errors, context.seccompProfile, "seccomp", path.child("seccompProfile"));
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
  checkProfile(errors, context.appArmorProfile, "AppArmor", path.child("appArmorProfile"));
}

function checkWindowsOptions(errors: Errors, options: any, path: FieldPath): void {
  if (!options) return;
  if (options.gmsaCredentialSpec === "") {
    errors.push(invalid(path.child("gmsaCredentialSpec"), "", "gmsaCredentialSpec cannot be an empty string"));
  }
  if (options.runAsUserName === "") {
    errors.push(invalid(path.child("runAsUserName"), "", "runAsUserName cannot be an empty string"));
  }
}

function checkSysctls(errors: Errors, sysctls: { name: string }[] | undefined, path: FieldPath): void {
  const names = new Set<string>();
  for (const [index, { name }] of (sysctls ?? []).entries()) {
    const at = path.index(index).child("name");
    if (!name) errors.push(required(at));
    else if (name.length > sysctlLengthMax || !sysctlPattern.test(name)) errors.push(invalid(at, name, sysctlRule));
    else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
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
  checkSysctls(errors, context.sysctls, path.child("sysctls"));
  checkOneOf(errors, context.fsGroupChangePolicy, ["Always", "OnRootMismatch"], () =>
    path.child("fsGroupChangePolicy"),
  );
  checkOneOf(errors, context.supplementalGroupsPolicy, ["Merge", "Strict"], () =>
    path.child("supplementalGroupsPolicy"),
  );
  checkOneOf(errors, context.seLinuxChangePolicy, ["MountOption", "Recursive"], () =>
    path.child("seLinuxChangePolicy"),
  );
  checkProfile(errors, context.seccompProfile, "seccomp", path.child("seccompProfile"));
  checkWindowsOptions(errors, context.windowsOptions, path.child("windowsOptions"));
  checkProfile(errors, context.appArmorProfile, "AppArmor", path.child("appArmorProfile"));
}

const notOnWindows = {
  pod: [
    "seLinuxOptions",
    "seccompProfile",
    "appArmorProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
  ],
  container: [
    "seLinuxOptions",
    "seccompProfile",
    "appArmorProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
  ],
} as const;

function checkWindowsPod(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const forbid = (at: FieldPath) => errors.push(forbiddenField(at, "cannot be set for a windows pod"));
  for (const field of ["hostPID", "hostIPC"] as const) if (spec[field]) forbid(path.child(field));
  for (const field of notOnWindows.pod) {
    if (spec.securityContext?.[field] !== undefined) forbid(path.child("securityContext", field));
  }
  if (spec.shareProcessNamespace) forbid(path.child("shareProcessNamespace"));
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, { securityContext }] of (spec[list] ?? []).entries()) {
      for (const field of notOnWindows.container) {
        if (securityContext?.[field] !== undefined) {
          forbid(path.child(list).index(index).child("securityContext", field));
        }
      }
    }
  }
}

function checkLinuxPod(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const forbid = (at: FieldPath) => errors.push(forbiddenField(at, "windows options cannot be set for a linux pod"));
  if (spec.securityContext?.windowsOptions) forbid(path.child("securityContext", "windowsOptions"));
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, { securityContext }] of (spec[list] ?? []).entries()) {
      if (securityContext?.windowsOptions) {
        forbid(path.child(list).index(index).child("securityContext", "windowsOptions"));
      }
    }
  }
}

/** What must not be set for the operating system that the pod says it is for (KEP-2802). */
export function checkOs(errors: Errors, spec: PodSpec, path: FieldPath): void {
  if (!spec.os) return;
  checkRequiredOneOf(errors, spec.os.name, ["linux", "windows"], () => path.child("os", "name"));
  if (spec.os.name === "linux") checkLinuxPod(errors, spec, path);
  if (spec.os.name === "windows") checkWindowsPod(errors, spec, path);
}

/** A pod with its own user namespace shares no other namespace with the host (KEP-127). */
export function checkHostUsers(errors: Errors, spec: PodSpec, path: FieldPath): void {
  if (spec.hostUsers !== false) return;
  const shared = [
    ["hostNetwork", "HostNetwork"],
    ["hostPID", "HostPID"],
    ["hostIPC", "HostIPC"],
  ] as const;
  for (const [field] of shared) {
    if (spec[field]) errors.push(forbiddenField(path.child(field), `when \`hostUsers\` is false`));
  }
}

/** Values that a list of supported ones lacks, as `Unsupported value`. */
export function checkPreemptionPolicy(errors: Errors, policy: string | undefined, path: FieldPath): void {
  if (policy === undefined) return;
  if (policy === "") errors.push(required(path));
  else if (policy !== "PreemptLowerPriority" && policy !== "Never") {
    errors.push(notSupported(path, policy, ["Never", "PreemptLowerPriority"]));
  }
}
