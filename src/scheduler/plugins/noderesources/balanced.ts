import type { Plugin } from "../../framework/plugin.ts";

/** Prefers nodes whose CPU and memory would be used to the same degree. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  // A pod that asks for nothing changes no balance.
  preScore: ({ requests }) => (requests.cpuMilli + requests.memoryBytes > 0 ? {} : undefined),
  score({ requests }, { allocatable, requested }) {
    const shares = [
      [allocatable.cpuMilli, requested.cpuMilli + requests.cpuMilli],
      [allocatable.memoryBytes, requested.memoryBytes + requests.memoryBytes],
    ]
      .filter(([all]) => all! > 0)
      .map(([all, used]) => Math.min(1, used! / all!));
    // Of two numbers the standard deviation is half their difference.
    const deviation = shares.length === 2 ? Math.abs(shares[0]! - shares[1]!) / 2 : 0;
    return Math.floor((1 - deviation) * 100);
  },
};
