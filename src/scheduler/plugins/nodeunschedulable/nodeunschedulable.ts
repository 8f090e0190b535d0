import { tolerates } from "../../../api/core/node_match.ts";
import type { Plugin } from "../../framework/plugin.ts";

const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const rejection = { reasons: ["node(s) were unschedulable"], unresolvable: true };

/** Cordoned nodes take only pods that tolerate it. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter({ pod }, { node }) {
    if (!node.spec?.unschedulable) return undefined;
    return tolerates(pod.spec.tolerations, taint) ? undefined : rejection;
  },
  wokenBy: (event) =>
    event.type === "nodeAdded" || (event.type === "nodeChanged" && event.changed.has("unschedulable")),
};
