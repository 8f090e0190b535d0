import type { HostPort } from "../../cache/nodes.ts";
import type { Plugin } from "../../framework/plugin.ts";

const rejection = { reasons: ["node(s) didn't have free ports for the requested pod ports"] };
const everywhere = "0.0.0.0";

function clash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === everywhere || b.ip === everywhere;
}

/** Two pods cannot have the same port of a node. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  preFilter: ({ ports }) => ({ skip: ports.length === 0 }),
  filter({ ports }, node) {
    for (const other of node.pods.values())
      for (const theirs of other.ports) if (ports.some((own) => clash(own, theirs))) return rejection;
    return undefined;
  },
  wokenBy: (event) => event.type === "nodeAdded" || event.type === "podLeft",
};
