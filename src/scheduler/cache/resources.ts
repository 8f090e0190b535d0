import { milliValue, quantityValue } from "../../api/machinery/quantity.ts";

/** Amounts as whole numbers: thousandths of CPUs, bytes, pieces. */
export interface Resources {
  cpuMilli: number;
  memoryBytes: number;
  ephemeralBytes: number;
  /** Others by name: `example.com/gpu`, `hugepages-2Mi`. */
  others: Map<string, number>;
}

type Quantities = Readonly<Record<string, string>> | undefined;

export function noResources(): Resources {
  return { cpuMilli: 0, memoryBytes: 0, ephemeralBytes: 0, others: new Map() };
}

/** Reads a list of quantities. */
export function resourcesOf(list: Quantities): Resources {
  const found = noResources();
  for (const [name, quantity] of Object.entries(list ?? {})) {
    if (name === "cpu") found.cpuMilli = milliValue(quantity);
    else if (name === "memory") found.memoryBytes = quantityValue(quantity);
    else if (name === "ephemeral-storage") found.ephemeralBytes = quantityValue(quantity);
    else if (name !== "pods") found.others.set(name, quantityValue(quantity));
  }
  return found;
}

/** Adds `more` `times` times (-1 takes it away). Changes `to`. */
export function addResources(to: Resources, more: Resources, times = 1): void {
  to.cpuMilli += times * more.cpuMilli;
  to.memoryBytes += times * more.memoryBytes;
  to.ephemeralBytes += times * more.ephemeralBytes;
  for (const [name, amount] of more.others) to.others.set(name, (to.others.get(name) ?? 0) + times * amount);
}

function largest(a: Resources, b: Resources): Resources {
  const others = new Map(a.others);
  for (const [name, amount] of b.others) others.set(name, Math.max(amount, others.get(name) ?? 0));
  return {
    cpuMilli: Math.max(a.cpuMilli, b.cpuMilli),
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
    ephemeralBytes: Math.max(a.ephemeralBytes, b.ephemeralBytes),
    others,
  };
}

/** What a container without requests counts for when nodes are compared, so that they fill evenly. */
const nonZeroDefaults = { cpuMilli: 100, memoryBytes: 200 * 1024 * 1024 };

function containerRequests({ resources }: any, nonZero: boolean): Resources {
  const found = resourcesOf(resources?.requests);
  if (nonZero) {
    if (resources?.requests?.cpu === undefined) found.cpuMilli = nonZeroDefaults.cpuMilli;
    if (resources?.requests?.memory === undefined) found.memoryBytes = nonZeroDefaults.memoryBytes;
  }
  return found;
}

/**
 * What a pod asks of its node: its containers and sidecars together, or what its init containers need at their time if that
 * is more; requests of the pod as a whole instead where it has them; its overhead on top (KEP-753, KEP-2837).
 */
export function podRequests(spec: any, nonZero = false): Resources {
  let total = noResources();
  for (const container of spec.containers ?? []) addResources(total, containerRequests(container, nonZero));
  const sidecars = noResources();
  let starting = noResources();
  for (const container of spec.initContainers ?? []) {
    const own = containerRequests(container, nonZero);
    if (container.restartPolicy === "Always") {
      addResources(sidecars, own);
      addResources(total, own);
      starting = largest(starting, sidecars);
    } else {
      addResources(own, sidecars);
      starting = largest(starting, own);
    }
  }
  total = largest(total, starting);
  const whole = spec.resources?.requests;
  if (whole) {
    const own = resourcesOf(whole);
    if (whole.cpu !== undefined) total.cpuMilli = own.cpuMilli;
    if (whole.memory !== undefined) total.memoryBytes = own.memoryBytes;
    for (const [name, amount] of own.others) total.others.set(name, amount);
  }
  if (spec.overhead) addResources(total, resourcesOf(spec.overhead));
  return total;
}
