// What containers ask for (`requests`) and may use at most (`limits`), and the service class that follows.

import { duplicate, type FieldPath, fieldNotFound, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { compareQuantities } from "../../machinery/quantity.ts";
import type { Errors } from "../../parts/checks.ts";
import {
  allowsOvercommit,
  checkContainerResourceName,
  checkResourceAmount,
  isHugePages,
} from "../../parts/resourcenames.ts";
import type { PodSpec, QuantityList, ResourceRequirements } from "./types.ts";

function checkList(errors: Errors, list: QuantityList | undefined, path: () => FieldPath): void {
  for (const name in list) {
    checkContainerResourceName(errors, name, () => path().key(name));
    checkResourceAmount(errors, name, list[name]!, () => path().key(name));
  }
}

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

function checkClaims(
  errors: Errors,
  claims: ResourceRequirements["claims"],
  known: ReadonlySet<string>,
  path: FieldPath,
): void {
  const seen = new Set<string>();
  for (const [index, { name, request }] of (claims ?? []).entries()) {
    const at = path.index(index);
    if (!name) {
      errors.push(required(at));
      continue;
    }
    const key = request ? `${name}/${request}` : name;
    if (seen.has(key)) errors.push(duplicate(at, key));
    seen.add(key);
    if (!known.has(name)) errors.push(fieldNotFound(at, name));
  }
}

/** `resources` of a container. Names come in the order in which they stand. */
export function checkContainerResources(
  errors: Errors,
  resources: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): void {
  if (!resources) return;
  checkList(errors, resources.limits, () => path.child("limits"));
  checkList(errors, resources.requests, () => path.child("requests"));
  for (const name in resources.requests) checkAgainstLimit(errors, name, resources, path);
  const names = [...Object.keys(resources.limits ?? {}), ...Object.keys(resources.requests ?? {})];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(forbiddenField(path, "HugePages require cpu or memory"));
  }
  if (resources.claims) checkClaims(errors, resources.claims, claimNames, path.child("claims"));
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
