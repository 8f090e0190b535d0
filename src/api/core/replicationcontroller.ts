import { checkCounts, checkEndlessTemplate } from "../apps/validation.ts";
import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { selectsMap } from "../machinery/selector.ts";
import { checkNonNegative } from "../parts/checks.ts";
import { ageColumn, containerColumns, integer, labelsText, wide } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";
import { defaultPodTemplate, dropGated } from "./podspec/defaults.ts";
import { workloadWarnings } from "./podspec/warnings.ts";

type ReplicationController = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const templatePath = specPath.child("template");

/** The oldest of its family takes its selector, and its own labels, from the template. */
function defaults({ metadata, spec }: ReplicationController): void {
  spec.replicas ??= 1;
  if (!spec.template) return;
  defaultPodTemplate(spec.template);
  const labels = spec.template.metadata.labels;
  if (!labels) return;
  if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
  if (!metadata.labels || Object.keys(metadata.labels).length === 0) metadata.labels = { ...labels };
}

function validate({ spec }: ReplicationController): FieldError[] {
  const errors: FieldError[] = [];
  checkNonNegative(errors, spec.minReadySeconds, () => specPath.child("minReadySeconds"));
  const selector = spec.selector ?? {};
  if (Object.keys(selector).length === 0) errors.push(required(specPath.child("selector")));
  checkNonNegative(errors, spec.replicas, () => specPath.child("replicas"));
  if (!spec.template) return [...errors, required(templatePath)];
  const labels = spec.template.metadata?.labels;
  if (Object.keys(selector).length > 0 && !selectsMap(selector, labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(invalid(templatePath.child("metadata", "labels"), labels ?? null, why));
  }
  checkEndlessTemplate(errors, spec.template, "ReplicationController", templatePath);
  return errors;
}

const counts = ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];

export const replicationControllers = defineResource<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ReplicationController",
  storagePrefix: "controllers",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  defaultDeletion: "orphan",
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  defaults,
  prepareCreate: ({ spec }) => dropGated(spec.template?.spec),
  prepareUpdate: ({ spec }) => dropGated(spec.template?.spec),
  checkedTwice: true,
  validate,
  validateStatusUpdate({ status }) {
    const errors: FieldError[] = [];
    const bounded = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
    checkCounts(errors, status, counts, bounded, new FieldPath("status"));
    return errors;
  },
  // A change warns of the template that was: the real server takes one for the other.
  warnings: (object, previous) => workloadWarnings(object, previous, (previous ?? object).spec.template, templatePath),
  columns: [
    integer("Desired", ({ spec }) => spec?.replicas ?? 0),
    integer("Current", ({ status }) => status?.replicas ?? 0),
    integer("Ready", ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => labelsText(spec?.selector)),
  ],
  selectableFields: { "status.replicas": ({ status }) => `${status?.replicas ?? 0}` },
});
