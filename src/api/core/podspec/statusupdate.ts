// What may change in the status of a pod: what is decided stays decided.

import { duplicate, type FieldPath, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, ipAddress, qualifiedName, userId } from "../../machinery/names.ts";
import { addInvalid, checkImmutable, type Errors } from "../../parts/checks.ts";
import type { Container, Pod, PodSpec } from "./types.ts";

/** Conditions that were there before conditions had names with domains. */
const firstConditions = new Set(["PodScheduled", "Ready", "Initialized"]);

/** Checks a change of a pod's status. */
export function checkPodStatusUpdate(errors: Errors, next: Pod, previous: Pod, path: FieldPath): void {
  const [now, before] = [next.status ?? {}, previous.status ?? {}];
  checkConditions(errors, now.conditions ?? [], path.child("conditions"));
  checkNominated(errors, now, before, previous.spec?.nodeName ?? "", path.child("nominatedNodeName"));
  if (now.observedGeneration < 0) {
    errors.push(invalid(path.child("observedGeneration"), now.observedGeneration, "must be a non-negative integer"));
  }
  checkImmutable(errors, now.qosClass ?? "", before.qosClass ?? "", () => path.child("qosClass"));
  if (!allMayRestart(previous.spec)) {
    checkFinishedStay(errors, next, previous, "containerStatuses", path);
    checkFinishedStay(errors, next, previous, "initContainerStatuses", path);
  }
  checkFinishedStay(errors, next, previous, "ephemeralContainerStatuses", path);
  checkClaimStatuses(errors, next, path.child("resourceClaimStatuses"));
  checkExtendedClaim(errors, next, path.child("extendedResourceClaimStatus"));
  checkAddresses(errors, now, before, "podIP", path);
  checkAddresses(errors, now, before, "hostIP", path);
  for (const list of statusLists) checkUsers(errors, now[list] ?? [], next.spec?.os?.name, path.child(list));
}

const statusLists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;

/** Where a pod may come to run is said only while it runs nowhere. */
function checkNominated(errors: Errors, now: any, before: any, nodeName: string, path: FieldPath): void {
  const name: string = now.nominatedNodeName ?? "";
  if (name === "" || name === before.nominatedNodeName) return;
  addInvalid(errors, () => path, name, dns1123Subdomain(name));
  if (nodeName) errors.push(forbiddenField(path, "may not be set on pods that are already bound to a node"));
}

/** Whether the end of some container starts all of them again (KEP-5532). */
function allMayRestart(spec: PodSpec | undefined): boolean {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
  );
}

function matchesRule({ restartPolicyRules }: Container, exitCode: number): boolean {
  return (restartPolicyRules ?? []).some(({ exitCodes }) => {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false;
    return exitCodes?.operator === "In" ? isListed : exitCodes?.operator === "NotIn" && !isListed;
  });
}

/** Whether a container that ended so is started again. One that the pod does not have is not. */
function startsAgain({ spec }: Pod, list: (typeof statusLists)[number], name: string, exitCode: number): boolean {
  if (list === "ephemeralContainerStatuses") return false;
  const containers = list === "containerStatuses" ? spec?.containers : spec?.initContainers;
  const container = containers?.find((each) => each.name === name);
  if (!container) return false;
  if (container.restartPolicy !== undefined && matchesRule(container, exitCode)) return true;
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** A container that has ended for good cannot have started again without saying so. */
function checkFinishedStay(
  errors: Errors,
  next: Pod,
  previous: Pod,
  list: (typeof statusLists)[number],
  path: FieldPath,
): void {
  const statuses: any[] = next.status?.[list] ?? [];
  for (const [index, old] of (previous.status?.[list] ?? []).entries()) {
    const ended = old.state?.terminated;
    if (!ended) continue;
    const now = statuses.find(({ name, state }) => name === old.name && !state?.terminated);
    if (!now || startsAgain(previous, list, old.name, ended.exitCode)) continue;
    const at = path.child(list).index(index).child("state");
    errors.push(forbiddenField(at, "may not be transitioned to non-terminated state"));
  }
}

/** Each of the pod's claims has one status at most. */
function checkClaimStatuses(errors: Errors, { spec, status }: Pod, path: FieldPath): void {
  const known = new Set((spec?.resourceClaims ?? []).map(({ name }: { name: string }) => name));
  const seen = new Set<string>();
  for (const [index, { name = "", resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const at = path.index(index);
    if (!known.has(name)) {
      errors.push(invalid(at.child("name"), name, "must match the name of an entry in `spec.resourceClaims`"));
    }
    if (seen.has(name)) errors.push(duplicate(at.child("name"), name));
    seen.add(name);
    if (resourceClaimName === undefined) continue;
    const where = () => at.child("resourceClaimName");
    addInvalid(errors, where, resourceClaimName, dns1123Subdomain(resourceClaimName));
  }
}

const mappingFields = ["containerName", "resourceName", "requestName"] as const;

/** The claim that was made for devices that containers ask for as amounts (KEP-5004). */
function checkExtendedClaim(errors: Errors, { spec, status }: Pod, path: FieldPath): void {
  const claim = status?.extendedResourceClaimStatus;
  if (!claim) return;
  const mappings: any[] = claim.requestMappings ?? [];
  const at = path.child("requestMappings");
  if (mappings.length === 0) errors.push(required(at, "at least one request mapping is required"));
  const seen = new Set<string>();
  for (const [index, mapping] of mappings.entries()) {
    checkMapping(errors, spec, mapping, path, at.index(index));
    const key = mappingFields.map((field) => mapping[field] ?? "").join("/");
    if (seen.has(key)) {
      for (const field of mappingFields) errors.push(duplicate(at.index(index).child(field), mapping[field] ?? ""));
    }
    seen.add(key);
  }
  const name: string = claim.resourceClaimName ?? "";
  const where = path.child("resourceClaimName");
  if (name === "") errors.push(required(where));
  else addInvalid(errors, () => where, name, dns1123Subdomain(name));
}

function checkMapping(errors: Errors, spec: PodSpec, mapping: any, path: FieldPath, at: FieldPath): void {
  const { containerName = "", resourceName = "", requestName = "" } = mapping;
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const container = containers.findLast(({ name }) => name === containerName);
  if (!container) {
    const why = "must match the name of an entry in spec.initContainers.name or spec.containers.name";
    errors.push(invalid(at.child("containerName"), containerName, why));
  } else if (container.resources?.requests?.[resourceName] === undefined) {
    const why =
      "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests";
    errors.push(invalid(at.child("resourceName"), resourceName, why));
  }
  // The real server leaves the list out of this path.
  addInvalid(errors, () => path.child("requestName"), requestName, dns1123Label(requestName));
}

/** Who a container runs as. */
function checkUsers(errors: Errors, statuses: any[], os: string | undefined, path: FieldPath): void {
  for (const [index, { user }] of statuses.entries()) {
    if (!user?.linux) continue;
    const at = path.index(index).child("user", "linux");
    if (os === "windows") errors.push(forbiddenField(at, "cannot be set for a windows pod"));
    else if (os === undefined || os === "linux") checkUser(errors, user.linux, at);
  }
}

function checkUser(errors: Errors, { uid = 0, gid = 0, supplementalGroups = [] }: any, path: FieldPath): void {
  addInvalid(errors, () => path.child("uid"), uid, userId(uid));
  addInvalid(errors, () => path.child("gid"), gid, userId(gid));
  for (const [index, group] of supplementalGroups.entries()) {
    addInvalid(errors, () => path.child("supplementalGroups").index(index), group, userId(group));
  }
}

/** One address a family; the first of the list stands alone as well. Those that were there may stay as they are. */
function checkAddresses(errors: Errors, now: any, before: any, field: "podIP" | "hostIP", path: FieldPath): void {
  const list: { ip?: string }[] = now[`${field}s`] ?? [];
  if (list.length === 0) return;
  const at = path.child(`${field}s`);
  const ips = list.map(({ ip }) => ip ?? "");
  if (field === "hostIP" && (now[field] ?? "") !== ips[0]) {
    errors.push(invalid(at.index(0).child("ip"), ips[0], `must be equal to \`hostIP\``));
  }
  const kept = new Set((before[`${field}s`] ?? []).map(({ ip }: { ip?: string }) => ip));
  for (const [index, ip] of ips.entries()) {
    if (!kept.has(ip)) addInvalid(errors, () => at.index(index), ip, ipAddress(ip));
  }
  if (ips.length < 2) return;
  const families = new Set(ips.map((ip) => ip.includes(":")));
  if (ips.length === 2 && families.size === 2) return;
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
