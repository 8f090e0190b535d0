import type { NodeInfo, NodeTable, PodInfo } from "../cache/nodes.ts";
import type { Plugin, Rejection } from "./plugin.ts";

/** Where a pod goes, or why nowhere. */
export type Decision = { node: NodeInfo } | { message: string; plugins: ReadonlySet<string> };

export interface CycleContext {
  plugins: readonly Plugin[];
  nodes: NodeTable;
  /** A number in [0, 1). */
  random(): number;
  /** Where the next search begins, so that all nodes get their turn. Changed by each cycle. */
  start: { index: number };
}

/** Fewer nodes than this are all looked at; at least this many are found if they are there. */
const feasibleMin = 100;

/** How many nodes that fit are enough, of so many: half of them for small clusters down to a twentieth for large ones. */
export function enoughNodes(total: number): number {
  if (total < feasibleMin) return total;
  const percent = Math.max(5, 50 - Math.floor(total / 125));
  return Math.max(feasibleMin, Math.floor((total * percent) / 100));
}

/** Finds the best node for a pod. Reads only; runs to its end without waiting. */
export function schedulePod(pod: PodInfo, context: CycleContext): Decision {
  const { plugins, nodes } = context;
  const total = nodes.list.length;
  if (total === 0) return { message: "no nodes available to schedule pods", plugins: new Set() };
  const states = new Map<Plugin, unknown>();
  const filters: Plugin[] = [];
  let allowed: Set<string> | undefined;
  for (const plugin of plugins) {
    const found = plugin.preFilter?.(pod, nodes);
    if (found?.reject !== undefined) {
      const message = `0/${total} nodes are available: ${found.reject}. ${preemptionMessage(pod, total, total, 0)}`;
      return { message, plugins: new Set([plugin.name]) };
    }
    if (found?.nodes) {
      const { nodes: wanted } = found;
      allowed = allowed ? allowed.intersection(wanted) : new Set(wanted);
    }
    if (plugin.filter && !found?.skip) {
      filters.push(plugin);
      states.set(plugin, found?.state);
    }
  }
  const search = findFeasible(pod, context, filters, states, allowed);
  if (search.feasible.length === 0) return refusal(pod, nodes, search, allowed);
  if (search.feasible.length === 1) return { node: search.feasible[0]! };
  return { node: best(pod, search.feasible, context) };
}

interface Search {
  feasible: NodeInfo[];
  rejected: { node: NodeInfo; plugin: string; rejection: Rejection }[];
}

function findFeasible(
  pod: PodInfo,
  { nodes, start }: CycleContext,
  filters: readonly Plugin[],
  states: ReadonlyMap<Plugin, unknown>,
  allowed: ReadonlySet<string> | undefined,
): Search {
  const { list } = nodes;
  const enough = enoughNodes(list.length);
  const feasible: NodeInfo[] = [];
  const rejected: Search["rejected"] = [];
  let seen = 0;
  for (; seen < list.length && feasible.length < enough; seen++) {
    const node = list[(start.index + seen) % list.length]!;
    if (allowed && !allowed.has(node.name)) continue;
    let fits = true;
    for (const plugin of filters) {
      const rejection = plugin.filter!(pod, node, states.get(plugin));
      if (!rejection) continue;
      rejected.push({ node, plugin: plugin.name, rejection });
      fits = false;
      break;
    }
    if (fits) feasible.push(node);
  }
  start.index = (start.index + seen) % list.length;
  return { feasible, rejected };
}

function refusal(
  pod: PodInfo,
  { list }: NodeTable,
  { rejected }: Search,
  allowed: ReadonlySet<string> | undefined,
): Decision {
  const counts = new Map<string, number>();
  const plugins = new Set<string>();
  let unresolvable = allowed ? list.length - rejected.length : 0;
  let victims = 0;
  for (const { node, plugin, rejection } of rejected) {
    plugins.add(plugin);
    for (const reason of rejection.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    if (rejection.unresolvable) unresolvable++;
    else if ([...node.pods.values()].some(({ priority }) => priority < pod.priority)) victims++;
  }
  if (allowed && list.length > rejected.length) {
    // Nodes that a plugin ruled out beforehand are told of in its words.
    const reason = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
    counts.set(reason, list.length - rejected.length);
    plugins.add("NodeAffinity");
  }
  const reasons = Array.from(counts, ([reason, count]) => `${count} ${reason}`).sort();
  const message = `0/${list.length} nodes are available: ${reasons.join(", ")}. ${preemptionMessage(pod, list.length, unresolvable, victims)}`;
  return { message, plugins };
}

/** Why preemption does not help either. */
function preemptionMessage(pod: PodInfo, total: number, unresolvable: number, victims: number): string {
  const intro = `preemption: 0/${total} nodes are available: `;
  if (pod.pod.spec.preemptionPolicy === "Never") return "preemption: not eligible due to preemptionPolicy=Never.";
  if (victims > 0) return `preemption: not supported yet: ${victims} node(s) have pods of lower priority.`;
  const rest = total - unresolvable;
  const parts = [];
  if (rest > 0) parts.push(`${rest} No preemption victims found for incoming pod`);
  if (unresolvable > 0) parts.push(`${unresolvable} Preemption is not helpful for scheduling`);
  return `${intro}${parts.sort().join(", ")}.`;
}

function best(pod: PodInfo, feasible: readonly NodeInfo[], { plugins, nodes, random }: CycleContext): NodeInfo {
  const totals = new Array<number>(feasible.length).fill(0);
  for (const plugin of plugins) {
    if (!plugin.score) continue;
    const state = plugin.preScore ? plugin.preScore(pod, feasible, nodes) : {};
    if (state === undefined) continue;
    const scores = feasible.map((node) => plugin.score!(pod, node, state));
    plugin.normalize?.(scores);
    const weight = plugin.weight ?? 1;
    for (let index = 0; index < scores.length; index++) totals[index]! += scores[index]! * weight;
  }
  let winner = 0;
  let equals = 1;
  for (let index = 1; index < totals.length; index++) {
    if (totals[index]! > totals[winner]!) {
      winner = index;
      equals = 1;
    } else if (totals[index] === totals[winner] && random() * ++equals < 1) winner = index;
  }
  return feasible[winner]!;
}
