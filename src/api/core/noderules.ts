// What can be wrong with a node, in the order in which the real server looks at it.

import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { parseCidr } from "../machinery/ip.ts";
import { parseJson } from "../machinery/json.ts";
import { cidr, labelValue, qualifiedName, subdomainLengthMax } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { annotatedList } from "../parts/annotated.ts";
import { addInvalid, checkJoined, type Errors } from "../parts/checks.ts";
import { checkResourceAmount } from "../parts/resourcenames.ts";

export type Node = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const statusPath = new FieldPath("status");
const metadataPath = new FieldPath("metadata");
const avoidKey = "scheduler.alpha.kubernetes.io/preferAvoidPods";
const oldTaintsKey = "scheduler.alpha.kubernetes.io/taints";
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Which pods a node would rather not have, as JSON in an annotation. */
function checkAvoided(errors: Errors, { metadata }: Node): void {
  const text = metadata.annotations?.[avoidKey];
  if (!text) return;
  const path = metadataPath.child("annotations");
  let avoided: any;
  try {
    avoided = parseJson(text);
  } catch (error) {
    errors.push(invalid(path.child("AvoidPods"), avoidKey, (error as Error).message));
    return;
  }
  const entries: any[] = Array.isArray(avoided?.preferAvoidPods) ? avoided.preferAvoidPods : [];
  for (const [index, each] of entries.entries()) {
    const at = path.child(avoidKey).index(index).child("PodSignature");
    const controller = each?.podSignature?.podController;
    if (!controller) errors.push(required(at));
    else if (!controller.controller) {
      errors.push(invalid(at.child("PodController", "Controller"), false, "must point to a controller"));
    }
  }
}

/** Not `spec.taints`: so it stands in the real server's messages. */
const taintsPath = metadataPath.child("taints");

function checkTaints(errors: Errors, taints: any[] | undefined, path = taintsPath): void {
  const seen = new Set<string>();
  for (const [index, { key = "", value = "", effect = "", timeAdded = null }] of (taints ?? []).entries()) {
    const at = path.index(index);
    addInvalid(errors, () => at.child("key"), key, qualifiedName(key));
    checkJoined(errors, () => at.child("value"), value, labelValue(value));
    if (effect === "") errors.push(required(at.child("effect")));
    else if (!effects.includes(effect)) errors.push(notSupported(at.child("effect"), effect, effects));
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) {
      // The real server prints its own struct here.
      const error = duplicate(at, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded });
      errors.push({ ...error, body: `${error.body}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
  }
}

/** Taints as they were written before there was a field for them. */
function checkOldTaints(errors: Errors, { metadata }: Node): void {
  const text = metadata.annotations?.[oldTaintsKey];
  if (!text) return;
  const path = metadataPath.child("annotations");
  try {
    checkTaints(errors, annotatedList(text, "core.Taint"), path.child(oldTaintsKey));
  } catch (error) {
    errors.push(invalid(path, oldTaintsKey, (error as Error).message));
  }
}

function checkAmounts(errors: Errors, { status }: Node): void {
  for (const list of ["capacity", "allocatable"] as const) {
    for (const [name, amount] of Object.entries<string>(status?.[list] ?? {})) {
      checkResourceAmount(errors, name, amount, () => statusPath.child(list, name));
    }
  }
}

const featurePattern = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
const featureRule =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";

/** Names of what a node's kubelet can do (KEP-5328): sorted, each once. */
function checkFeatures(errors: Errors, features: string[] | undefined): void {
  const path = statusPath.child("declaredFeatures");
  for (const [index, name] of (features ?? []).entries()) {
    const tooLong = name.length > subdomainLengthMax ? `must be no more than ${subdomainLengthMax} characters` : "";
    const why = tooLong || (featurePattern.test(name) ? "" : featureRule);
    if (why) errors.push(invalid(path.index(index), name, `invalid feature name ${JSON.stringify(name)}: ${why}`));
    const next = features![index + 1];
    if (next === name) errors.push(duplicate(path.index(index + 1), next));
    else if (next !== undefined && name > next) {
      errors.push(invalid(path.index(index + 1), next, "list must be sorted alphabetically"));
    }
  }
}

function checkSwap(errors: Errors, { status }: Node): void {
  const capacity: number | undefined = status?.nodeInfo?.swap?.capacity;
  if (capacity === undefined || capacity > 0) return;
  errors.push(invalid(metadataPath.child("nodeSwapStatus", "capacity"), capacity, "must be greater than zero"));
}

function checkPodRanges(errors: Errors, ranges: string[] | undefined): void {
  if (!ranges?.length) return;
  const path = specPath.child("podCIDRs");
  for (const [index, range] of ranges.entries()) addInvalid(errors, () => path.index(index), range, cidr(range));
  if (ranges.length < 2) return;
  const unreadable = ranges.findIndex((range) => !parseCidr(range));
  if (unreadable >= 0) {
    const why = `invalid CIDR[${unreadable}]: <nil> (invalid CIDR address: ${ranges[unreadable]})`;
    const body = `Internal error: invalid PodCIDRs. failed to check with dual stack with error:${why}`;
    errors.push({ type: "InternalError", field: `${path}`, body });
  }
  const families = new Set(ranges.map((range) => range.includes(":")));
  if (unreadable >= 0 || ranges.length > 2 || families.size < 2) {
    errors.push(invalid(path, ranges, "may specify no more than one CIDR for each IP family"));
  }
}

/** What is wrong with the node itself. */
export function validateNode(node: Node): FieldError[] {
  const errors: FieldError[] = [];
  checkOldTaints(errors, node);
  checkAvoided(errors, node);
  checkTaints(errors, node.spec.taints);
  checkAmounts(errors, node);
  checkSwap(errors, node);
  checkFeatures(errors, node.status?.declaredFeatures);
  checkPodRanges(errors, node.spec.podCIDRs);
  return errors;
}

function checkAddresses(errors: Errors, { status }: Node): void {
  const seen = new Set<string>();
  for (const [index, { type = "", address = "" }] of (status?.addresses ?? []).entries()) {
    const key = `${type}/${address}`;
    const at = () => statusPath.child("addresses").index(index);
    if (seen.has(key)) errors.push(duplicate(at(), { Type: type, Address: address }));
    seen.add(key);
  }
}

/** What a node is given once stays. */
function checkGiven(errors: Errors, now: any, before: any): void {
  const [ranges, old]: string[][] = [now.podCIDRs ?? [], before.podCIDRs ?? []];
  const why = 'node updates may not change podCIDR except from "" to valid';
  const changes = ranges!.length === old!.length ? old!.filter((range, index) => range !== ranges![index]).length : 1;
  if (old!.length > 0) {
    for (let count = 0; count < changes; count++) errors.push(forbiddenField(specPath.child("podCIDRs"), why));
  }
  if (before.providerID && now.providerID !== before.providerID) {
    const reason = 'node updates may not change providerID except from "" to valid';
    errors.push(forbiddenField(specPath.child("providerID"), reason));
  }
}

/** What is wrong with a change. What can be wrong with the node itself is said again. */
export function validateNodeUpdate(next: Node, previous: Node): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [next.spec, previous.spec];
  checkOldTaints(errors, next);
  checkAvoided(errors, next);
  checkAmounts(errors, next);
  checkFeatures(errors, next.status?.declaredFeatures);
  checkAddresses(errors, next);
  checkGiven(errors, now, before);
  checkTaints(errors, now.taints);
  if ((now.externalID ?? "") !== (before.externalID ?? "")) {
    errors.push(forbiddenField(specPath.child("externalID"), "may not be updated"));
  }
  return errors;
}
