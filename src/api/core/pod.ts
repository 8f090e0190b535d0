import { defineResource } from "../machinery/resource.ts";
import { partSubresource, proxySubresource, statusSubresource, streamSubresource } from "../parts/subresources.ts";
import { podColumns } from "./podcolumns.ts";

export const pods = defineResource({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Pod",
  subresources: [
    streamSubresource("attach", "PodAttachOptions"),
    { name: "binding", verbs: ["create"], kind: "Binding" },
    partSubresource("ephemeralcontainers"),
    { name: "eviction", verbs: ["create"], group: "policy", version: "v1", kind: "Eviction" },
    streamSubresource("exec", "PodExecOptions"),
    { name: "log", verbs: ["get"] },
    streamSubresource("portforward", "PodPortForwardOptions"),
    proxySubresource("PodProxyOptions"),
    partSubresource("resize"),
    statusSubresource,
  ],
  statusFields: ["status"],
  generation: true,
  columns: podColumns,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec?.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec?.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec?.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec?.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => `${spec?.hostNetwork ?? false}`,
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    "status.podIPs": ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
});
