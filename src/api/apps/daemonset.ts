import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { isChanged, templateWarnings } from "../core/podspec/warnings.ts";
import { type FieldError, FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { selects } from "../machinery/selector.ts";
import {
  checkImmutable,
  checkLabelSelector,
  checkNonNegative,
  type Errors,
  isEmptySelector,
  sameValue,
} from "../parts/checks.ts";
import { ageColumn, containerColumns, integer, labelsText, selectorText, text, wide } from "../parts/columns.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { amountOf, checkCollisions, checkCountOrPercent, checkEndlessTemplate, checkNotOverAll } from "./validation.ts";

type DaemonSet = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const templatePath = specPath.child("template");

/** How often the template has changed, as an annotation: what is left of a field of old. */
const templateGeneration = "deprecated.daemonset.template.generation";

function setTemplateGeneration({ metadata }: DaemonSet, value: number): void {
  metadata.annotations = { ...metadata.annotations, [templateGeneration]: `${value}` };
}

function templateGenerationOf({ metadata }: DaemonSet): number {
  return Number.parseInt(metadata.annotations?.[templateGeneration] ?? "", 10) || 0;
}

function defaults(set: DaemonSet): void {
  const { spec } = set;
  setTemplateGeneration(set, templateGenerationOf(set));
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

/** The strategy as the real server prints its own struct. */
const goStrategy: GoShape = {
  Type: ["type", ""],
  RollingUpdate: ["rollingUpdate", null, () => fields("MaxUnavailable MaxSurge", 0)],
};

function checkStrategy(errors: Errors, { type, rollingUpdate }: any, path: FieldPath): void {
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate") {
    errors.push(notSupported(path, goValue({ type, rollingUpdate }, goStrategy), ["RollingUpdate", "OnDelete"]));
    return;
  }
  const at = path.child("rollingUpdate");
  if (!rollingUpdate) {
    errors.push(required(at));
    return;
  }
  const { maxUnavailable, maxSurge } = rollingUpdate;
  checkCountOrPercent(errors, maxUnavailable, at.child("maxUnavailable"));
  checkNotOverAll(errors, maxUnavailable, at.child("maxUnavailable"));
  checkCountOrPercent(errors, maxSurge, at.child("maxSurge"));
  checkNotOverAll(errors, maxSurge, at.child("maxSurge"));
  const [hasUnavailable, hasSurge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  if (hasUnavailable && hasSurge) {
    errors.push(invalid(at.child("maxSurge"), maxSurge, "may not be set when maxUnavailable is non-zero"));
  } else if (!hasUnavailable && !hasSurge) {
    errors.push(required(at.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"));
  }
}

function validate({ spec }: DaemonSet): FieldError[] {
  const errors: FieldError[] = [];
  checkLabelSelector(errors, spec.selector, specPath.child("selector"));
  const labels = spec.template.metadata.labels;
  const isEmpty = spec.selector && isEmptySelector(spec.selector);
  if (errors.length === 0 && !isEmpty && !selects(spec.selector, labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(invalid(templatePath.child("metadata", "labels"), labels ?? null, why));
  }
  if (isEmpty)
    errors.push(invalid(specPath.child("selector"), spec.selector, "empty selector is invalid for daemonset"));
  checkEndlessTemplate(errors, spec.template, "DaemonSet", templatePath);
  checkNonNegative(errors, spec.minReadySeconds, () => specPath.child("minReadySeconds"));
  checkStrategy(errors, spec.updateStrategy, specPath.child("updateStrategy"));
  checkNonNegative(errors, spec.revisionHistoryLimit, () => specPath.child("revisionHistoryLimit"));
  return errors;
}

const counts = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
];

export const daemonSets = defineResource<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.apps.v1.DaemonSet",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  untabledAnnotations: [templateGeneration],
  defaults,
  prepareCreate(set) {
    dropGated(set.spec.template.spec);
    setTemplateGeneration(set, Math.max(templateGenerationOf(set), 1));
  },
  prepareUpdate(next, previous) {
    dropGated(next.spec.template.spec);
    const changed = !sameValue(next.spec.template, previous.spec.template);
    setTemplateGeneration(next, templateGenerationOf(previous) + (changed ? 1 : 0));
  },
  prepareStatusUpdate: (next, previous) => setTemplateGeneration(next, templateGenerationOf(previous)),
  checkedTwice: true,
  validate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.spec.selector, previous.spec.selector, () => specPath.child("selector"));
    return errors;
  },
  validateStatusUpdate({ status }, previous) {
    const errors: FieldError[] = [];
    for (const name of counts) checkNonNegative(errors, status?.[name], () => new FieldPath("status").child(name));
    checkCollisions(errors, status, previous.status, new FieldPath("status"));
    return errors;
  },
  warnings: (set, previous) => (isChanged(set, previous) ? templateWarnings(set.spec.template, templatePath) : []),
  columns: [
    integer("Desired", ({ status }) => status?.desiredNumberScheduled ?? 0),
    integer("Current", ({ status }) => status?.currentNumberScheduled ?? 0),
    integer("Ready", ({ status }) => status?.numberReady ?? 0),
    integer("Up-to-date", ({ status }) => status?.updatedNumberScheduled ?? 0),
    integer("Available", ({ status }) => status?.numberAvailable ?? 0),
    text("Node Selector", ({ spec }) => labelsText(spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
});
