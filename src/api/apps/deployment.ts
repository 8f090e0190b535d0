import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { workloadWarnings } from "../core/podspec/warnings.ts";
import { type FieldError, FieldPath, forbiddenField, invalid, notSupported } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkImmutable, checkNonNegative, type Errors, isEmptySelector, sameValue } from "../parts/checks.ts";
import { ageColumn, containerColumns, selectorText, text, wide } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";
import {
  amountOf,
  checkCollisions,
  checkCountOrPercent,
  checkCounts,
  checkEndlessTemplate,
  checkNotOverAll,
  checkSelector,
  checkTemplateFits,
  isUsable,
} from "./validation.ts";

type Deployment = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const templatePath = specPath.child("template");

function defaults({ spec }: Deployment): void {
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= "RollingUpdate";
  if (spec.strategy.type === "RollingUpdate") {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
    spec.strategy.rollingUpdate.maxSurge ??= "25%";
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

function checkRollingUpdate(errors: Errors, { maxSurge, maxUnavailable }: any, path: FieldPath): void {
  const [surge, unavailable] = [path.child("maxSurge"), path.child("maxUnavailable")];
  checkCountOrPercent(errors, maxUnavailable, unavailable);
  checkCountOrPercent(errors, maxSurge, surge);
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0 && isCount(maxSurge)) {
    errors.push(invalid(unavailable, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  checkNotOverAll(errors, maxUnavailable, unavailable);
}

const isCount = (value: unknown): boolean => typeof value === "number" || /^\d+%$/.test(`${value}`);

function checkStrategy(errors: Errors, strategy: any, path: FieldPath): void {
  const { type, rollingUpdate } = strategy;
  if (type === "Recreate") {
    if (!rollingUpdate) return;
    const why = "may not be specified when strategy `type` is 'Recreate'";
    errors.push(forbiddenField(path.child("rollingUpdate"), why));
  } else if (type === "RollingUpdate") {
    checkRollingUpdate(errors, rollingUpdate ?? {}, path.child("rollingUpdate"));
  } else {
    // The real server prints its own struct here.
    const shown = { Type: type, RollingUpdate: rollingUpdate ?? null };
    errors.push(notSupported(path, shown, ["Recreate", "RollingUpdate"]));
  }
}

function validate({ spec }: Deployment): FieldError[] {
  const errors: FieldError[] = [];
  checkNonNegative(errors, spec.replicas, () => specPath.child("replicas"));
  checkSelector(errors, spec.selector, "deployment", specPath.child("selector"));
  if (!spec.selector || isEmptySelector(spec.selector) || isUsable(errors, spec.selector, specPath.child("selector"))) {
    checkTemplateFits(errors, spec.selector, spec.template, templatePath);
    checkEndlessTemplate(errors, spec.template, "ReplicaSet", templatePath);
  }
  checkStrategy(errors, spec.strategy, specPath.child("strategy"));
  checkNonNegative(errors, spec.minReadySeconds, () => specPath.child("minReadySeconds"));
  checkNonNegative(errors, spec.revisionHistoryLimit, () => specPath.child("revisionHistoryLimit"));
  const deadline = spec.progressDeadlineSeconds;
  checkNonNegative(errors, deadline, () => specPath.child("progressDeadlineSeconds"));
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid(specPath.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"));
  }
  return errors;
}

const counts = [
  "observedGeneration",
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
];

function validateStatusUpdate({ status }: Deployment, previous: Deployment): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("status");
  const bounded = ["updatedReplicas", "readyReplicas", "availableReplicas"];
  checkCounts(errors, status, [...counts, "terminatingReplicas"], bounded, path);
  checkCollisions(errors, status, previous.status, path);
  return errors;
}

export const deployments = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.Deployment",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  statusKeeps: ["labels"],
  generation: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  defaults,
  prepareCreate: ({ spec }) => dropGated(spec.template.spec),
  prepareUpdate(next, previous) {
    dropGated(next.spec.template.spec);
    // The specification is counted for all kinds; here what annotates a rollout counts as well.
    if (!sameValue(next.metadata.annotations, previous.metadata.annotations))
      next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  },
  metadataAsChange: true,
  validate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.spec.selector, previous.spec.selector, () => specPath.child("selector"));
    return errors;
  },
  validateStatusUpdate,
  warnings: (object, previous) => workloadWarnings(object, previous, object.spec.template, templatePath),
  columns: [
    text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    text("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0),
    text("Available", ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
});
