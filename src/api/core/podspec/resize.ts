// What may change in a pod through its subresource `resize`: what containers, and the pod as a whole, ask for of CPU and
// memory (KEP-1287, KEP-5419).

import { type FieldPath, forbiddenField, invalid } from "../../machinery/field.ts";
import type { KubeObject } from "../../machinery/object.ts";
import { type Errors, sameValue } from "../../parts/checks.ts";
import { isMirror } from "./annotations.ts";
import { qosClass } from "./requirements.ts";
import type { Container, Pod, PodSpec, QuantityList, ResourceRequirements } from "./types.ts";

const lists = ["containers", "initContainers"] as const;
const kinds = ["requests", "limits"] as const;

const sameNames = (now: Container[] = [], before: Container[] = []) =>
  now.length === before.length && now.every(({ name }, index) => name === before[index]!.name);

/**
 * The pod's spec with the resources, and what a change of them entails, of the wanted one. Nothing else changes. Other
 * containers than there are stay as they are wanted, for the checks to find them.
 */
export function resizedSpec(pod: KubeObject, wanted: KubeObject): PodSpec {
  if (lists.some((list) => !sameNames(wanted.spec[list], pod.spec[list]))) return wanted.spec;
  const { resources: _, ...spec } = pod.spec;
  if (wanted.spec.resources) spec.resources = wanted.spec.resources;
  for (const list of lists) {
    if (!pod.spec[list]) continue;
    spec[list] = pod.spec[list].map((container: Container, index: number) => {
      const { resizePolicy: _, ...rest } = container;
      const { resources, resizePolicy } = wanted.spec[list][index];
      return { ...rest, resources, ...(resizePolicy ? { resizePolicy } : {}) };
    });
  }
  return spec;
}

/** Why no resize of the pod is looked at any closer. */
export function neverResized(pod: Pod): string | undefined {
  if (isMirror(pod)) return "static pods cannot be resized";
  return pod.spec.os?.name === "windows" ? "windows pods cannot be resized" : undefined;
}

/** Amounts with those of CPU and memory as they were. */
function unresized(now: QuantityList | undefined, before: QuantityList | undefined): QuantityList {
  const { cpu: _, memory: __, ...kept } = now ?? {};
  for (const name of ["cpu", "memory"]) if (before?.[name] !== undefined) kept[name] = before[name];
  return kept;
}

/** Resources as they would be without the resize. */
function withoutResize(now: ResourceRequirements = {}, before: ResourceRequirements = {}): ResourceRequirements {
  const kept: ResourceRequirements = {};
  for (const kind of kinds) {
    const list = unresized(now[kind], before[kind]);
    if (Object.keys(list).length > 0) kept[kind] = list;
  }
  return kept;
}

function isRemoved(now: QuantityList = {}, before: QuantityList = {}): boolean {
  return Object.keys(before).some((name) => now[name] === undefined);
}

function checkNoneRemoved(
  errors: Errors,
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
  what: string,
  path: FieldPath,
): void {
  for (const kind of kinds) {
    if (isRemoved(now?.[kind], before?.[kind])) {
      errors.push(forbiddenField(path.child(kind), `${what} ${kind} cannot be removed`));
    }
  }
}

const amounts = (resources: ResourceRequirements | undefined) =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length;

/** What the pod as a whole asks for. */
function checkWhole(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): void {
  const [now, before] = [next.resources, previous.resources];
  if (amounts(now) + amounts(before) === 0) return;
  if (before && !now) {
    errors.push(forbiddenField(path.child("resources"), "pod-level resources cannot be removed"));
    return;
  }
  if (before) checkNoneRemoved(errors, now, before, "pod-level resource", path.child("resources"));
  const { limits: _, requests: __, ...rest } = now ?? {};
  if (sameValue({ ...rest, ...withoutResize(now, before) }, before)) return;
  errors.push(forbiddenField(path, "only cpu and memory resources are mutable at pod-level"));
}

/** The containers are those that there are, in their order. */
function checkSameContainers(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): boolean {
  const before = errors.length;
  for (const list of lists) {
    const [now, old] = [next[list] ?? [], previous[list] ?? []];
    if (now.length !== old.length) {
      errors.push(forbiddenField(path.child(list), `${list} may not be added or removed on resize`));
      continue;
    }
    for (const [index, { name }] of old.entries()) {
      if (now[index]!.name === name) continue;
      const at = path.child(list).index(index).child("name");
      errors.push(forbiddenField(at, `${list} may not be renamed or reordered on resize`));
    }
  }
  return errors.length === before;
}

const isSidecar = ({ restartPolicy }: Container) => restartPolicy === "Always";

function checkRemovals(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): void {
  for (const list of ["initContainers", "containers"] as const) {
    for (const [index, before] of (previous[list] ?? []).entries()) {
      if (list === "initContainers" && !isSidecar(before)) continue;
      const at = path.child(list).index(index).child("resources");
      checkNoneRemoved(errors, next[list]![index]!.resources, before.resources, "resource", at);
    }
  }
}

/** Whether nothing else of a container changes. What takes claims cannot be resized: they are lost on the way. */
function isKept(now: Container, before: Container): boolean {
  const amountsOf = ({ resources }: Container) => withoutResize(resources, before.resources);
  const rest = ({ resources: _, ...others }: Container) => others;
  if (before.resources?.claims?.length) return false;
  return sameValue(rest(now), rest(before)) && sameValue(amountsOf(now), amountsOf(before));
}

/** Nothing of containers changes but CPU and memory; init containers that have run are not run again with more. */
function checkContainers(errors: Errors, next: PodSpec, previous: PodSpec, path: FieldPath): void {
  for (const [index, now] of (next.containers ?? []).entries()) {
    if (isKept(now, previous.containers[index]!)) continue;
    errors.push(forbiddenField(path, "only cpu and memory resources are mutable"));
  }
  for (const [index, now] of (next.initContainers ?? []).entries()) {
    const before = previous.initContainers![index]!;
    if (!isSidecar(now)) {
      if (sameValue(now, before)) continue;
      errors.push(forbiddenField(path, "resources for non-sidecar init containers are immutable"));
    } else if (!isKept(now, before)) {
      const why = "only cpu and memory resources for init or sidecar containers are mutable";
      errors.push(forbiddenField(path.child("initContainers").index(index), why));
    }
  }
}

/** Whether the pod's node can resize it: such nodes say what running containers have. */
function canBeResized({ status }: Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }: any) => state?.running);
  return !running || running.resources !== undefined;
}

/** Checks a resize; the new spec itself is checked apart. */
export function checkResize(errors: Errors, next: Pod, previous: Pod, path: FieldPath): void {
  const before = previous.status?.qosClass ?? qosClass(previous.spec);
  if (qosClass(next.spec) !== before) {
    errors.push(invalid(path, before, "Pod QOS Class may not change as a result of resizing"));
  }
  if (!canBeResized(previous)) errors.push(forbiddenField(path, "Pod running on node without support for resize"));
  checkWhole(errors, next.spec, previous.spec, path);
  if (!checkSameContainers(errors, next.spec, previous.spec, path)) return;
  checkRemovals(errors, next.spec, previous.spec, path);
  checkContainers(errors, next.spec, previous.spec, path);
  if (errors.length > 0) return;
  const { containers, initContainers, resources } = previous.spec;
  const rest = { ...next.spec, containers, initContainers, resources };
  if (!sameValue(rest, previous.spec)) {
    errors.push(forbiddenField(path, "only cpu and memory resources are mutable"));
  }
}
