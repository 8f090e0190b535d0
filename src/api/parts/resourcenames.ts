// Names of compute resources and which of them may stand where (`cpu`, `hugepages-2Mi`, `example.com/gpu`).

import { type FieldPath, invalid } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import { compareQuantities, milliValue } from "../machinery/quantity.ts";
import { addInvalid, type Errors } from "./checks.ts";

const containerResources = new Set(["cpu", "memory", "ephemeral-storage"]);

const quotaResources = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.storage",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "persistentvolumeclaims",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
]);

const integerResources = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);

const isHugePages = (name: string): boolean => name.startsWith("hugepages-");

/** Whether requests may be less than limits: not so for what cannot be shared. */
export function allowsOvercommit(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

/** Kubernetes' own resources: without a domain, or of its domain. */
export function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** Whether it is one that drivers or device plugins add. */
export function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith("requests.")) return false;
  return qualifiedName(`requests.${name}`).length === 0;
}

export { isHugePages };

const isStandard = (name: string): boolean => name === "storage" || isQuotaResource(name);

/** A resource's name, as any list of quantities may hold it. */
export function checkResourceName(errors: Errors, name: string, path: () => FieldPath): void {
  addInvalid(errors, path, name, qualifiedName(name));
  if (!name.includes("/") && qualifiedName(name).length === 0 && !isStandard(name)) {
    errors.push(invalid(path(), name, "must be a standard resource type or fully qualified"));
  }
}

/** A resource that containers ask for. */
export function checkContainerResourceName(errors: Errors, name: string, path: () => FieldPath): void {
  if (containerResources.has(name)) return;
  checkResourceName(errors, name, path);
  if (!name.includes("/")) {
    if (!isHugePages(name)) errors.push(invalid(path(), name, "must be a standard resource for containers"));
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(path(), name, "doesn't follow extended resource name standard"));
  }
}

/** Whether it is one that quotas know without a domain. */
export function isQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isHugePages(name) || name.startsWith("requests.hugepages-");
}

/** A resource that a quota limits. */
export function checkQuotaResourceName(errors: Errors, name: string, path: () => FieldPath): void {
  if (quotaResources.has(name)) return;
  checkResourceName(errors, name, path);
  if (!name.includes("/") && !isQuotaResource(name)) {
    errors.push(invalid(path(), name, "must be a standard resource for quota"));
  }
}

/** The amount of a resource: not negative, and whole where there is no half of one. */
export function checkResourceAmount(errors: Errors, name: string, amount: string, path: () => FieldPath): void {
  if (compareQuantities(amount, "0") < 0) {
    errors.push(invalid(path(), amount, "must be greater than or equal to 0"));
  }
  if (
    (integerResources.has(name) || name.startsWith("count/") || isExtended(name)) &&
    milliValue(amount) % 1000 !== 0
  ) {
    errors.push(invalid(path(), amount, "must be an integer"));
  }
}
