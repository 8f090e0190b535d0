import type { Plugin } from "../../framework/plugin.ts";

const rejection = { reasons: ["node(s) didn't match the requested node name"], unresolvable: true };

/** A pod that names its node goes nowhere else. */
export const nodeName: Plugin = {
  name: "NodeName",
  preFilter: ({ pod }) => ({ skip: !pod.spec.nodeName }),
  filter: ({ pod }, node) => (pod.spec.nodeName === node.name ? undefined : rejection),
  wokenBy: (event) => event.type === "nodeAdded",
};
