// Annotations that mean something to those who run pods.

import { type FieldPath, forbiddenField, invalid } from "../../machinery/field.ts";
import { localPath } from "../../machinery/names.ts";
import { annotatedList } from "../../parts/annotated.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import { appArmorPrefix, seccompPod, seccompPrefix } from "./profiles.ts";
import { checkTolerations } from "./scheduling.ts";
import { containersOf } from "./visit.ts";

interface Annotated {
  metadata?: { annotations?: Record<string, string> };
  spec?: any;
}

const mirrorAnnotation = "kubernetes.io/config.mirror";
const oldTolerations = "scheduler.alpha.kubernetes.io/tolerations";
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";
const int32 = 2 ** 31;

function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return false;
  const value = Number(text);
  return value >= -int32 && value < int32;
}

/** Whether the pod stands for what a node runs of its own. */
export function isMirror(pod: { metadata?: { annotations?: Record<string, string> } }): boolean {
  return pod.metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

/** Messages for the name of a profile, none if it is fine. */
function seccompProblems(text: string): string[] {
  if (text === "runtime/default" || text === "docker/default" || text === "unconfined") return [];
  return text.startsWith(localhost) ? localPath(text.slice(localhost.length)) : ["must be a valid seccomp profile"];
}

const localhost = "localhost/";

function checkSeccomp(errors: Errors, annotations: Record<string, string>, path: FieldPath): void {
  const keys = Object.keys(annotations).filter((key) => key.startsWith(seccompPrefix));
  for (const key of annotations[seccompPod] === undefined ? keys : [seccompPod, ...keys]) {
    const profile = annotations[key]!;
    const value = profile.startsWith(localhost) ? profile.slice(localhost.length) : profile;
    addInvalid(errors, () => path.child(key), value, seccompProblems(profile));
  }
}

const isAppArmorProfile = (text: string): boolean =>
  text === "" || text === "runtime/default" || text === "unconfined" || text.startsWith("localhost/");

/** Tolerations as they were written before there was a field for them. */
function checkOldTolerations(errors: Errors, text: string, path: FieldPath): void {
  try {
    checkTolerations(errors, annotatedList(text, "core.Toleration"), path.child(oldTolerations));
  } catch (error) {
    errors.push(invalid(path, oldTolerations, (error as Error).message));
  }
}

/** Annotations of a pod or of a template. */
export function checkPodAnnotations(errors: Errors, { metadata, spec }: Annotated, path: FieldPath): void {
  const annotations = metadata?.annotations ?? {};
  if (annotations[mirrorAnnotation] !== undefined && !spec?.nodeName) {
    const why = "must set spec.nodeName if mirror pod annotation is set";
    errors.push(invalid(path.key(mirrorAnnotation), annotations[mirrorAnnotation], why));
  }
  if (annotations[oldTolerations]) checkOldTolerations(errors, annotations[oldTolerations], path);
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(path.key(deletionCost), cost, "must be a 32bit integer"));
  }
  checkSeccomp(errors, annotations, path);
  const names = new Set(containersOf(spec ?? {}, path).map(({ container }) => container.name));
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(appArmorPrefix)) continue;
    const container = key.slice(appArmorPrefix.length);
    if (!names.has(container)) errors.push(invalid(path.key(key), container, "container not found"));
    if (!isAppArmorProfile(value)) {
      errors.push(invalid(path.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
    }
  }
}

/** What the node acts on when a pod starts cannot come, go or change later. */
export function checkFixedAnnotations(errors: Errors, next: Annotated, previous: Annotated, path: FieldPath): void {
  const [now, before] = [next.metadata?.annotations ?? {}, previous.metadata?.annotations ?? {}];
  const what = (key: string) => {
    if (key === mirrorAnnotation) return "mirror pod annotation";
    return key.startsWith(appArmorPrefix) ? "AppArmor annotations" : undefined;
  };
  for (const key of Object.keys(before)) {
    if (what(key) && now[key] !== before[key]) {
      errors.push(forbiddenField(path.key(key), `may not remove or update ${what(key)}`));
    }
  }
  for (const key of Object.keys(now)) {
    if (what(key) && before[key] === undefined) errors.push(forbiddenField(path.key(key), `may not add ${what(key)}`));
  }
}
