import { bitsOf, formatIp, networkOf, parseCidr } from "../../api/machinery/ip.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { type Action, type Controller, event, type View } from "../../client/mod.ts";

/** Gives every node its part of the cluster's pod addresses. */
export function nodeIpamController(options: { clusterCidr: string; nodeCidrMaskSize: number }): Controller {
  return {
    name: "node-ipam",
    account: "node-controller",
    component: "cidrAllocator",
    primary: "nodes",
    // One at a time: two plans at once would give two nodes the same part.
    workers: 1,
    plan: (node, view) => planPodCidr(node, view, options),
  };
}

/** The first part of `clusterCidr` that no node has. Pure. */
export function planPodCidr(
  node: KubeObject,
  view: View,
  { clusterCidr, nodeCidrMaskSize }: { clusterCidr: string; nodeCidrMaskSize: number },
): Action[] {
  if (node.spec?.podCIDR || node.metadata.deletionTimestamp) return [];
  const whole = parseCidr(clusterCidr);
  if (!whole)
    throw new Error(
      `allocate pod addresses: clusterCidr is ${JSON.stringify(clusterCidr)}, wanted one such as 10.244.0.0/16`,
    );
  const used = new Set(Iterator.from(view.list("nodes")).map((each) => each.spec?.podCIDR));
  const { family } = whole.ip;
  const step = 1n << BigInt(bitsOf(family) - nodeCidrMaskSize);
  const count = 1n << BigInt(nodeCidrMaskSize - whole.prefix);
  for (let index = 0n; index < count; index++) {
    const podCIDR = `${formatIp(family, networkOf(whole) + index * step)}/${nodeCidrMaskSize}`;
    if (used.has(podCIDR)) continue;
    const patch = { spec: { podCIDR, podCIDRs: [podCIDR] } };
    return [{ do: "patch", resource: "nodes", object: node, type: "merge", patch }];
  }
  const { name } = node.metadata;
  return [event(node, "Normal", "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`)];
}
