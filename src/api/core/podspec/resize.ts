// What may change in a pod through its subresource `resize`: what containers ask for of CPU and memory (KEP-1287).

import { type FieldPath, forbiddenField, invalid } from "../../machinery/field.ts";
import type { KubeObject } from "../../machinery/object.ts";
import { type Errors, sameValue } from "../../parts/checks.ts";
import { jsonDiff } from "../../parts/diff.ts";
import { goPodSpec } from "./goshape.ts";
import { qosClass } from "./requirements.ts";
import type { Container, Pod, PodSpec, QuantityList, ResourceRequirements } from "./types.ts";

const lists = ["containers", "initContainers"] as const;

/** The pod's spec with the resources, and what a change of them entails, of the wanted one. Nothing else changes. */
export function resizedSpec(pod: KubeObject, wanted: KubeObject): PodSpec {
  const spec: PodSpec = { ...pod.spec };
  for (const list of lists) {
    if (!pod.spec[list]) continue;
    const byName = new Map<string, Container>((wanted.spec[list] ?? []).map((each: Container) => [each.name, each]));
    spec[list] = pod.spec[list].map((container: Container) => {
      const now = byName.get(container.name);
      if (!now) return container;
      const { resizePolicy: _, ...rest } = container as any;
      const { resources, resizePolicy } = now as any;
      return { ...rest, resources, ...(resizePolicy ? { resizePolicy } : {}) };
    });
  }
  return spec;
}

/** Amounts with those of CPU and memory as they were. */
function unresized(now: QuantityList | undefined, before: QuantityList | undefined): QuantityList {
  const { cpu: _, memory: __, ...rest } = now ?? {};
  const kept: QuantityList = rest;
  for (const name of ["cpu", "memory"]) if (before?.[name] !== undefined) kept[name] = before[name];
  return kept;
}

function withoutResize(now: Container, before: Container): Container {
  const resources: ResourceRequirements = { ...now.resources };
  for (const kind of ["limits", "requests"] as const) {
    const amounts = unresized(now.resources?.[kind], before.resources?.[kind]);
    if (Object.keys(amounts).length > 0) resources[kind] = amounts;
    else delete resources[kind];
  }
  return { ...now, resources, resizePolicy: (before as any).resizePolicy } as Container;
}

function isRemoved(now: QuantityList | undefined, before: QuantityList | undefined): boolean {
  return Object.keys(before ?? {}).some((name) => now?.[name] === undefined);
}

/** Checks a resize; the rest of the new spec is checked apart. */
export function checkResize(errors: Errors, next: Pod, previous: Pod, path: FieldPath): void {
  if (previous.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) {
    errors.push({ type: "FieldValueForbidden", field: "", body: "Forbidden: static pods cannot be resized" });
    return;
  }
  if (previous.spec.os?.name === "windows") {
    errors.push({ type: "FieldValueForbidden", field: "", body: "Forbidden: windows pods cannot be resized" });
    return;
  }
  const rest: PodSpec = { ...next.spec };
  for (const list of lists) {
    const old = previous.spec[list] ?? [];
    for (const [index, container] of (next.spec[list] ?? []).entries()) {
      const before = old[index]!;
      const at = path.child(list).index(index).child("resources");
      for (const kind of ["limits", "requests"] as const) {
        if (isRemoved(container.resources?.[kind], before.resources?.[kind]))
          errors.push(forbiddenField(at.child(kind), `resource ${kind} cannot be removed`));
      }
    }
    // Init containers that have run are not run again with more.
    if (next.spec[list]) {
      rest[list] = next.spec[list].map((each, index) =>
        list === "containers" || each.restartPolicy === "Always" ? withoutResize(each, old[index]!) : each,
      );
    }
  }
  const before = (previous as any).status?.qosClass ?? qosClass(previous.spec);
  if (qosClass(next.spec) !== before)
    errors.push(invalid(path, before, "Pod QOS Class may not change as a result of resizing"));
  if (errors.length > 0 || sameValue(rest, previous.spec)) return;
  const difference = jsonDiff(goPodSpec(previous.spec), goPodSpec(rest));
  if (difference !== "") errors.push(forbiddenField(path, `only cpu and memory resources are mutable\n${difference}`));
}
