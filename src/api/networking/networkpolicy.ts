import { defineResource } from "../machinery/resource.ts";
import { ageColumn, selectorText, text } from "../parts/columns.ts";

export const networkPolicies = defineResource({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  scope: "Namespaced",
  schema: "io.k8s.api.networking.v1.NetworkPolicy",
  generation: true,
  columns: [text("Pod-Selector", ({ spec }) => selectorText(spec?.podSelector)), ageColumn],
});
