import { type Taint, tolerates } from "../../../api/core/node_match.ts";
import type { Plugin } from "../../framework/plugin.ts";

const rejection = { reasons: ["node(s) had untolerated taint(s)"], unresolvable: true };

/** Keeps pods off nodes with taints that they don't tolerate; prefers nodes with fewer soft ones. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  weight: 3,
  filter({ pod }, { node }) {
    for (const taint of node.spec?.taints ?? [])
      if (taint.effect !== "PreferNoSchedule" && !tolerates(pod.spec.tolerations, taint)) return rejection;
    return undefined;
  },
  preScore(_, nodes) {
    const soft = nodes.some(({ node }) =>
      node.spec?.taints?.some(({ effect }: Taint) => effect === "PreferNoSchedule"),
    );
    return soft ? {} : undefined;
  },
  score: ({ pod }, { node }) =>
    (node.spec?.taints ?? []).filter(
      (taint: Taint) => taint.effect === "PreferNoSchedule" && !tolerates(pod.spec.tolerations, taint),
    ).length,
  normalize(scores) {
    const max = Math.max(...scores);
    for (const [index, score] of scores.entries())
      scores[index] = max === 0 ? 100 : 100 - Math.floor((100 * score) / max);
  },
  wokenBy: (event) => event.type === "nodeAdded" || (event.type === "nodeChanged" && event.changed.has("taints")),
};
