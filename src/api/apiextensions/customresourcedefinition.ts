import { defineResource } from "../machinery/resource.ts";
import { createdAtColumn } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

export const customResourceDefinitions = defineResource({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
  storagePrefix: "apiextensions.k8s.io/customresourcedefinitions",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  unconditionalUpdate: false,
  columns: [createdAtColumn],
});
