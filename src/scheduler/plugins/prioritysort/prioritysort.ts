import type { Plugin } from "../../framework/plugin.ts";

/** Higher priorities first; the queue itself keeps equal ones in the order in which they came. */
export const prioritySort: Plugin = {
  name: "PrioritySort",
  queueSort: (a, b) => b.priority - a.priority,
};
