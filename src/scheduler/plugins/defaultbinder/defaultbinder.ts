import type { Plugin } from "../../framework/plugin.ts";

/** Writes the decision as the pod's binding. */
export const defaultBinder: Plugin = {
  name: "DefaultBinder",
  async bind({ pod, uid }, nodeName, client) {
    const { namespace, name } = pod.metadata;
    const target = { apiVersion: "v1", kind: "Node", name: nodeName };
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { namespace, name, uid }, target };
    await client.create("pods", binding, { subresource: "binding" });
  },
};
