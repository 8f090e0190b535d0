import type { LinuxResources } from "../cri/types.ts";
import type { Container, Pod, Resources } from "../pods/pod.ts";
import { qosClass } from "../pods/qos.ts";
import { milliCpu, wholeUnits } from "./quantity.ts";

/** The scheduler's share of a whole CPU, its least share, and the period of a quota in microseconds. */
const sharesPerCpu = 1024;
const sharesMin = 2;
const quotaPeriodUs = 100_000;
const quotaUsMin = 1000;

/** CPU shares for a request in thousandths. */
function cpuShares(milli: number): number {
  return milli === 0 ? sharesMin : Math.max(sharesMin, Math.floor((milli * sharesPerCpu) / 1000));
}

/** Microseconds of CPU a period for a limit in thousandths; 0 is no limit. */
function cpuQuota(milli: number): number {
  return milli === 0 ? 0 : Math.max(quotaUsMin, Math.floor((milli * quotaPeriodUs) / 1000));
}

export { quotaPeriodUs };

/**
 * How early the kernel kills a process of this container when memory is out: those that use much more than they asked
 * for go first (Node-pressure Eviction, "Node out of memory behavior"). Pure.
 */
export function oomScoreAdj(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return -997;
  const qos = qosClass(pod);
  if (qos === "Guaranteed") return -997;
  if (qos === "BestEffort") return 1000;
  const request = wholeUnits(container.resources?.requests?.memory ?? container.resources?.limits?.memory ?? 0);
  const score = 1000 - Math.floor((1000 * request) / memoryCapacityBytes);
  return Math.min(999, Math.max(3, score));
}

/** A container's limits for the runtime. Pure. */
export function linuxResources(
  pod: Pod,
  container: Container,
  node: { memoryCapacityBytes: number; cgroupV2: boolean },
): LinuxResources {
  const { limits = {}, requests = {} }: Resources = container.resources ?? {};
  const limitMilli = milliCpu(limits.cpu ?? 0);
  const requestMilli = requests.cpu === undefined ? limitMilli : milliCpu(requests.cpu);
  const hugepageLimits = Object.entries(limits)
    .filter(([name]) => name.startsWith("hugepages-"))
    .map(([name, quantity]) => ({
      pageSize: `${name.slice("hugepages-".length).replace(/i$/, "")}B`,
      limit: wholeUnits(quantity),
    }));
  return {
    cpuShares: cpuShares(requestMilli),
    ...(limitMilli > 0 ? { cpuQuota: cpuQuota(limitMilli), cpuPeriod: quotaPeriodUs } : {}),
    ...(limits.memory === undefined ? {} : { memoryLimitInBytes: wholeUnits(limits.memory) }),
    oomScoreAdj: oomScoreAdj(pod, container, node.memoryCapacityBytes),
    ...(hugepageLimits.length > 0 ? { hugepageLimits } : {}),
    // One process over the limit ends the container whole, as since v1.28.
    ...(node.cgroupV2 ? { unified: { "memory.oom.group": "1" } } : {}),
  };
}

/** What a pod's own cgroup is limited to; a limit only where every container has one. Pure. */
export function podResources(pod: Pod): { cpuShares: number; cpuQuotaUs?: number; memoryBytes?: number } {
  const containers = pod.spec.containers;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  const running = [...containers, ...sidecars];
  const others = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== "Always");
  const total = (kind: "requests" | "limits", name: string, read: (quantity: string | number) => number) => {
    const own = pod.spec.resources?.[kind]?.[name];
    if (own !== undefined) return read(own);
    const of = ({ resources }: Container) =>
      read(resources?.[kind]?.[name] ?? (kind === "requests" ? (resources?.limits?.[name] ?? 0) : 0));
    const sum = running.reduce((all, container) => all + of(container), 0);
    return Math.max(sum, ...others.map(of)) + read(pod.spec.overhead?.[name] ?? 0);
  };
  const limited = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    [...running, ...others].every(({ resources }) => resources?.limits?.[name] !== undefined);
  return {
    cpuShares: cpuShares(total("requests", "cpu", milliCpu)),
    ...(limited("cpu") ? { cpuQuotaUs: cpuQuota(total("limits", "cpu", milliCpu)) } : {}),
    ...(limited("memory") ? { memoryBytes: total("limits", "memory", wholeUnits) } : {}),
  };
}
