// What differs by operating system (KEP-2802): options that only Windows has, and what must not be set for it.

import { type FieldPath, forbiddenField, invalid, notSupported, required } from "../../machinery/field.ts";
import { dns1123Subdomain } from "../../machinery/names.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import type { PodSpec } from "./types.ts";
import { containersOf } from "./visit.ts";

const credentialKibMax = 64;
const domainLettersMax = 256;
const userLettersMax = 104;

/** What is wrong with `user` or `DOMAIN\\user`. */
function* userNameProblems(name: string): Iterable<string> {
  const parts = name.split("\\");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const hasControls = /[\x00-\x1f\x7f]/.test(name);
  if (name === "") yield "runAsUserName cannot be an empty string";
  else if (hasControls) yield "runAsUserName cannot contain control characters";
  else if (parts.length > 2) yield "runAsUserName cannot contain more than one backslash";
  else {
    const domain = parts.length === 2 ? parts[0]! : undefined;
    if (domain !== undefined) yield* domainProblems(domain);
    yield* userProblems(parts.at(-1)!);
  }
}

function* domainProblems(domain: string): Iterable<string> {
  if (domain.length >= domainLettersMax) {
    yield `runAsUserName's Domain length must be under ${domainLettersMax} characters`;
  }
  const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
  const isNetBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/.test(domain);
  if (!isNetBios && !new RegExp(`^${label}(?:\\.${label})*$`).test(domain)) {
    yield "runAsUserName's Domain doesn't match the NetBios nor the DNS format";
  }
}

function* userProblems(user: string): Iterable<string> {
  if (user === "") yield "runAsUserName's User cannot be empty";
  else if (user.length > userLettersMax) {
    yield `runAsUserName's User length must not be longer than ${userLettersMax} characters`;
  }
  if (/^[. ]+$/.test(user)) yield "runAsUserName's User cannot contain only periods or spaces";
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    yield `runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`;
  }
}

/** `windowsOptions` of a pod or a container. */
export function checkWindowsOptions(errors: Errors, options: any, path: FieldPath): void {
  if (!options) return;
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credentials, runAsUserName: user } = options;
  if (name !== undefined) addInvalid(errors, () => path.child("gmsaCredentialSpecName"), name, dns1123Subdomain(name));
  const at = path.child("gmsaCredentialSpec");
  if (credentials === "") errors.push(invalid(at, "", "gmsaCredentialSpec cannot be an empty string"));
  if (credentials?.length > credentialKibMax * 1024) {
    errors.push(invalid(at, credentials, `gmsaCredentialSpec size must be under ${credentialKibMax} KiB`));
  }
  if (user === undefined) return;
  for (const why of userNameProblems(user)) errors.push(invalid(path.child("runAsUserName"), user, why));
}

/** Containers that are processes of the host (KEP-1981): all or none, and on the host's network. */
export function checkHostProcess(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const ofPod: boolean | undefined = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = containersOf(spec, path);
  let count = 0;
  for (const { container, at } of containers) {
    const own: boolean | undefined = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalid(at.child("securityContext", "windowsOptions", "hostProcess"), own, why));
    }
    if (own ?? ofPod) count++;
  }
  if (count === 0) return;
  if (count !== containers.length) {
    const why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalid(path, "", why));
  }
  if (spec.hostNetwork) return;
  const why = "hostNetwork must be true if pod contains any hostProcess containers";
  errors.push(invalid(path.child("hostNetwork"), false, why));
}

/** Fields that Windows has no use for, in the real server's order; some of a pod's stand beside its security context. */
const notOnWindows = {
  pod: [
    "securityContext.appArmorProfile",
    "securityContext.seLinuxOptions",
    "hostUsers",
    "hostPID",
    "hostIPC",
    "securityContext.seccompProfile",
    "securityContext.fsGroup",
    "securityContext.fsGroupChangePolicy",
    "securityContext.sysctls",
    "shareProcessNamespace",
    "securityContext.runAsUser",
    "securityContext.runAsGroup",
    "securityContext.supplementalGroups",
    "securityContext.supplementalGroupsPolicy",
    "securityContext.seLinuxChangePolicy",
  ],
  container: [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
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
  for (const field of notOnWindows.pod) {
    const [first, second] = field.split(".") as [keyof PodSpec, string | undefined];
    const value = second === undefined ? spec[first] : (spec[first] as any)?.[second];
    const isFlag = first === "hostPID" || first === "hostIPC";
    const isSet = isFlag ? Boolean(value) : value !== undefined;
    if (isSet) forbid(second === undefined ? path.child(first) : path.child(first, second));
  }
  for (const { container, at } of containersOf(spec, path)) {
    for (const field of notOnWindows.container) {
      if (container.securityContext?.[field] !== undefined) forbid(at.child("securityContext", field));
    }
  }
}

function checkLinuxPod(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const forbid = (at: FieldPath) => errors.push(forbiddenField(at, "windows options cannot be set for a linux pod"));
  if (spec.securityContext?.windowsOptions) forbid(path.child("securityContext", "windowsOptions"));
  for (const { container, at } of containersOf(spec, path)) {
    if (container.securityContext?.windowsOptions) forbid(at.child("securityContext", "windowsOptions"));
  }
}

/** What must not be set for the operating system that the pod says it is for. */
export function checkOs(errors: Errors, spec: PodSpec, path: FieldPath): void {
  if (!spec.os) return;
  const { name } = spec.os;
  if (!name) errors.push(required(path.child("os", "name")));
  else if (name === "linux") checkLinuxPod(errors, spec, path);
  else if (name === "windows") checkWindowsPod(errors, spec, path);
  else errors.push(notSupported(path.child("os"), name, ["linux", "windows"]));
}
