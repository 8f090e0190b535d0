import {
  matchesTerm,
  requiredNodeTerms,
  selectsNode,
  type NodeSelectorTerm as Term,
} from "../../../api/core/node_match.ts";
import type { PodInfo } from "../../cache/nodes.ts";
import type { Plugin } from "../../framework/plugin.ts";

const rejection = { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };

/** The nodes that the terms name, if every term names some: as pods of daemons do. */
function namedNodes(terms: readonly Term[]): Set<string> | undefined {
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const named = matchFields.find(({ key, operator }) => key === "metadata.name" && operator === "In");
    if (!named) return undefined;
    for (const name of named.values ?? []) names.add(name);
  }
  return names;
}

function preferredTerms({ pod }: PodInfo): { weight: number; preference: Term }[] {
  return pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Node selectors and node affinity. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  weight: 2,
  preFilter(info) {
    const terms = requiredNodeTerms(info.pod.spec);
    if (!terms) return { skip: Object.keys(info.pod.spec.nodeSelector ?? {}).length === 0 };
    return { nodes: terms.length > 0 ? namedNodes(terms) : undefined };
  },
  filter: ({ pod }, { node }) => (selectsNode(pod.spec, node) ? undefined : rejection),
  preScore: (info) => (preferredTerms(info).length > 0 ? {} : undefined),
  score: (info, { node }) =>
    preferredTerms(info).reduce((sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0), 0),
  normalize(scores) {
    const max = Math.max(...scores);
    if (max > 0) for (const [index, score] of scores.entries()) scores[index] = Math.floor((100 * score) / max);
  },
  wokenBy: (event) => event.type === "nodeAdded" || (event.type === "nodeChanged" && event.changed.has("labels")),
};
