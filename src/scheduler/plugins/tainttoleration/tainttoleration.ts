import type { Plugin } from "../../framework/plugin.ts";

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

const rejection = { reasons: ["node(s) had untolerated taint(s)"], unresolvable: true };

/** Whether one of the tolerations covers the taint (API reference, Toleration). */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some(({ key, operator, value, effect }) => {
    if (effect && effect !== taint.effect) return false;
    if (key && key !== taint.key) return false;
    if (operator === "Exists") return true;
    if (operator === "Lt" || operator === "Gt") return comparesWell(operator, value, taint.value);
    return Boolean(key) && (value ?? "") === (taint.value ?? "");
  });
}

/** Numeric tolerations: the taint's value is less or greater than the toleration's (KEP-5471). */
function comparesWell(operator: "Lt" | "Gt", value = "", taintValue = ""): boolean {
  if (!/^-?\d+$/.test(value) || !/^-?\d+$/.test(taintValue)) return false;
  return operator === "Lt" ? BigInt(taintValue) < BigInt(value) : BigInt(taintValue) > BigInt(value);
}

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
