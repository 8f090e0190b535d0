// Profiles of Seccomp and AppArmor as old annotations name them, beside the fields that name them now: a pod that has both
// says the same twice.

import { FieldPath, forbiddenField } from "../../machinery/field.ts";
import type { Errors } from "../../parts/checks.ts";
import { checkAppArmor } from "./security.ts";
import { containersOf } from "./visit.ts";

interface Annotated {
  metadata?: { annotations?: Record<string, string> };
  spec?: any;
}

export const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
export const seccompPod = "seccomp.security.alpha.kubernetes.io/pod";
export const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/";

const localPrefix = "localhost/";

/** What an annotation says for each type of profile. */
const seccompWords: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ["unconfined"],
  RuntimeDefault: ["runtime/default", "docker/default"],
};
const appArmorWords: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ["unconfined"],
  RuntimeDefault: ["runtime/default"],
};

function checkAgrees(
  errors: Errors,
  kind: "seccomp" | "apparmor",
  annotation: string | undefined,
  profile: any,
  path: FieldPath,
): void {
  if (annotation === undefined || !profile) return;
  const { type, localhostProfile } = profile;
  const words = (kind === "seccomp" ? seccompWords : appArmorWords)[type];
  const isType = type === "Localhost" ? annotation.startsWith(localPrefix) : !words || words.includes(annotation);
  if (!isType) {
    errors.push(forbiddenField(path.child("type"), `${kind} type in annotation and field must match`));
  } else if (type === "Localhost" && annotation.slice(localPrefix.length) !== localhostProfile) {
    const why = `${kind} profile in annotation and field must match`;
    errors.push(forbiddenField(path.child("localhostProfile"), why));
  }
}

/** Annotations and fields of a new pod, or of a template. */
export function checkProfilesAgree(errors: Errors, { metadata, spec }: Annotated, path: FieldPath): void {
  const annotations = metadata?.annotations;
  if (!annotations) return;
  const ofPod = spec.securityContext;
  const podPath = path.child("securityContext", "seccompProfile");
  checkAgrees(errors, "seccomp", annotations[seccompPod], ofPod?.seccompProfile, podPath);
  const containers = containersOf(spec, path);
  for (const { container, at } of containers) {
    const own = container.securityContext?.seccompProfile;
    const where = at.child("securityContext", "seccompProfile");
    checkAgrees(errors, "seccomp", annotations[seccompPrefix + container.name], own, where);
  }
  if (spec.os?.name === "windows") return;
  for (const { container, at } of containers) {
    const profile = container.securityContext?.appArmorProfile ?? ofPod?.appArmorProfile;
    const where = at.child("securityContext", "appArmorProfile");
    checkAgrees(errors, "apparmor", annotations[appArmorPrefix + container.name], profile, where);
  }
}

/** The profile that an annotation stands for; undefined for a text that names none. */
function appArmorOf(text: string): { type: string; localhostProfile?: string } | undefined {
  for (const [type, words] of Object.entries(appArmorWords)) if (words.includes(text)) return { type };
  if (!text.startsWith(localPrefix)) return undefined;
  const profile = { type: "Localhost", localhostProfile: text.slice(localPrefix.length) };
  const errors: Errors = [];
  checkAppArmor(errors, profile, new FieldPath());
  return errors.length === 0 ? profile : undefined;
}

const sameProfile = (a: any, b: any): boolean => a?.type === b?.type && a?.localhostProfile === b?.localhostProfile;

/** Fills in fields of a new pod from the annotations that they replaced (KEP-24), and says that the latter are old. */
export function adoptAppArmor({ metadata, spec }: Annotated, warn?: (text: string) => void): void {
  const annotations = metadata?.annotations;
  if (!annotations || spec.os?.name === "windows") return;
  for (const { container } of containersOf(spec, new FieldPath())) {
    const key = appArmorPrefix + container.name;
    if (annotations[key] === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = appArmorOf(annotations[key]);
    if (profile && sameProfile(profile, spec.securityContext?.appArmorProfile)) continue;
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    const path = new FieldPath("metadata").child("annotations").key(key);
    warn?.(`${path}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}
