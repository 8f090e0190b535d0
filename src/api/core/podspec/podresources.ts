// What a pod says that it needs as a whole (KEP-2837), and how it agrees with what its containers say.

import { type FieldPath, forbiddenField, invalid, notSupported } from "../../machinery/field.ts";
import { compareQuantities } from "../../machinery/quantity.ts";
import type { Errors } from "../../parts/checks.ts";
import { allowsOvercommit, checkResourceName, isHugePages } from "../../parts/resourcenames.ts";
import { checkAmounts, checkResourceClaims } from "./requirements.ts";
import { containerTotals, ofWholePods } from "./totals.ts";
import type { PodSpec, ResourceRequirements } from "./types.ts";

function checkName(errors: Errors, name: string, path: () => FieldPath): void {
  const before = errors.length;
  checkResourceName(errors, name, path);
  if (errors.length > before || ofWholePods(name)) return;
  errors.push(notSupported(path(), name, ["cpu", "hugepages-", "memory"]));
}

/** The pod asks for no less than its containers together, and none of them may have more than the pod. */
function checkContainersFit(
  errors: Errors,
  spec: PodSpec,
  { requests, limits }: ResourceRequirements,
  path: FieldPath,
) {
  const together = containerTotals(spec, "requests");
  for (const name in requests) {
    const sum = together[name];
    if (sum === undefined || compareQuantities(sum, requests[name]!) <= 0) continue;
    const why = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(invalid(path.child("requests").key(name), requests[name], why));
  }
  const most = containerTotals(spec, "limits");
  for (const name in limits) {
    const sum = isHugePages(name) ? most[name] : undefined;
    if (sum === undefined || compareQuantities(sum, limits[name]!) <= 0) continue;
    const why = `must be greater than or equal to aggregate container limits of ${sum}`;
    errors.push(invalid(path.child("limits").key(name), limits[name], why));
  }
  for (const [index, { resources }] of (spec.containers ?? []).entries()) {
    for (const [name, limit] of Object.entries(resources?.limits ?? {})) {
      const whole = limits?.[name];
      if (whole === undefined || compareQuantities(limit, whole) <= 0) continue;
      const at = path.child("containers").index(index).key(name).child("limits");
      errors.push(invalid(at, limit, `must be less than or equal to pod limits of ${whole}`));
    }
  }
}

/** `resources` of a pod. */
export function checkPodResources(
  errors: Errors,
  spec: PodSpec,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): void {
  const resources: ResourceRequirements | undefined = spec.resources;
  if (!resources) return;
  if (spec.os?.name === "windows") {
    errors.push(forbiddenField(path, "may not be set for a windows pod"));
    return;
  }
  if (resources.claims) {
    errors.push(forbiddenField(path.child("claims"), "claims may not be set for Resources at pod-level"));
  }
  checkAmounts(errors, resources, path, checkName);
  checkResourceClaims(errors, resources.claims, claimNames, path.child("claims"));
  checkContainersFit(errors, spec, resources, path);
}

/** A pod that says its limits asks for what its containers ask for, or else for as much as it may have. */
export function defaultPodResources(spec: PodSpec): void {
  const resources: ResourceRequirements | undefined = spec.resources;
  if (!resources) return;
  const given = { ...resources.limits, ...resources.requests };
  if (Object.keys(given).length === 0) return;
  const limits = { ...resources.limits };
  for (const [name, amount] of Object.entries(containerTotals(spec, "limits"))) {
    if (isHugePages(name) && given[name] === undefined) limits[name] = amount;
  }
  if (Object.keys(limits).length === 0) return;
  resources.limits = limits;
  const requests = { ...resources.requests };
  for (const [name, amount] of Object.entries(containerTotals(spec, "requests"))) {
    if (ofWholePods(name) && allowsOvercommit(name)) requests[name] ??= amount;
  }
  for (const [name, amount] of Object.entries(limits)) if (ofWholePods(name)) requests[name] ??= amount;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}
