import type { KubeObject } from "../../../api/machinery/object.ts";
import { selectsMap } from "../../../api/machinery/selector.ts";
import type { PodInfo } from "../../cache/nodes.ts";
import type { Plugin } from "../../framework/plugin.ts";

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

interface Term {
  matchExpressions?: Requirement[];
  matchFields?: Requirement[];
}

const rejection = { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };

function meets({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      const [now, limit] = [BigInt(value), BigInt(values[0] ?? "0")];
      return operator === "Gt" ? now > limit : now < limit;
    }
    default:
      return false;
  }
}

/** Whether a node matches a term: all of its requirements; a term without any matches nothing. */
export function matchesTerm({ matchExpressions = [], matchFields = [] }: Term, node: KubeObject): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => meets(each, node.metadata.labels?.[each.key])) &&
    matchFields.every((each) => each.key === "metadata.name" && meets(each, node.metadata.name))
  );
}

function requiredTerms({ pod }: PodInfo): Term[] | undefined {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

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
    const terms = requiredTerms(info);
    if (!terms) return { skip: Object.keys(info.pod.spec.nodeSelector ?? {}).length === 0 };
    return { nodes: terms.length > 0 ? namedNodes(terms) : undefined };
  },
  filter(info, { node }) {
    if (!selectsMap(info.pod.spec.nodeSelector, node.metadata.labels)) return rejection;
    const terms = requiredTerms(info);
    return !terms || terms.some((term) => matchesTerm(term, node)) ? undefined : rejection;
  },
  preScore: (info) => (preferredTerms(info).length > 0 ? {} : undefined),
  score: (info, { node }) =>
    preferredTerms(info).reduce((sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0), 0),
  normalize(scores) {
    const max = Math.max(...scores);
    if (max > 0) for (const [index, score] of scores.entries()) scores[index] = Math.floor((100 * score) / max);
  },
  wokenBy: (event) => event.type === "nodeAdded" || (event.type === "nodeChanged" && event.changed.has("labels")),
};
