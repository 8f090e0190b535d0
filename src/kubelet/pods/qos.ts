import { parseQuantity } from "../config/quantity.ts";
import type { Pod, QosClass, Resources } from "./pod.ts";

const counted = ["cpu", "memory"] as const;

/** The quality-of-service class that a pod's requests and limits give it (Pod QoS classes). Pure. */
export function qosClass(pod: Pod): QosClass {
  const podLevel = pod.spec.resources;
  const all: Resources[] =
    podLevel && (podLevel.limits || podLevel.requests)
      ? [podLevel]
      : [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ resources }) => resources ?? {});
  const set = (resources: Resources, kind: "limits" | "requests", name: string) =>
    parseQuantity(resources[kind]?.[name] ?? 0);
  const none = all.every((one) => counted.every((name) => !set(one, "limits", name) && !set(one, "requests", name)));
  if (none) return "BestEffort";
  const guaranteed = all.every((one) =>
    counted.every((name) => {
      const limit = set(one, "limits", name);
      return limit > 0 && (set(one, "requests", name) || limit) === limit;
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}
