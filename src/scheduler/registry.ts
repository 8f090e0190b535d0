import type { Plugin } from "./framework/plugin.ts";
import { defaultBinder } from "./plugins/defaultbinder/defaultbinder.ts";
import { imageLocality } from "./plugins/imagelocality/imagelocality.ts";
import { nodeAffinity } from "./plugins/nodeaffinity/nodeaffinity.ts";
import { nodeName } from "./plugins/nodename/nodename.ts";
import { nodePorts } from "./plugins/nodeports/nodeports.ts";
import { nodeResourcesBalancedAllocation } from "./plugins/noderesources/balanced.ts";
import { nodeResourcesFit } from "./plugins/noderesources/fit.ts";
import { nodeUnschedulable } from "./plugins/nodeunschedulable/nodeunschedulable.ts";
import { prioritySort } from "./plugins/prioritysort/prioritysort.ts";
import { schedulingGates } from "./plugins/schedulinggates/schedulinggates.ts";
import { taintToleration } from "./plugins/tainttoleration/tainttoleration.ts";
import { unsupported } from "./plugins/unsupported/unsupported.ts";

/** All plugins, in the order in which they are asked. */
export const plugins: readonly Plugin[] = [
  schedulingGates,
  prioritySort,
  unsupported,
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  nodeResourcesBalancedAllocation,
  imageLocality,
  defaultBinder,
];
