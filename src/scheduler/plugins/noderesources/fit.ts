import type { NodeInfo, PodInfo } from "../../cache/nodes.ts";
import type { Plugin, Rejection } from "../../framework/plugin.ts";

/** A node must have room for what the pod asks for; emptier nodes are better (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  filter: fits,
  score(pod, node) {
    const cpu = leastAllocated(node.allocatable.cpuMilli, node.nonZero.cpuMilli + pod.nonZero.cpuMilli);
    const memory = leastAllocated(node.allocatable.memoryBytes, node.nonZero.memoryBytes + pod.nonZero.memoryBytes);
    return Math.floor((cpu + memory) / 2);
  },
  wokenBy: (event) => event.type !== "nodeChanged" || event.changed.has("allocatable"),
};

function leastAllocated(capacity: number, requested: number): number {
  if (capacity === 0 || requested > capacity) return 0;
  return Math.floor(((capacity - requested) * 100) / capacity);
}

function fits({ requests }: PodInfo, node: NodeInfo): Rejection | undefined {
  const { allocatable, requested } = node;
  let reasons: string[] | undefined;
  // More than the whole node: no pod's leaving helps.
  let unresolvable = false;
  const lacks = (name: string, wanted: number, used: number, all: number): void => {
    if (wanted === 0 || wanted <= all - used) return;
    reasons ??= [];
    reasons.push(`Insufficient ${name}`);
    if (wanted > all) unresolvable = true;
  };
  if (node.pods.size + 1 > node.podsMax) reasons = ["Too many pods"];
  lacks("cpu", requests.cpuMilli, requested.cpuMilli, allocatable.cpuMilli);
  lacks("memory", requests.memoryBytes, requested.memoryBytes, allocatable.memoryBytes);
  lacks("ephemeral-storage", requests.ephemeralBytes, requested.ephemeralBytes, allocatable.ephemeralBytes);
  for (const [name, wanted] of requests.others)
    lacks(name, wanted, requested.others.get(name) ?? 0, allocatable.others.get(name) ?? 0);
  return reasons && { reasons, unresolvable };
}
