// The order of API groups and versions, as the real server's aggregator has it.

import type { Resource } from "../../api/machinery/resource.ts";

/** Kubernetes' own groups in the order in which they are listed. Others follow by name. */
const groupOrder = [
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
];

export interface GroupVersions {
  group: string;
  /** The preferred one first. */
  versions: string[];
}

/** Whether a group is Kubernetes' own: a custom resource's never is. */
export function isBuiltinGroup(group: string): boolean {
  return group === "" || groupOrder.includes(group);
}

/** Kubernetes' order of versions: v2 before v1 before v1beta2 before v1alpha1; other names last, by alphabet. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  return right.stage - left.stage || right.major - left.major || right.minor - left.minor;
}

function parseVersion(version: string): { major: number; stage: number; minor: number } | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (!match) return undefined;
  const stage = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return { major: Number(match[1]), stage, minor: Number(match[3] ?? 0) };
}

/** The groups of these resources but the core one, in order, with their versions. */
export function groupsOf(resources: readonly Resource[]): GroupVersions[] {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of resources) {
    if (group !== "") versions.set(group, (versions.get(group) ?? new Set()).add(version));
  }
  const rank = (group: string): number => (groupOrder.includes(group) ? groupOrder.indexOf(group) : groupOrder.length);
  const names = [...versions.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return names.map((group) => ({ group, versions: [...versions.get(group)!].sort(compareVersions) }));
}
