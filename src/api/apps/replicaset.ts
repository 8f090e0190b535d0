import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { workloadWarnings } from "../core/podspec/warnings.ts";
import { type FieldError, FieldPath, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkImmutable, checkNonNegative, isEmptySelector } from "../parts/checks.ts";
import { ageColumn, containerColumns, integer, selectorText, wide } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";
import { checkCounts, checkEndlessTemplate, checkSelector, checkTemplateFits, isUsable } from "./validation.ts";

type ReplicaSet = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const templatePath = specPath.child("template");

function defaults({ spec }: ReplicaSet): void {
  spec.replicas ??= 1;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

function validate({ spec }: ReplicaSet): FieldError[] {
  const errors: FieldError[] = [];
  checkNonNegative(errors, spec.replicas, () => specPath.child("replicas"));
  checkNonNegative(errors, spec.minReadySeconds, () => specPath.child("minReadySeconds"));
  checkSelector(errors, spec.selector, "deployment", specPath.child("selector"));
  if (
    spec.selector &&
    !isEmptySelector(spec.selector) &&
    !isUsable(errors, spec.selector, specPath.child("selector"))
  ) {
    return errors;
  }
  if (!spec.template) return [...errors, required(templatePath)];
  checkTemplateFits(errors, spec.selector, spec.template, templatePath);
  checkEndlessTemplate(errors, spec.template, "ReplicaSet", templatePath);
  return errors;
}

const counts = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "terminatingReplicas",
  "observedGeneration",
];

export const replicaSets = defineResource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.ReplicaSet",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  defaults,
  prepareCreate: ({ spec }) => dropGated(spec.template.spec),
  prepareUpdate: ({ spec }) => dropGated(spec.template.spec),
  metadataAsChange: true,
  validate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.spec.selector, previous.spec.selector, () => specPath.child("selector"));
    return errors;
  },
  validateStatusUpdate({ status }) {
    const errors: FieldError[] = [];
    const bounded = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
    checkCounts(errors, status, counts, bounded, new FieldPath("status"));
    return errors;
  },
  warnings: (object, previous) => workloadWarnings(object, previous, object.spec.template, templatePath),
  columns: [
    integer("Desired", ({ spec }) => spec?.replicas ?? 0),
    integer("Current", ({ status }) => status?.replicas ?? 0),
    integer("Ready", ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
});
