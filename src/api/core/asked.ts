// Resources without objects of their own: the API server answers them itself.

import { defineResource } from "../machinery/resource.ts";
import { text } from "../parts/columns.ts";
import { createOnly } from "../parts/subresources.ts";

export const bindings = defineResource({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  scope: "Namespaced",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.core.v1.Binding",
});

const healthy = (object: any) => object.conditions?.find(({ type }: { type: string }) => type === "Healthy");

function healthText(object: any): string {
  const status = healthy(object)?.status;
  return status === "True" ? "Healthy" : status === "False" ? "Unhealthy" : "Unknown";
}

export const componentStatuses = defineResource({
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  scope: "Cluster",
  verbs: ["get", "list"],
  stored: false,
  schema: "io.k8s.api.core.v1.ComponentStatus",
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  columns: [
    text("Status", healthText),
    text("Message", (object) => healthy(object)?.message ?? ""),
    text("Error", (object) => healthy(object)?.error ?? ""),
  ],
});
