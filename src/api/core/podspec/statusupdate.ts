// What may change in the status of a pod: what is decided stays decided.

import { duplicate, type FieldPath, fieldNotFound, forbiddenField, invalid } from "../../machinery/field.ts";
import { dns1123Subdomain, ipAddress, qualifiedName } from "../../machinery/names.ts";
import { addInvalid, checkImmutable, type Errors, sameValue } from "../../parts/checks.ts";
import type { Pod } from "./types.ts";

/** Conditions that were there before conditions had names with domains. */
const firstConditions = new Set(["PodScheduled", "Ready", "Initialized"]);

/** Checks a change of a pod's status. */
export function checkPodStatusUpdate(errors: Errors, next: Pod, previous: Pod, path: FieldPath): void {
  const nodeName = next.spec?.nodeName ?? "";
  if (nodeName !== (previous.spec?.nodeName ?? "")) {
    errors.push(forbiddenField(path.child("nodeName"), "may not be changed directly"));
  }
  const [now, before] = [next.status ?? {}, previous.status ?? {}];
  const nominated = now.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName) {
    addInvalid(errors, () => path.child("nominatedNodeName"), nominated, dns1123Subdomain(nominated));
  }
  if (before.qosClass) checkImmutable(errors, now.qosClass, before.qosClass, () => path.child("qosClass"));
  checkFinishedStay(errors, next, previous, "containerStatuses", path);
  checkFinishedStay(errors, next, previous, "initContainerStatuses", path);
  checkFinishedStay(errors, next, previous, "ephemeralContainerStatuses", path);
  checkClaimStatuses(errors, next, path.child("resourceClaimStatuses"));
  checkAddresses(errors, now, before, "podIP", path);
  checkAddresses(errors, now, before, "hostIP", path);
  checkConditions(errors, now.conditions ?? [], path.child("conditions"));
}

/** Whether a container that ended so is started again. */
function startsAgain(pod: Pod, list: string, name: string, exitCode: number): boolean {
  if (list === "ephemeralContainerStatuses") return false;
  const [containers, inits] = [pod.spec?.containers ?? [], pod.spec?.initContainers ?? []];
  const own = (list === "containerStatuses" ? containers : inits).find((each) => each.name === name)?.restartPolicy;
  const policy = own ?? pod.spec?.restartPolicy;
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** A container that has ended for good cannot have started again without saying so. */
function checkFinishedStay(errors: Errors, next: Pod, previous: Pod, list: string, path: FieldPath): void {
  const statuses: any[] = next.status?.[list] ?? [];
  for (const [index, old] of (previous.status?.[list] ?? []).entries()) {
    const ended = old.state?.terminated;
    if (!ended || startsAgain(next, list, old.name, ended.exitCode)) continue;
    const now = statuses.find(({ name }) => name === old.name);
    if (!now || now.state?.terminated) continue;
    const at = path.child(list).index(index).child("state");
    errors.push(forbiddenField(at, "may not be transitioned to non-terminated state"));
  }
}

/** Each of the pod's claims has one status at most. */
function checkClaimStatuses(errors: Errors, { spec, status }: Pod, path: FieldPath): void {
  const known = new Set((spec?.resourceClaims ?? []).map(({ name }: { name: string }) => name));
  const seen = new Set<string>();
  for (const [index, { name, resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const at = path.index(index);
    if (seen.has(name)) errors.push(duplicate(at.child("name"), name));
    seen.add(name);
    if (resourceClaimName) {
      addInvalid(errors, () => at.child("name"), resourceClaimName, dns1123Subdomain(resourceClaimName));
    }
    if (known.has(name)) continue;
    const error = fieldNotFound(at.child("name"), name);
    errors.push({ ...error, body: `${error.body}: must match the name of an entry in \`spec.resourceClaims\`` });
  }
}

/** One address a family; the first of the list stands alone as well. Those that were there may stay as they are. */
function checkAddresses(errors: Errors, now: any, before: any, field: "podIP" | "hostIP", path: FieldPath): void {
  const list: { ip?: string }[] = now[`${field}s`] ?? [];
  if (list.length === 0) return;
  const at = path.child(`${field}s`);
  const ips = list.map(({ ip }) => ip ?? "");
  if ((now[field] ?? "") !== ips[0]) {
    errors.push(invalid(at.index(0).child("ip"), ips[0], `must be equal to \`${field}\``));
  }
  const kept = new Set((before[`${field}s`] ?? []).map(({ ip }: { ip?: string }) => ip));
  for (const [index, ip] of ips.entries()) {
    if (!kept.has(ip)) addInvalid(errors, () => at.index(index), ip, ipAddress(ip));
  }
  if (ips.length < 2 || sameValue(list, before[`${field}s`])) return;
  const ofSix = ips.filter((ip) => ip.includes(":")).length;
  if (ips.length === 2 && ofSix === 1) return;
  const shown = ips.map((ip) => ({ IP: ip }));
  errors.push(invalid(at, shown, "may specify no more than one IP for each IP family"));
}

function checkConditions(errors: Errors, conditions: any[], path: FieldPath): void {
  for (const [index, { type, observedGeneration }] of conditions.entries()) {
    if ((observedGeneration ?? 0) < 0) {
      const at = path.index(index).child("observedGeneration");
      errors.push(invalid(at, observedGeneration, "must be a non-negative integer"));
    }
    if (firstConditions.has(type)) continue;
    // The capital is the real server's own.
    addInvalid(errors, () => path.index(index).child("Type"), type ?? "", qualifiedName(type ?? ""));
  }
}
