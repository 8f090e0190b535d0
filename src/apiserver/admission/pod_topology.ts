import type { KubeObject } from "../../api/machinery/object.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";

const topologyLabels = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/** Where the node of that name is, as labels for its pods (KEP-4742). */
export function topologyOf(registry: Registry, nodeName: string | undefined): Record<string, string> {
  const nodes = cacheOf(registry, registry.resources.byId("nodes")!);
  const labels: KubeObject["metadata"]["labels"] = nodeName ? nodes.get(nodeName)?.object.metadata.labels : undefined;
  const found: Record<string, string> = {};
  for (const name of topologyLabels) if (labels?.[name] !== undefined) found[name] = labels[name];
  return found;
}

/** Pods that are created on a node learn where it is (PodTopologyLabels); others learn it when they are bound. */
export function podTopologyLabels(registry: () => Registry): AdmissionPlugin {
  return {
    name: "PodTopologyLabels",
    mutate({ operation, scope, draft, subresource }) {
      if (operation !== "CREATE" || scope.resource.id !== "pods" || subresource || !draft?.spec?.nodeName) return;
      const found = topologyOf(registry(), draft.spec.nodeName);
      if (Object.keys(found).length > 0) draft.metadata.labels = { ...draft.metadata.labels, ...found };
    },
  };
}
