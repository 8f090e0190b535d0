// What an object takes of a namespace's quotas.

import type { KubeObject } from "../machinery/object.ts";
import { addQuantities, compareQuantities, formatQuantity } from "../machinery/quantity.ts";
import { qosClass } from "./podspec/requirements.ts";
import { podTotals } from "./podspec/totals.ts";

export type Amounts = Record<string, string>;

/** A requirement of a quota on the objects that it counts: `spec.scopes` and `spec.scopeSelector` in one form. */
export interface ScopeRequirement {
  scopeName: string;
  operator: string;
  values?: readonly string[];
}

/** How the objects of one resource are counted. */
export interface Evaluator {
  /** Which writes take anything. */
  counts: { create: boolean; update: boolean; subresource?: string };
  /** Whether a quota's resource name is about these objects. */
  covers(name: string): boolean;
  usage(object: KubeObject, now: number): Amounts;
  /** Whether a quota with such a scope counts the object. */
  inScope?(object: KubeObject, requirement: ScopeRequirement): boolean;
  /** What an object must say of itself to be counted. Gives why it cannot be. */
  problem?(object: KubeObject, names: readonly string[]): string | undefined;
}

function add(into: Amounts, name: string, amount: string): void {
  into[name] = into[name] === undefined ? amount : formatQuantity(addQuantities(into[name], amount));
}

const nativeNames = new Set(["cpu", "memory", "ephemeral-storage", "storage"]);

/** `cpu` is asked for as `cpu` and as `requests.cpu`; what is no Kubernetes resource only by the latter. */
function computeUsage(requests: Amounts, limits: Amounts): Amounts {
  const usage: Amounts = {};
  for (const [name, amount] of Object.entries(requests)) {
    const isHuge = name.startsWith("hugepages-");
    if (nativeNames.has(name) || isHuge) usage[name] = amount;
    usage[`requests.${name}`] = amount;
  }
  for (const [name, amount] of Object.entries(limits)) if (nativeNames.has(name)) usage[`limits.${name}`] = amount;
  return usage;
}

/** A pod that has ended, or should have been gone by now, takes nothing but its place. */
function isCounted({ metadata, status }: KubeObject, now: number): boolean {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return false;
  if (metadata.deletionTimestamp === undefined || metadata.deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(metadata.deletionTimestamp) + metadata.deletionGracePeriodSeconds * 1000;
}

/** What every container must ask for if a quota counts it. */
const mustBeSaid = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

function podProblem({ spec }: KubeObject, names: readonly string[]): string | undefined {
  const required = names.filter((name) => mustBeSaid.includes(name)).sort();
  if (required.length === 0) return undefined;
  const whole = computeUsage(spec?.resources?.requests ?? {}, spec?.resources?.limits ?? {});
  const missing = new Map<string, Set<string>>();
  for (const { name, resources } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    const said = { ...whole, ...computeUsage(resources?.requests ?? {}, resources?.limits ?? {}) };
    for (const each of required)
      if (said[each] === undefined) missing.set(each, (missing.get(each) ?? new Set()).add(name));
  }
  if (missing.size === 0) return undefined;
  const parts = required.filter((each) => missing.has(each));
  return `must specify ${parts.map((each) => `${each} for: ${[...missing.get(each)!].sort().join(",")}`).join("; ")}`;
}

function matchesText(value: string | undefined, { operator, values = [] }: ScopeRequirement): boolean {
  switch (operator) {
    case "Exists":
      return Boolean(value);
    case "DoesNotExist":
      return !value;
    case "In":
      return Boolean(value) && values.includes(value!);
    case "NotIn":
      return !value || !values.includes(value);
    default:
      return false;
  }
}

function reachesOtherNamespaces({ spec }: KubeObject): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((each) => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }: any) => podAffinityTerm),
  ]);
  return terms.some((term) => term?.namespaces?.length > 0 || term?.namespaceSelector !== undefined);
}

function podInScope(pod: KubeObject, requirement: ScopeRequirement): boolean {
  const ends = (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
  switch (requirement.scopeName) {
    case "Terminating":
      return ends;
    case "NotTerminating":
      return !ends;
    case "BestEffort":
      return qosClass(pod.spec as never) === "BestEffort";
    case "NotBestEffort":
      return qosClass(pod.spec as never) !== "BestEffort";
    case "PriorityClass":
      return matchesText(pod.spec?.priorityClassName, requirement);
    case "CrossNamespacePodAffinity":
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

const podNames =
  /^(count\/pods|pods|(requests\.|limits\.)?(cpu|memory|ephemeral-storage)|(requests\.)?hugepages-.+|requests\.[^/]+\/.+)$/;

const pods: Evaluator = {
  counts: { create: true, update: true, subresource: "resize" },
  covers: (name) => podNames.test(name),
  usage(pod, now) {
    if (!isCounted(pod, now)) return { "count/pods": "1" };
    const requests = podTotals(pod.spec as never, "requests");
    const limits = podTotals(pod.spec as never, "limits");
    return { "count/pods": "1", pods: "1", ...computeUsage(requests, limits) };
  },
  inScope: podInScope,
  problem: podProblem,
};

const services: Evaluator = {
  counts: { create: true, update: true },
  covers: (name) => ["count/services", "services", "services.nodeports", "services.loadbalancers"].includes(name),
  usage({ spec }) {
    const ports: any[] = spec?.ports ?? [];
    const usage: Amounts = { "count/services": "1", services: "1", "services.nodeports": "0" };
    if (spec?.type === "NodePort") usage["services.nodeports"] = `${ports.length}`;
    if (spec?.type !== "LoadBalancer") return usage;
    const given = spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports;
    return { ...usage, "services.nodeports": `${given.length}`, "services.loadbalancers": "1" };
  },
};

const ofClass = ".storageclass.storage.k8s.io/";

const claims: Evaluator = {
  counts: { create: true, update: true },
  covers: (name) =>
    ["count/persistentvolumeclaims", "persistentvolumeclaims", "requests.storage"].includes(name) ||
    name.endsWith(`${ofClass}persistentvolumeclaims`) ||
    name.endsWith(`${ofClass}requests.storage`),
  usage({ metadata, spec, status }) {
    const usage: Amounts = { "count/persistentvolumeclaims": "1", persistentvolumeclaims: "1" };
    const class_ = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName;
    if (class_) usage[`${class_}${ofClass}persistentvolumeclaims`] = "1";
    let size: string | undefined = spec?.resources?.requests?.storage;
    const allocated: string | undefined = status?.allocatedResources?.storage;
    if (size !== undefined && allocated !== undefined && compareQuantities(allocated, size) > 0) size = allocated;
    if (size === undefined) return usage;
    usage["requests.storage"] = size;
    if (class_) usage[`${class_}${ofClass}requests.storage`] = size;
    return usage;
  },
  inScope({ spec, status }, requirement) {
    if (requirement.scopeName !== "VolumeAttributesClass") return false;
    const names = [
      spec?.volumeAttributesClassName,
      status?.currentVolumeAttributesClassName,
      status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
    ].filter(Boolean);
    if (names.length === 0) return matchesText(undefined, requirement);
    return names.some((name) => matchesText(name, requirement));
  },
};

const ofDeviceClass = ".deviceclass.resource.k8s.io/devices";

/** All devices of a class that a claim takes may be as many as one claim can hold. */
const devicesMax = 32;

function devicesOf({ allocationMode, count = 1 }: any): number {
  return allocationMode === "All" ? devicesMax : count;
}

const deviceClaims: Evaluator = {
  counts: { create: true, update: true },
  covers: (name) => name === "count/resourceclaims.resource.k8s.io" || name.endsWith(ofDeviceClass),
  usage({ spec }) {
    const usage: Amounts = { "count/resourceclaims.resource.k8s.io": "1" };
    for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
      const most = new Map<string, number>();
      // Of alternatives only one is taken: the largest counts, for each class.
      for (const each of exactly ? [exactly] : (firstAvailable ?? []))
        most.set(each.deviceClassName, Math.max(most.get(each.deviceClassName) ?? 0, devicesOf(each)));
      for (const [name, count] of most) add(usage, `${name}${ofDeviceClass}`, `${count}`);
    }
    return usage;
  },
};

/** Counted under their own names since before there was `count/…`. */
const plainNames = new Set(["replicationcontrollers", "resourcequotas", "secrets", "configmaps"]);

const special: Record<string, Evaluator> = {
  pods,
  services,
  persistentvolumeclaims: claims,
  "resourceclaims.resource.k8s.io": deviceClaims,
};

/** How objects of a resource are counted, by its id; all but a few by their number alone (`count/deployments.apps`). */
export function evaluatorOf(id: string): Evaluator {
  if (Object.hasOwn(special, id)) return special[id]!;
  const names = plainNames.has(id) ? [`count/${id}`, id] : [`count/${id}`];
  return {
    counts: { create: true, update: false },
    covers: (name) => names.includes(name),
    usage: () => Object.fromEntries(names.map((name) => [name, "1"])),
  };
}

/** The id of the resource whose objects a quota's resource name is about. */
export function resourceOfName(name: string): string {
  if (name.startsWith("count/")) return name.slice("count/".length);
  if (plainNames.has(name)) return name;
  return Object.keys(special).find((id) => special[id]!.covers(name)) ?? "pods";
}

function scopesOf({ spec }: KubeObject): ScopeRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName: string) => ({ scopeName, operator: "Exists" }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether the quota's scopes let it count the object. */
export function isInScope(quota: KubeObject, { inScope }: Evaluator, object: KubeObject): boolean {
  return scopesOf(quota).every((each) => inScope?.(object, each) ?? false);
}

/** What these objects use of a quota together: an amount for each name of `spec.hard` that is about them. */
export function usageOf(quota: KubeObject, id: string, objects: Iterable<KubeObject>, now: number): Amounts {
  const evaluator = evaluatorOf(id);
  const names = Object.keys(quota.spec?.hard ?? {}).filter((name) => evaluator.covers(name));
  const used: Amounts = Object.fromEntries(names.map((name) => [name, "0"]));
  for (const object of objects) {
    if (!isInScope(quota, evaluator, object)) continue;
    const usage = evaluator.usage(object, now);
    for (const name of names) if (usage[name] !== undefined) add(used, name, usage[name]);
  }
  return used;
}
