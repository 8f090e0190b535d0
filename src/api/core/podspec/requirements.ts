// What containers ask for (`requests`) and may use at most (`limits`), and the service class that follows.

import { duplicate, type FieldPath, fieldNotFound, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { dns1123Label } from "../../machinery/names.ts";
import { compareQuantities, isQuantity, quantityValue } from "../../machinery/quantity.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import {
  allowsOvercommit,
  checkContainerResourceName,
  checkResourceAmount,
  isHugePages,
} from "../../parts/resourcenames.ts";
import type { PodSpec, ResourceRequirements } from "./types.ts";

/** Pages are whole ones. */
function checkPages(errors: Errors, name: string, amount: string, path: () => FieldPath): void {
  if (!isHugePages(name)) return;
  const size = name.slice("hugepages-".length);
  const [bytes, page] = [quantityValue(amount), isQuantity(size) ? quantityValue(size) : 0];
  if (page > 0 && bytes % page === 0) return;
  errors.push(invalid(path(), amount, `${amount} is not positive integer multiple of ${name}`));
}

/** Lists of names and amounts as pods and containers hold them; they differ in the names that they know. */
export function checkAmounts(
  errors: Errors,
  resources: ResourceRequirements,
  path: FieldPath,
  checkName: (errors: Errors, name: string, path: () => FieldPath) => void,
): void {
  const { limits, requests } = resources;
  for (const name in limits) {
    const at = () => path.child("limits").key(name);
    checkName(errors, name, at);
    checkResourceAmount(errors, name, limits[name]!, at);
    checkPages(errors, name, limits[name]!, at);
  }
  for (const name in requests) {
    const at = () => path.child("requests").key(name);
    checkName(errors, name, at);
    checkResourceAmount(errors, name, requests[name]!, at);
    checkAgainstLimit(errors, name, resources, path);
    checkPages(errors, name, requests[name]!, at);
  }
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requests ?? {})];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(forbiddenField(path, "HugePages require cpu or memory"));
  }
}

/** What is asked for beside what may be used at most. */
function checkAgainstLimit(errors: Errors, name: string, resources: ResourceRequirements, path: FieldPath): void {
  const request = resources.requests![name]!;
  const limit = resources.limits?.[name];
  if (limit === undefined) {
    if (!allowsOvercommit(name)) {
      errors.push(required(path.child("limits"), "Limit must be set for non overcommitable resources"));
    }
    return;
  }
  const order = compareQuantities(request, limit);
  if (order !== 0 && !allowsOvercommit(name)) {
    errors.push(invalid(path.child("requests"), request, `must be equal to ${name} limit of ${limit}`));
  } else if (order > 0) {
    errors.push(invalid(path.child("requests"), request, `must be less than or equal to ${name} limit of ${limit}`));
  }
}

/** A claim may be taken whole, or its requests one by one. */
export function checkResourceClaims(
  errors: Errors,
  claims: ResourceRequirements["claims"],
  known: ReadonlySet<string>,
  path: FieldPath,
) {
  const names = [...known].sort().join(", ");
  const taken = new Set<string>();
  for (const [index, { name, request }] of (claims ?? []).entries()) {
    const at = path.index(index);
    if (!name) {
      errors.push(required(at));
      continue;
    }
    checkTakenOnce(errors, taken, name, request, at);
    if (known.has(name)) continue;
    const error = fieldNotFound(at, name);
    const which = names === "" ? " which is empty" : `: ${names}`;
    errors.push({ ...error, body: `${error.body}: must be one of the names in pod.spec.resourceClaims${which}` });
  }
}

function checkTakenOnce(
  errors: Errors,
  taken: Set<string>,
  name: string,
  request: string | undefined,
  path: FieldPath,
): void {
  if (taken.has(name)) {
    errors.push(duplicate(path, name));
    return;
  }
  const key = request ? `${name}/${request}` : name;
  if (request) addInvalid(errors, () => path.child("request"), request, dns1123Label(request));
  if (taken.has(key)) errors.push(duplicate(path, key));
  else if (!request) {
    for (const other of taken) if (other.startsWith(`${name}/`)) errors.push(duplicate(path, name));
  }
  taken.add(key);
}

/** `resources` of a container. Names come in the order in which they stand. */
export function checkContainerResources(
  errors: Errors,
  resources: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): void {
  if (!resources) return;
  checkAmounts(errors, resources, path, checkContainerResourceName);
  if (resources.claims) checkResourceClaims(errors, resources.claims, claimNames, path.child("claims"));
}

const isZero = (amount: string | undefined): boolean => amount === undefined || compareQuantities(amount, "0") === 0;

/**
 * The pod's service class: `Guaranteed` if every container's requests are its limits for cpu and memory, `BestEffort` if
 * none asks for anything, else `Burstable`. The resources of the pod as a whole count instead if it has any (KEP-2837).
 */
export function qosClass(spec: PodSpec): "Guaranteed" | "Burstable" | "BestEffort" {
  const whole = spec.resources;
  const all = whole?.limits || whole?.requests ? [whole] : resourcesOfContainers(spec);
  let asksForSomething = false;
  let guaranteed = true;
  for (const resources of all) {
    for (const name of ["cpu", "memory"]) {
      const limit = resources?.limits?.[name];
      const request = resources?.requests?.[name] ?? limit;
      if (!isZero(limit) || !isZero(request)) asksForSomething = true;
      if (isZero(limit) || isZero(request) || compareQuantities(limit!, request!) !== 0) guaranteed = false;
    }
  }
  if (!asksForSomething) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

function resourcesOfContainers(spec: PodSpec): (ResourceRequirements | undefined)[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ resources }) => resources);
}
