// What a pod as a whole asks for and may use: the scheduler, quotas and limit ranges count by it.

import { addQuantities, compareQuantities, formatQuantity } from "../../machinery/quantity.ts";
import type { PodSpec, QuantityList } from "./types.ts";

type Kind = "requests" | "limits";

/** What of a pod counts instead of what its containers say, if it says so for the whole (KEP-2837). */
export const ofWholePods = (name: string): boolean =>
  name === "cpu" || name === "memory" || name.startsWith("hugepages-");

function add(into: QuantityList, amounts: QuantityList | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    into[name] = into[name] === undefined ? amount : formatQuantity(addQuantities(into[name], amount));
  }
}

function raise(into: QuantityList, amounts: QuantityList): void {
  for (const [name, amount] of Object.entries(amounts)) {
    if (into[name] === undefined || compareQuantities(amount, into[name]) > 0) into[name] = amount;
  }
}

/**
 * The sum of its containers, or what the hungriest init container needs if that is more; init containers that go on running
 * (KEP-753) count with both.
 */
export function containerTotals(spec: PodSpec, kind: Kind): QuantityList {
  const total: QuantityList = {};
  for (const { resources } of spec.containers ?? []) add(total, resources?.[kind]);
  const started: QuantityList = {};
  const peak: QuantityList = {};
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    if (restartPolicy === "Always") {
      add(total, resources?.[kind]);
      add(started, resources?.[kind]);
      raise(peak, started);
    } else {
      const now = { ...started };
      add(now, resources?.[kind]);
      raise(peak, now);
    }
  }
  raise(total, peak);
  return total;
}

/** The total of its containers, or what it says for the whole. The overhead of its runtime comes on top: on limits only where
 * there is one. */
export function podTotals(spec: PodSpec, kind: Kind): QuantityList {
  const total = containerTotals(spec, kind);
  for (const [name, amount] of Object.entries<string>(spec.resources?.[kind] ?? {}))
    if (ofWholePods(name)) total[name] = amount;
  const overhead: QuantityList = { ...spec.overhead };
  if (kind === "limits") for (const name in overhead) if (total[name] === undefined) delete overhead[name];
  add(total, overhead);
  return total;
}
