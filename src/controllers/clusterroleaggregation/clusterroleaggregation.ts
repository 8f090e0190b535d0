import type { KubeObject } from "../../api/machinery/object.ts";
import { type LabelSelector, selects } from "../../api/machinery/selector.ts";
import { sameJson } from "../../base/equal.ts";
import type { Action, Controller, View } from "../../client/mod.ts";

const clusterRoles = "clusterroles.rbac.authorization.k8s.io";

/** Gives ClusterRoles with an aggregation rule the rules of those that it selects (RBAC, "Aggregated ClusterRoles"). */
export const clusterRoleAggregationController: Controller = {
  name: "clusterrole-aggregation",
  primary: clusterRoles,
  // Whoever is selected may be any: every change of a role matters to all that gather.
  watches: [{ resource: clusterRoles, keys: (_, view) => gatherers(view) }],
  plan: planAggregation,
};

function* gatherers(view: View): Iterable<string> {
  for (const role of view.list(clusterRoles)) if (role.aggregationRule) yield role.metadata.name;
}

/** Plans the rules of one role. Roles are gathered by name, each rule once. Pure. */
export function planAggregation(role: KubeObject, view: View): Action[] {
  const selectors: LabelSelector[] | undefined = role.aggregationRule?.clusterRoleSelectors;
  if (!role.aggregationRule || role.metadata.deletionTimestamp !== undefined) return [];
  const rules: object[] = [];
  for (const selector of selectors ?? []) {
    const selected = [...view.list(clusterRoles)]
      .filter((each) => each.metadata.name !== role.metadata.name && selects(selector, each.metadata.labels))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    for (const rule of selected.flatMap((each) => each.rules ?? []))
      if (!rules.some((known) => sameJson(known, rule))) rules.push(rule);
  }
  if (sameJson(rules, role.rules ?? [])) return [];
  return [{ do: "update", resource: clusterRoles, object: { ...role, rules } }];
}
