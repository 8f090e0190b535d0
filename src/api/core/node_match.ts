// Which nodes a pod may be on: taints with tolerations, and node selectors. Shared by all who decide about it.

import type { KubeObject } from "../machinery/object.ts";
import { selectsMap } from "../machinery/selector.ts";

export interface Taint {
  key: string;
  value?: string;
  effect: string;
  timeAdded?: string;
}

export interface TolerationLike {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

interface NodeRequirement {
  key: string;
  operator: string;
  values?: string[];
}

export interface NodeSelectorTerm {
  matchExpressions?: NodeRequirement[];
  matchFields?: NodeRequirement[];
}

/** Whether a toleration covers a taint (API reference, Toleration). */
export function toleratesTaint({ key, operator, value, effect }: TolerationLike, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === "Exists") return true;
  if (operator === "Lt" || operator === "Gt") return comparesWell(operator, value, taint.value);
  return Boolean(key) && (value ?? "") === (taint.value ?? "");
}

/** Numeric tolerations: the taint's value is less or greater than the toleration's (KEP-5471). */
function comparesWell(operator: "Lt" | "Gt", value = "", taintValue = ""): boolean {
  if (!/^-?\d+$/.test(value) || !/^-?\d+$/.test(taintValue)) return false;
  return operator === "Lt" ? BigInt(taintValue) < BigInt(value) : BigInt(taintValue) > BigInt(value);
}

/** Whether one of the tolerations covers the taint. */
export function tolerates(tolerations: readonly TolerationLike[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((each) => toleratesTaint(each, taint));
}

function meets({ operator, values = [] }: NodeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      const [now, limit] = [BigInt(value), BigInt(values[0] ?? "0")];
      return operator === "Gt" ? now > limit : now < limit;
    }
    default:
      return false;
  }
}

/** Whether a node matches a term: all of its requirements; a term without any matches nothing. */
export function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: KubeObject): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => meets(each, node.metadata.labels?.[each.key])) &&
    matchFields.every((each) => each.key === "metadata.name" && meets(each, node.metadata.name))
  );
}

/** The terms of which a node must match one; undefined if the pod does not ask. */
export function requiredNodeTerms(spec: any): NodeSelectorTerm[] | undefined {
  return spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** Whether a pod's node selector and required node affinity allow a node. */
export function selectsNode(spec: any, node: KubeObject): boolean {
  if (!selectsMap(spec.nodeSelector, node.metadata.labels)) return false;
  const terms = requiredNodeTerms(spec);
  return !terms || terms.some((term) => matchesTerm(term, node));
}
