// Which APIService objects there should be for what this server itself serves: pure plans.

import type { Definition } from "../../api/apiextensions/types.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { sameJson } from "../../base/equal.ts";
import { isBuiltinGroup } from "../discovery/groups.ts";

/** An APIService (apiregistration.k8s.io/v1). */
export interface ApiService extends KubeObject {
  spec: {
    group?: string;
    version: string;
    service?: { namespace: string; name: string; port?: number };
    caBundle?: string;
    insecureSkipTLSVerify?: boolean;
    groupPriorityMinimum: number;
    versionPriority: number;
  };
  status?: { conditions?: ApiServiceCondition[] };
}

export interface ApiServiceCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

/** Whose objects the server keeps: `onstart` those of its own groups, `true` those of custom resources. */
export const managedLabel = "kube-aggregator.kubernetes.io/automanaged";

/** Groups by priority, as discovery lists them; versions that don't have the usual 15. */
const groupPriorities: Record<string, number> = {
  "": 18000,
  apps: 17800,
  "events.k8s.io": 17750,
  "authentication.k8s.io": 17700,
  "authorization.k8s.io": 17600,
  autoscaling: 17500,
  batch: 17400,
  "certificates.k8s.io": 17300,
  "networking.k8s.io": 17200,
  policy: 17100,
  "rbac.authorization.k8s.io": 17000,
  "storage.k8s.io": 16800,
  "apiextensions.k8s.io": 16700,
  "admissionregistration.k8s.io": 16700,
  "scheduling.k8s.io": 16600,
  "coordination.k8s.io": 16500,
  "node.k8s.io": 16300,
  "discovery.k8s.io": 16200,
  "resource.k8s.io": 16200,
  "flowcontrol.apiserver.k8s.io": 16100,
};
const versionPriorities: Record<string, number> = {
  "/v1": 1,
  "autoscaling/v2": 30,
  "flowcontrol.apiserver.k8s.io/v1": 21,
  "resource.k8s.io/v1": 21,
};

interface GroupVersion {
  group: string;
  version: string;
  custom: boolean;
}

/**
 * The objects for the server's own resources and for established definitions, by name. The aggregator's own group has none.
 *
 * Definitions, and not what is served at this moment: of them all servers of a store have the same view at the same
 * revision, or they would undo each other's work.
 */
export function wantedApiServices(
  resources: readonly Resource[],
  definitions: Iterable<Definition>,
): Map<string, ApiService> {
  const wanted = new Map<string, ApiService>();
  const all: GroupVersion[] = resources
    .filter((each) => !each.custom && each.group !== "apiregistration.k8s.io")
    .map(({ group, version }) => ({ group, version, custom: false }));
  for (const { spec, status } of definitions) {
    const established = status?.conditions?.some((each) => each.type === "Established" && each.status === "True");
    if (!established || isBuiltinGroup(spec.group)) continue;
    for (const { name, served } of spec.versions)
      if (served) all.push({ group: spec.group, version: name, custom: true });
  }
  for (const { group, version, custom } of all) {
    const name = `${version}.${group}`;
    if (wanted.has(name)) continue;
    const spec: ApiService["spec"] = custom
      ? { group, version, groupPriorityMinimum: 1000, versionPriority: 100 }
      : {
          ...(group ? { group } : {}),
          version,
          groupPriorityMinimum: groupPriorities[group] ?? 15000,
          versionPriority: versionPriorities[`${group}/${version}`] ?? 15,
        };
    const labels = { [managedLabel]: custom ? "true" : "onstart" };
    wanted.set(name, {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name, labels } as Partial<ApiService["metadata"]> as ApiService["metadata"],
      spec,
    });
  }
  return wanted;
}

export type ApiServiceStep =
  | { kind: "create"; object: ApiService }
  | { kind: "reset"; object: ApiService }
  | { kind: "remove"; name: string };

/**
 * What brings the server's own APIServices in line. Those of its own groups only when it starts (`starting`): whoever
 * changes or removes one later means it. Objects without the label are somebody else's.
 */
export function planApiServices(
  wanted: ReadonlyMap<string, ApiService>,
  present: Iterable<ApiService>,
  starting: boolean,
): ApiServiceStep[] {
  const steps: ApiServiceStep[] = [];
  const known = new Map([...present].map((object) => [object.metadata.name, object]));
  for (const [name, object] of wanted) {
    const mode = object.metadata.labels![managedLabel];
    if (mode === "onstart" && !starting) continue;
    const before = known.get(name);
    if (!before) steps.push({ kind: "create", object });
    else if (before.metadata.labels?.[managedLabel] === mode && !sameJson(before.spec, object.spec))
      steps.push({ kind: "reset", object });
  }
  for (const [name, { metadata }] of known)
    if (metadata.labels?.[managedLabel] === "true" && !wanted.has(name)) steps.push({ kind: "remove", name });
  return steps;
}

/** The conditions with this one; undefined if it was there already. */
export function withAvailability(
  { status }: ApiService,
  condition: Omit<ApiServiceCondition, "type" | "lastTransitionTime">,
  now: number,
): ApiServiceCondition[] | undefined {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === "Available");
  if (
    before &&
    before.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message
  )
    return undefined;
  const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : formatTime(now);
  const { status: value, reason, message } = condition;
  const next: ApiServiceCondition = { type: "Available", status: value, lastTransitionTime, reason, message };
  return before ? conditions.map((each) => (each === before ? next : each)) : [...conditions, next];
}

/** What a local APIService always is. */
export const localCondition = {
  status: "True",
  reason: "Local",
  message: "Local APIServices are always available",
} as const;

/** Whether an APIService's server can be asked. */
export function isAvailable({ status }: ApiService): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Available" && value === "True") ?? false;
}
