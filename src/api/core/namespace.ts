import { allVerbs, defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const namespaces = defineResource({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  scope: "Cluster",
  verbs: allVerbs.filter((verb) => verb !== "deletecollection"),
  schema: "io.k8s.api.core.v1.Namespace",
  subresources: [{ name: "finalize", verbs: ["update"] }, statusSubresource],
  statusFields: ["status"],
  nameRule: "dns1123label",
  columns: [text("Status", ({ status }) => status?.phase ?? ""), ageColumn],
  selectableFields: { "status.phase": ({ status }) => status?.phase ?? "" },
});
