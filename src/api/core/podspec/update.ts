// What may change in a pod that exists: hardly anything, as the kubelet has acted on it already.

import { type FieldPath, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { inRange } from "../../machinery/names.ts";
import { addInvalid, type Errors, sameValue } from "../../parts/checks.ts";
import { jsonDiff } from "../../parts/diff.ts";
import { checkImageTrimmed } from "./containers.ts";
import { ephemeralContainerShape, goPodSpec, goValue, nodeSelectorTermShape } from "./goshape.ts";
import { checkTolerations as checkTolerationList } from "./scheduling.ts";
import type { Container, Pod, PodSpec, Toleration } from "./types.ts";

const int32Max = 2147483647;

const updatableFields = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

function checkImages(errors: Errors, next: Container[] = [], previous: Container[] = [], path: FieldPath): boolean {
  if (next.length !== previous.length) {
    errors.push(forbiddenField(path, "pod updates may not add or remove containers"));
    return false;
  }
  for (const [index, container] of next.entries()) {
    if (!container.image) errors.push(required(path.index(index).child("image")));
    checkImageTrimmed(errors, container, path.index(index));
  }
  return true;
}

function checkDeadline(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): boolean {
  const [now, before] = [next.activeDeadlineSeconds, previous.activeDeadlineSeconds];
  if (now === undefined || now === null) {
    if (before === undefined || before === null) return true;
    errors.push(invalid(path, null, "must not update from a positive integer to nil value"));
    return true;
  }
  const range = inRange(now, 0, int32Max);
  addInvalid(errors, () => path, now, range);
  if (range.length === 0 && before !== undefined && before < now) {
    errors.push(invalid(path, now, "must be less than or equal to previous value"));
    return false;
  }
  return range.length === 0;
}

/** A toleration without how long it lasts, which alone may change. */
const lasting = ({ tolerationSeconds: _, ...rest }: Toleration): Toleration => rest;

function checkTolerations(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): void {
  for (const old of previous.tolerations ?? []) {
    if (next.tolerations?.some((each) => sameValue(lasting(each), lasting(old)))) continue;
    errors.push(forbiddenField(path, "existing toleration can not be modified except its tolerationSeconds"));
    return;
  }
  // The real server looks at them twice, and says twice what is wrong with them.
  checkTolerationList(errors, next.tolerations, path);
}

function checkGates(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): void {
  const known = new Set((previous.schedulingGates ?? []).map(({ name }) => name));
  for (const [index, { name }] of (next.schedulingGates ?? []).entries()) {
    if (known.has(name)) continue;
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbiddenField(path.index(index).child("name"), why));
  }
}

const withImagesOf = (containers: Container[] | undefined, others: Container[] | undefined) =>
  containers?.map((container, index) => ({ ...container, image: others?.[index]?.image }));

/** While a pod is gated, where it may run can be narrowed (KEP-3838). */
function narrowed(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): Partial<PodSpec> {
  if (!previous.schedulingGates?.length) return {};
  const selector = next.nodeSelector ?? {};
  for (const [key, value] of Object.entries(previous.nodeSelector ?? {})) {
    if (selector[key] === value) continue;
    const why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    errors.push(invalid(path.child("nodeSelector"), selector, why));
    break;
  }
  const affinity = narrowedAffinity(errors, next, previous, path.child("affinity", "nodeAffinity"));
  return { nodeSelector: previous.nodeSelector, ...affinity };
}

const hard = "requiredDuringSchedulingIgnoredDuringExecution";

/** A term keeps the requirements that it has, in their order; a term without any cannot get some. */
function isNarrower(now: any, before: any): boolean {
  const isEmpty = (term: any) => !term.matchExpressions?.length && !term.matchFields?.length;
  if (isEmpty(before)) return isEmpty(now);
  return ["matchExpressions", "matchFields"].every((list) => {
    const kept: unknown[] = before[list] ?? [];
    return sameValue((now[list] ?? []).slice(0, kept.length), kept);
  });
}

function checkTerms(errors: Errors, terms: any[], oldTerms: any[], path: FieldPath): void {
  if (oldTerms.length > 0 && terms.length !== oldTerms.length) {
    const why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
    errors.push(invalid(path, goValue(terms, nodeSelectorTermShape), why));
    return;
  }
  for (const [index, old] of oldTerms.entries()) {
    if (isNarrower(terms[index], old)) continue;
    const why = "only additions are allowed (no mutations or deletions)";
    errors.push(invalid(path.index(index), goValue(terms[index], nodeSelectorTermShape), why));
  }
}

/** Terms of a required node affinity may get more requirements. */
function narrowedAffinity(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): Partial<PodSpec> {
  const [now, before] = [next.affinity?.nodeAffinity, previous.affinity?.nodeAffinity];
  if (sameValue(now, before)) return {};
  const terms = ({ [hard]: list }: any = {}) => list?.nodeSelectorTerms ?? [];
  if (before?.[hard]) checkTerms(errors, terms(now), terms(before), path.child(hard, "nodeSelectorTerms"));
  const { nodeAffinity: _, ...others } = next.affinity ?? {};
  if (!previous.affinity && Object.keys(others).length === 0) return { affinity: undefined };
  return { affinity: { ...others, nodeAffinity: before } };
}

/** Checks a change of a pod's spec; what is wrong with the new spec itself is checked apart. */
export function checkPodUpdate(errors: Errors, next: Pod, previous: Pod, path: FieldPath): void {
  const [spec, old] = [next.spec, previous.spec];
  if (!checkImages(errors, spec.containers, old.containers, path.child("containers"))) return;
  if (!checkImages(errors, spec.initContainers, old.initContainers, path.child("initContainers"))) return;
  if (!checkDeadline(errors, spec, old, path.child("activeDeadlineSeconds"))) return;
  checkTolerations(errors, spec, old, path.child("tolerations"));
  checkGates(errors, spec, old, path.child("schedulingGates"));
  if (spec === old || sameValue(spec, old)) return;
  const oldGrace = old.terminationGracePeriodSeconds;
  const mayEndNow = oldGrace !== undefined && oldGrace < 0 && spec.terminationGracePeriodSeconds === 1;
  const rest: PodSpec = {
    ...spec,
    containers: withImagesOf(spec.containers, old.containers)!,
    initContainers: withImagesOf(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    ...(mayEndNow ? { terminationGracePeriodSeconds: oldGrace } : {}),
    ...narrowed(errors, spec, old, path),
  };
  if (sameValue(rest, old)) return;
  const difference = jsonDiff(goPodSpec(old), goPodSpec(rest));
  if (difference === "") return;
  const why = `pod updates may not change fields other than ${updatableFields}\n${difference}`;
  errors.push(forbiddenField(path, why));
}

/** Checks a change through `ephemeralcontainers`: they can only be added. The rest must be as it was. */
export function checkEphemeralUpdate(errors: Errors, next: Pod, previous: Pod, path: FieldPath): void {
  const at = path.child("ephemeralContainers");
  const added = new Map((next.spec.ephemeralContainers ?? []).map((each) => [each.name, each]));
  for (const old of previous.spec.ephemeralContainers ?? []) {
    const now = added.get(old.name);
    if (!now) {
      errors.push(forbiddenField(at, `existing ephemeral containers ${JSON.stringify(old.name)} may not be removed\n`));
    } else if (!sameValue(now, old)) {
      const difference = jsonDiff(goValue(old, ephemeralContainerShape), goValue(now, ephemeralContainerShape));
      const why = `existing ephemeral containers ${JSON.stringify(old.name)} may not be changed\n${difference}`;
      errors.push(forbiddenField(at, why));
    }
  }
}
