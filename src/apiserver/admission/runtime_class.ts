import type { KubeObject } from "../../api/machinery/object.ts";
import { compareQuantities } from "../../api/machinery/quantity.ts";
import { forbidden, type StatusError } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import { type AdmissionPlugin, type AdmissionRequest, cacheOf, type Registry } from "../registry/scope.ts";

type Amounts = Record<string, string>;

const differs = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** Pods of a runtime class cost what it costs and run where it can (RuntimeClass, KEP-688). */
export function runtimeClassAdmission(registry: () => Registry): AdmissionPlugin {
  const isNewPod = ({ operation, scope, subresource }: AdmissionRequest): boolean =>
    operation === "CREATE" && scope.resource.id === "pods" && !subresource;

  function classOf(request: AdmissionRequest): KubeObject | undefined {
    const name: string | undefined = request.draft?.spec?.runtimeClassName;
    if (name === undefined) return undefined;
    const classes = cacheOf(registry(), registry().resources.byId("runtimeclasses.node.k8s.io")!);
    const found = classes.get(name)?.object;
    if (!found) throw refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    return found;
  }

  return {
    name: "RuntimeClass",
    mutate(request) {
      if (!isNewPod(request)) return;
      const found = classOf(request);
      if (!found) return;
      const { spec } = request.draft!;
      if (found.overhead) {
        const overhead: Amounts = found.overhead.podFixed ?? {};
        if (spec.overhead && !sameAmounts(spec.overhead, overhead)) throw refusal(request, differs);
        spec.overhead = { ...overhead };
      }
      if (found.scheduling) setScheduling(request, found.scheduling);
    },
    validate(request) {
      if (!isNewPod(request)) return;
      const found = classOf(request);
      const own: Amounts = request.draft!.spec.overhead ?? {};
      if (found?.overhead) {
        if (!sameAmounts(own, found.overhead.podFixed ?? {})) throw refusal(request, differs);
      } else if (Object.keys(own).length > 0) {
        const why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
        throw refusal(request, why);
      }
    },
  };
}

function refusal({ scope, name }: AdmissionRequest, why: string): StatusError {
  return forbidden(scope.resource, name ?? "", why);
}

function sameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => b[name] !== undefined && compareQuantities(a[name]!, b[name]!) === 0);
}

function setScheduling(request: AdmissionRequest, scheduling: any): void {
  const { spec } = request.draft!;
  for (const [key, value] of Object.entries<string>(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const class_ = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`;
    throw refusal(request, `conflict: ${class_}; pod.spec.nodeSelector[${key}] = ${own}`);
  }
  if (Object.keys(scheduling.nodeSelector ?? {}).length > 0)
    spec.nodeSelector = { ...spec.nodeSelector, ...scheduling.nodeSelector };
  if (scheduling.tolerations?.length)
    spec.tolerations = mergeTolerations([...(spec.tolerations ?? []), ...structuredClone(scheduling.tolerations)]);
}

/** Tolerations without those that another one says more than; of equal ones the first. */
export function mergeTolerations(all: readonly any[]): any[] {
  const merged: any[] = [];
  for (const [index, each] of all.entries()) {
    if (merged.some((other) => saysAllOf(other, each))) continue;
    if (all.slice(index + 1).some((other) => !sameJson(other, each) && saysAllOf(other, each))) continue;
    merged.push(each);
  }
  return merged;
}

function saysAllOf(wide: any, narrow: any): boolean {
  if (sameJson(wide, narrow)) return true;
  if (wide.key && wide.key !== narrow.key) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === "NoExecute" && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  const operator = wide.operator || "Equal";
  if (operator === "Exists") return true;
  return (
    operator === "Equal" && (narrow.operator || "Equal") === "Equal" && (wide.value ?? "") === (narrow.value ?? "")
  );
}
