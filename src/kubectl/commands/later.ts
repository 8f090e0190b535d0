// Commands that are not there yet. Each says so and fails.

import { type Command, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";

function later(path: string, summary: string): Command {
  return defineCommand({
    path,
    usage: "[options]",
    summary,
    flags: {},
    run: async () => {
      throw new CommandError(`not supported yet: ${path}`);
    },
  });
}

export const clusterInfoDump = later("cluster-info dump", "Dump relevant information for debugging and diagnosis");
export const debug = later("debug", "Create debugging sessions for troubleshooting workloads and nodes");
export const kustomize = later("kustomize", "Build a kustomization target from a directory or URL");
function withoutMetrics(path: string, summary: string): Command {
  return defineCommand({
    path,
    usage: "[NAME | -l label] [options]",
    summary,
    flags: {
      selector: { type: "string", short: "l", help: "Selector (label query) to filter on." },
      "all-namespaces": {
        type: "bool",
        short: "A",
        help: "If present, list the requested object(s) across all namespaces.",
      },
      containers: { type: "bool", help: "If present, print usage of containers within a pod." },
      "no-headers": { type: "bool", help: "If present, print output without headers" },
      "sort-by": { type: "string", help: "If non-empty, sort nodes list using specified field." },
    },
    async run(call) {
      const { groupVersions } = await (await call.discovery()).all(true);
      if (!groupVersions.some((each) => each.startsWith("metrics.k8s.io/")))
        throw new CommandError("Metrics API not available");
      throw new CommandError(`not supported yet: ${path}`);
    },
  });
}

export const topNode = withoutMetrics("top node", "Display resource (CPU/memory) usage of nodes");
export const topPod = withoutMetrics("top pod", "Display resource (CPU/memory) usage of pods");
