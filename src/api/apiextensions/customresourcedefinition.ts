import { sameJson } from "../../base/equal.ts";
import { defineResource } from "../machinery/resource.ts";
import { createdAtColumn } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { formatWarnings } from "./format_warnings.ts";
import type { Definition } from "./types.ts";
import { definitionErrors, definitionUpdateErrors, statusErrors } from "./validation.ts";

const cleanup = "customresourcecleanup.apiextensions.k8s.io";

export const customResourceDefinitions = defineResource<Definition>({
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
  defaults({ spec }) {
    spec.names ??= {} as Definition["spec"]["names"];
    const { names } = spec;
    if (names.kind) {
      names.singular ||= names.kind.toLowerCase();
      names.listKind ||= `${names.kind}List`;
    }
    for (const version of spec.versions ?? []) {
      version.served ??= false;
      version.storage ??= false;
    }
    spec.conversion ??= { strategy: "None" };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
  },
  prepareCreate(draft) {
    draft.status = {};
    keepStoredVersions(draft, []);
  },
  prepareUpdate(draft, previous) {
    keepStoredVersions(draft, previous.status?.storedVersions ?? []);
  },
  validateCreate: definitionErrors,
  validateUpdate: definitionUpdateErrors,
  validateStatusUpdate: statusErrors,
  warnings: formatWarnings,
  /** Its own finalizer holds it until the server has removed all of its objects. */
  beginDeletion(draft, now) {
    const finalizers = draft.metadata.finalizers ?? [];
    if (!finalizers.includes(cleanup)) draft.metadata.finalizers = [...finalizers, cleanup];
    const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== "Terminating");
    const terminating = {
      type: "Terminating",
      status: "True" as const,
      lastTransitionTime: new Date(now).toISOString().replace(/\.\d+Z$/, "Z"),
      reason: "InstanceDeletionPending",
      message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    };
    draft.status = { ...draft.status, conditions: [...others, terminating] };
  },
});

/** The versions that objects may be stored in: all that ever were the storage version, until somebody migrated them. */
function keepStoredVersions(draft: Definition, before: readonly string[]): void {
  const storage = draft.spec.versions?.find((version) => version.storage)?.name;
  const storedVersions = storage === undefined || before.includes(storage) ? [...before] : [...before, storage];
  if (storedVersions.length > 0 && !sameJson(draft.status?.storedVersions, storedVersions))
    draft.status = { ...draft.status, storedVersions };
}
