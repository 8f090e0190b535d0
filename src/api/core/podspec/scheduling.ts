// Where pods may and would like to run: selectors of nodes, affinity, tolerations, spreading.

import { duplicate, type FieldPath, forbiddenField, invalid, notSupported, required } from "../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from "../../machinery/names.ts";
import { addInvalid, checkJoined, checkLabelSelector, type Errors } from "../../parts/checks.ts";
import type { Toleration } from "./types.ts";

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** One requirement of a node selector; more operators than label selectors have. Where it must hold, values are labels'. */
function checkNodeRequirement(
  errors: Errors,
  { key, operator, values }: any,
  mustHold: boolean,
  path: FieldPath,
): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (!values?.length) {
        errors.push(required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (values?.length) {
        const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(path.child("values"), why));
      }
      break;
    case "Gt":
    case "Lt":
      if (values?.length !== 1) {
        errors.push(required(path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalid(path.child("operator"), operator ?? "", "not a valid selector operator"));
  }
  addInvalid(errors, () => path.child("key"), key ?? "", qualifiedName(key ?? ""));
  if (!mustHold) return;
  for (const [index, value] of (values ?? []).entries()) {
    addInvalid(errors, () => path.child("values").index(index), value, labelValue(value));
  }
}

function checkNodeField(errors: Errors, { key, operator, values }: any, path: FieldPath): void {
  if (operator === "In" || operator === "NotIn") {
    if (values?.length !== 1) {
      const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(required(path.child("values"), why));
    }
  } else {
    errors.push(invalid(path.child("operator"), operator ?? "", "not a valid selector operator"));
  }
  if (key !== "metadata.name") {
    errors.push(invalid(path.child("key"), key ?? "", "not a valid field selector key"));
    return;
  }
  for (const [index, value] of (values ?? []).entries()) {
    addInvalid(errors, () => path.child("values").index(index), value, dns1123Subdomain(value));
  }
}

function checkNodeSelectorTerm(errors: Errors, term: any, mustHold: boolean, path: FieldPath): void {
  for (const [index, each] of (term?.matchExpressions ?? []).entries()) {
    checkNodeRequirement(errors, each, mustHold, path.child("matchExpressions").index(index));
  }
  for (const [index, each] of (term?.matchFields ?? []).entries()) {
    checkNodeField(errors, each, path.child("matchFields").index(index));
  }
}

/** A node selector, of pods or of volumes. */
export function checkNodeSelector(errors: Errors, selector: any, path: FieldPath): void {
  const terms = selector.nodeSelectorTerms ?? [];
  const at = path.child("nodeSelectorTerms");
  if (terms.length === 0) errors.push(required(at, "must have at least one node selector term"));
  for (const [index, term] of terms.entries()) checkNodeSelectorTerm(errors, term, true, at.index(index));
}

function checkWeight(errors: Errors, weight: number | undefined, path: FieldPath): void {
  if (!weight || weight < 1 || weight > 100) {
    errors.push(invalid(path.child("weight"), weight ?? 0, "must be in the range 1-100"));
  }
}

const hard = "requiredDuringSchedulingIgnoredDuringExecution";
const soft = "preferredDuringSchedulingIgnoredDuringExecution";

function checkNodeAffinity(errors: Errors, affinity: any, path: FieldPath): void {
  if (affinity[hard]) checkNodeSelector(errors, affinity[hard], path.child(hard));
  for (const [index, { weight, preference }] of (affinity[soft] ?? []).entries()) {
    const at = path.child(soft).index(index);
    checkWeight(errors, weight, at);
    checkNodeSelectorTerm(errors, preference, false, at.child("preference"));
  }
}

/**
 * Keys that the selector has of its own as well. The one requirement for a key that is there by then may be the one that
 * stands for the key itself (see `applyLabelKeys`).
 */
function checkKeysNotSelected(errors: Errors, keys: string[], selector: any, path: FieldPath): void {
  const seen = new Set(Object.keys(selector.matchLabels ?? {}));
  for (const { key } of selector.matchExpressions ?? []) {
    const index = keys.lastIndexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.push(invalid(path.index(index), key, "exists in both matchLabelKeys and labelSelector"));
    }
    seen.add(key);
  }
}

/** `matchLabelKeys` and `mismatchLabelKeys` are merged into the selector, so they need one (KEP-3633). */
function checkLabelKeys(errors: Errors, term: any, path: FieldPath): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  for (const list of ["matchLabelKeys", "mismatchLabelKeys"] as const) {
    const keys: string[] = term[list] ?? [];
    const at = path.child(list);
    if (keys.length === 0) continue;
    if (!labelSelector) {
      errors.push(forbiddenField(at, "must not be specified when labelSelector is not set"));
      continue;
    }
    for (const [index, key] of keys.entries()) addInvalid(errors, () => at.index(index), key, qualifiedName(key));
  }
  // The real server leaves the list out of this path.
  if (labelSelector) checkKeysNotSelected(errors, matchLabelKeys, labelSelector, path);
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue;
    const at = path.child("matchLabelKeys").index(index);
    errors.push(invalid(at, key, "exists in both matchLabelKeys and mismatchLabelKeys"));
  }
}

function checkTopologyKey(errors: Errors, key: string | undefined, path: FieldPath): void {
  if (!key) errors.push(required(path, "can not be empty"));
  addInvalid(errors, () => path, key ?? "", qualifiedName(key ?? ""));
}

function checkPodAffinityTerm(errors: Errors, term: any, path: FieldPath): void {
  checkLabelSelector(errors, term.labelSelector, path.child("labelSelector"));
  checkLabelSelector(errors, term.namespaceSelector, path.child("namespaceSelector"));
  for (const name of term.namespaces ?? []) {
    addInvalid(errors, () => path.child("namespace"), name, dns1123Label(name));
  }
  checkLabelKeys(errors, term, path);
  checkTopologyKey(errors, term.topologyKey, path.child("topologyKey"));
}

function checkPodAffinity(errors: Errors, affinity: any, path: FieldPath): void {
  for (const [index, term] of (affinity[hard] ?? []).entries()) {
    checkPodAffinityTerm(errors, term, path.child(hard).index(index));
  }
  for (const [index, { weight, podAffinityTerm }] of (affinity[soft] ?? []).entries()) {
    const at = path.child(soft).index(index);
    checkWeight(errors, weight, at);
    checkPodAffinityTerm(errors, podAffinityTerm ?? {}, at.child("podAffinityTerm"));
  }
}

/** `affinity` of a pod. */
export function checkAffinity(errors: Errors, affinity: any, path: FieldPath): void {
  if (!affinity) return;
  if (affinity.nodeAffinity) checkNodeAffinity(errors, affinity.nodeAffinity, path.child("nodeAffinity"));
  if (affinity.podAffinity) checkPodAffinity(errors, affinity.podAffinity, path.child("podAffinity"));
  if (affinity.podAntiAffinity) checkPodAffinity(errors, affinity.podAntiAffinity, path.child("podAntiAffinity"));
}

function checkTolerationOperator(errors: Errors, { operator, value }: Toleration, path: FieldPath): void {
  switch (operator ?? "") {
    case "":
    case "Equal":
      checkJoined(errors, () => path.child("operator"), value ?? "", labelValue(value ?? ""));
      break;
    case "Exists":
      if (value) errors.push(invalid(path.child("operator"), value, "value must be empty when `operator` is 'Exists'"));
      break;
    case "Lt":
    case "Gt":
      // Behind a gate that is off (KEP-5471); the real server's list names them only when one of them was asked for.
      errors.push(notSupported(path.child("operator"), operator, ["Equal", "Exists", "Lt", "Gt"]));
      break;
    default:
      errors.push(notSupported(path.child("operator"), operator, ["Equal", "Exists"]));
  }
}

/** A list of tolerations, of pods and of runtime classes. */
export function checkTolerations(
  errors: Errors,
  tolerations: readonly Toleration[] | undefined,
  path: FieldPath,
): void {
  if (!tolerations) return;
  for (const [index, toleration] of tolerations.entries()) {
    const at = path.index(index);
    const { key, operator, effect, tolerationSeconds } = toleration;
    if (key) addInvalid(errors, () => at.child("key"), key, qualifiedName(key));
    if (!key && operator !== "Exists") {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(at.child("operator"), operator ?? "", why));
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      errors.push(
        invalid(at.child("effect"), effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    }
    checkTolerationOperator(errors, toleration, at);
    if (effect && !taintEffects.includes(effect)) {
      errors.push(notSupported(at.child("effect"), effect, taintEffects));
    }
  }
}

/** The real server leaves the list out of the path of a key that is selected by twice, here as well. */
function checkSpreadKeys(errors: Errors, constraint: any, path: FieldPath): void {
  const keys: string[] = constraint.matchLabelKeys ?? [];
  if (keys.length === 0) return;
  const at = path.child("matchLabelKeys");
  if (!constraint.labelSelector) {
    errors.push(forbiddenField(at, "must not be specified when labelSelector is not set"));
    return;
  }
  for (const [index, key] of keys.entries()) addInvalid(errors, () => at.index(index), key, qualifiedName(key));
  checkKeysNotSelected(errors, keys, constraint.labelSelector, path);
}

/** `topologySpreadConstraints` of a pod. */
export function checkTopologySpread(errors: Errors, constraints: any[] | undefined, path: FieldPath): void {
  for (const [index, constraint] of (constraints ?? []).entries()) {
    const at = path.index(index);
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    if (!(maxSkew > 0)) errors.push(invalid(at.child("maxSkew"), maxSkew ?? 0, "must be greater than zero"));
    if (!topologyKey) errors.push(required(at.child("topologyKey"), "can not be empty"));
    const actions = ["DoNotSchedule", "ScheduleAnyway"];
    if (!actions.includes(whenUnsatisfiable)) {
      errors.push(notSupported(at.child("whenUnsatisfiable"), whenUnsatisfiable ?? "", actions));
    }
    const isSame = (other: any) =>
      (other.topologyKey ?? "") === (topologyKey ?? "") && other.whenUnsatisfiable === whenUnsatisfiable;
    if (constraints!.slice(index + 1).some(isSame)) {
      const pair = `{${topologyKey ?? ""}, ${whenUnsatisfiable ?? ""}}`;
      errors.push(duplicate(at.child("{topologyKey, whenUnsatisfiable}"), pair));
    }
    checkMinDomains(errors, minDomains, whenUnsatisfiable, at.child("minDomains"));
    for (const policy of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const value = constraint[policy];
      if (value !== undefined && value !== "Honor" && value !== "Ignore") {
        errors.push(notSupported(at.child(policy), value, ["Honor", "Ignore"]));
      }
    }
    checkSpreadKeys(errors, constraint, at);
    checkLabelSelector(errors, constraint.labelSelector, at.child("labelSelector"));
  }
}

function checkMinDomains(errors: Errors, minDomains: number | undefined, action: string, path: FieldPath): void {
  if (minDomains === undefined) return;
  if (minDomains <= 0) errors.push(invalid(path, minDomains, "must be greater than zero"));
  if (action !== "DoNotSchedule") {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action ?? ""}`;
    errors.push(invalid(path, minDomains, why));
  }
}

/** Gates that keep a pod from being scheduled (KEP-3521). */
export function checkSchedulingGates(errors: Errors, gates: { name: string }[] | undefined, path: FieldPath): void {
  const seen = new Set<string>();
  for (const [index, { name }] of (gates ?? []).entries()) {
    addInvalid(errors, () => path.index(index), name ?? "", qualifiedName(name ?? ""));
    if (seen.has(name)) errors.push(duplicate(path.index(index), name));
    seen.add(name);
  }
}

/**
 * The pod's own labels become part of the selectors of its affinity and spreading: `matchLabelKeys` as `In`,
 * `mismatchLabelKeys` as `NotIn`. Changes the spec; done once, when a pod is created (KEP-3633, KEP-3243).
 */
export function applyLabelKeys(spec: any, labels: Record<string, string> = {}): void {
  const merge = (term: any) => {
    if (!term?.labelSelector) return;
    const add = (keys: string[] | undefined, operator: string) => {
      for (const key of keys ?? []) {
        if (!Object.hasOwn(labels, key)) continue;
        term.labelSelector.matchExpressions ??= [];
        term.labelSelector.matchExpressions.push({ key, operator, values: [labels[key]] });
      }
    };
    add(term.matchLabelKeys, "In");
    add(term.mismatchLabelKeys, "NotIn");
  };
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    for (const term of spec.affinity?.[kind]?.[hard] ?? []) merge(term);
    for (const each of spec.affinity?.[kind]?.[soft] ?? []) merge(each.podAffinityTerm);
  }
  for (const constraint of spec.topologySpreadConstraints ?? []) merge(constraint);
}
