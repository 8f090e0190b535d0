import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import { coveredBy, missingRights, type PolicyRule } from "../auth/rules.ts";
import { autoupdate } from "./default_rbac.ts";
import { autoupdateSpec } from "./flow_control.ts";

/**
 * What one of the default roles or bindings should be, from what it is: labels and annotations, rules and subjects that it
 * lacks are added, and nothing is taken away. Undefined if it is right or its owner has switched that off (RBAC,
 * "Auto-reconciliation"). Pure.
 */
export function completeRbac(present: KubeObject, wanted: KubeObject): KubeObject | undefined {
  if ((present.metadata.annotations?.[autoupdate] ?? "true") !== "true") return undefined;
  const next: KubeObject = { ...present, metadata: { ...present.metadata } };
  next.metadata.labels = { ...wanted.metadata.labels, ...present.metadata.labels };
  next.metadata.annotations = { ...wanted.metadata.annotations, ...present.metadata.annotations };
  if (wanted.rules) next.rules = withMissingRules(present.rules ?? [], wanted.rules);
  if (wanted.subjects) next.subjects = withMissingSubjects(present.subjects ?? [], wanted.subjects);
  return sameJson(next, present) ? undefined : next;
}

function withMissingRules(present: PolicyRule[], wanted: PolicyRule[]): PolicyRule[] {
  if (coveredBy(present, wanted)) return present;
  return [...present, ...missingRights(present, wanted)];
}

function withMissingSubjects(present: any[], wanted: any[]): any[] {
  const same = (a: any, b: any) =>
    a.kind === b.kind && a.name === b.name && (a.namespace ?? "") === (b.namespace ?? "");
  const missing = wanted.filter((subject) => !present.some((each) => same(each, subject)));
  return missing.length === 0 ? present : [...present, ...missing];
}

/**
 * What a default flow schema or priority level should be: the server's own spec, unless its owner has taken it over by the
 * annotation `apf.kubernetes.io/autoupdate-spec: "false"`. Undefined if it is right. Pure.
 */
export function completeFlowControl(present: KubeObject, wanted: KubeObject): KubeObject | undefined {
  const own = present.metadata.annotations?.[autoupdateSpec];
  // Without the annotation the first generation counts as nobody's.
  const ours = own === undefined ? (present.metadata.generation ?? 1) === 1 : own === "true";
  if (!ours) return undefined;
  const annotations = { ...present.metadata.annotations, [autoupdateSpec]: "true" };
  const next = { ...present, metadata: { ...present.metadata, annotations }, spec: wanted.spec };
  return sameJson(next, present) ? undefined : next;
}
