// Annotations that mean something to those who run pods.

import { type FieldPath, forbiddenField, invalid } from "../../machinery/field.ts";
import type { Errors } from "../../parts/checks.ts";

interface Annotated {
  metadata?: { annotations?: Record<string, string> };
  spec?: any;
}

const mirror = "kubernetes.io/config.mirror";
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";
const appArmor = "container.apparmor.security.beta.kubernetes.io/";
const seccompPod = "seccomp.security.alpha.kubernetes.io/pod";
const seccompContainer = "container.seccomp.security.alpha.kubernetes.io/";
const int32 = 2 ** 31;

function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return false;
  const value = Number(text);
  return value >= -int32 && value < int32;
}

function isSeccompProfile(text: string): boolean {
  if (text === "runtime/default" || text === "docker/default" || text === "unconfined") return true;
  const file = text.startsWith("localhost/") ? text.slice("localhost/".length) : undefined;
  return file !== undefined && !file.startsWith("/") && !file.split("/").includes("..");
}

const isAppArmorProfile = (text: string): boolean =>
  text === "" || text === "runtime/default" || text === "unconfined" || text.startsWith("localhost/");

/** Annotations of a pod or of a template. */
export function checkPodAnnotations(errors: Errors, { metadata, spec }: Annotated, path: FieldPath): void {
  const annotations = metadata?.annotations ?? {};
  if (annotations[mirror] !== undefined && !spec?.nodeName) {
    const why = "must set spec.nodeName if mirror pod annotation is set";
    errors.push(invalid(path.key(mirror), annotations[mirror], why));
  }
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(path.key(deletionCost), cost, "must be a 32bit integer"));
  }
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const names = new Set(containers.map(({ name }) => name));
  for (const [key, value] of Object.entries(annotations)) {
    if ((key === seccompPod || key.startsWith(seccompContainer)) && !isSeccompProfile(value)) {
      errors.push(invalid(path.child(key), value, "must be a valid seccomp profile"));
    }
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(appArmor)) continue;
    const container = key.slice(appArmor.length);
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
    if (key === mirror) return "mirror pod annotation";
    return key.startsWith(appArmor) ? "AppArmor annotations" : undefined;
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
