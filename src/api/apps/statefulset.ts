import { claimSpecWarnings, defaultClaimSpec } from "../core/claimspec.ts";
import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { isChanged, templateWarnings } from "../core/podspec/warnings.ts";
import { type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { dns1123Label } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkNonNegative, checkRequiredOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, containerColumns, text } from "../parts/columns.ts";
import { scaleSubresource, statusSubresource } from "../parts/subresources.ts";
import {
  checkCollisions,
  checkCountOrPercent,
  checkCounts,
  checkEndlessTemplate,
  checkNotOverAll,
  checkSelector,
  checkTemplateFits,
  isUsable,
} from "./validation.ts";

type StatefulSet = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const templatePath = specPath.child("template");

function defaults({ spec }: StatefulSet): void {
  spec.podManagementPolicy ||= "OrderedReady";
  spec.updateStrategy ??= {};
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = "RollingUpdate";
    spec.updateStrategy.rollingUpdate ??= {};
  }
  if (spec.updateStrategy.type === "RollingUpdate" && spec.updateStrategy.rollingUpdate) {
    spec.updateStrategy.rollingUpdate.partition ??= 0;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
  if (spec.ordinals) spec.ordinals.start ??= 0;
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= "v1";
    claim.kind ??= "PersistentVolumeClaim";
    claim.spec ??= {};
    defaultClaimSpec(claim.spec);
    claim.status ??= {};
    claim.status.phase ??= "Pending";
  }
}

/** How many may be missing at once is behind a gate that is off (KEP-961). */
function dropGatedFields({ spec }: StatefulSet): void {
  delete spec.updateStrategy.rollingUpdate?.maxUnavailable;
  dropGated(spec.template.spec);
}

function checkStrategy(errors: Errors, { type, rollingUpdate }: any, path: FieldPath): void {
  const shownUpdate = rollingUpdate
    ? { Partition: rollingUpdate.partition, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }
    : null;
  if (!type) errors.push(required(path));
  else if (type === "OnDelete") {
    if (!rollingUpdate) return;
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    errors.push(invalid(path.child("rollingUpdate"), shownUpdate, why));
  } else if (type === "RollingUpdate") {
    const at = path.child("rollingUpdate");
    checkNonNegative(errors, rollingUpdate?.partition, () => at.child("partition"));
    checkCountOrPercent(errors, rollingUpdate?.maxUnavailable, at.child("maxUnavailable"));
    checkNotOverAll(errors, rollingUpdate?.maxUnavailable, at.child("maxUnavailable"));
  } else {
    errors.push(invalid(path, { Type: type, RollingUpdate: shownUpdate }, "must be 'RollingUpdate' or 'OnDelete'"));
  }
}

function checkRetention(errors: Errors, policy: any, path: FieldPath): void {
  for (const field of ["whenDeleted", "whenScaled"] as const) {
    checkRequiredOneOf(errors, policy[field], ["Retain", "Delete"], () => path.child(field));
  }
}

function validate({ spec }: StatefulSet): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.podManagementPolicy !== "OrderedReady" && spec.podManagementPolicy !== "Parallel") {
    const why = "must be 'OrderedReady' or 'Parallel'";
    errors.push(invalid(specPath.child("podManagementPolicy"), spec.podManagementPolicy, why));
  }
  checkStrategy(errors, spec.updateStrategy, specPath.child("updateStrategy"));
  checkRetention(
    errors,
    spec.persistentVolumeClaimRetentionPolicy,
    specPath.child("persistentVolumeClaimRetentionPolicy"),
  );
  checkNonNegative(errors, spec.replicas, () => specPath.child("replicas"));
  checkNonNegative(errors, spec.minReadySeconds, () => specPath.child("minReadySeconds"));
  checkNonNegative(errors, spec.ordinals?.start, () => specPath.child("ordinals", "start"));
  if (spec.serviceName) {
    addInvalid(errors, () => specPath.child("serviceName"), spec.serviceName, dns1123Label(spec.serviceName));
  }
  checkSelector(errors, spec.selector, "statefulset", specPath.child("selector"));
  if (isUsable(errors, spec.selector, specPath.child("selector"), "")) {
    checkTemplateFits(errors, spec.selector, spec.template, templatePath);
    checkEndlessTemplate(errors, spec.template, "StatefulSet", templatePath);
  }
  return errors;
}

const mutable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

function validateUpdate(next: StatefulSet, previous: StatefulSet): FieldError[] {
  const merged = { ...next.spec };
  for (const field of mutable) merged[field] = previous.spec[field];
  if (sameValue(merged, previous.spec)) return [];
  const list = `${mutable
    .slice(0, -1)
    .map((field) => `'${field}'`)
    .join(", ")} and 'minReadySeconds'`;
  return [forbiddenField(specPath, `updates to statefulset spec for fields other than ${list} are forbidden`)];
}

function* warnings(set: StatefulSet, previous?: StatefulSet): Iterable<string> {
  const { template, volumeClaimTemplates = [], revisionHistoryLimit } = set.spec;
  if (isChanged(set, previous)) yield* templateWarnings(template, templatePath);
  for (const [index, claim] of volumeClaimTemplates.entries()) {
    const at = specPath.child("volumeClaimTemplates").index(index);
    // The capital in a change's path is the real server's own.
    yield* claimSpecWarnings(claim.spec, at.child(previous ? "Spec" : "spec"));
  }
  if (revisionHistoryLimit < 0) {
    const why = "a negative value retains all historical revisions; a value >= 0 is recommended";
    yield `${specPath.child("revisionHistoryLimit")}: ${why}`;
  }
}

const counts = [
  "replicas",
  "readyReplicas",
  "currentReplicas",
  "updatedReplicas",
  "availableReplicas",
  "observedGeneration",
];

export const statefulSets = defineResource<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  scope: "Namespaced",
  // Its pods are named after it, and their names are labels.
  nameRule: "dns1123label",
  schema: "io.k8s.api.apps.v1.StatefulSet",
  subresources: [scaleSubresource, statusSubresource],
  statusFields: ["status"],
  generation: true,
  scale: { specReplicas: "spec.replicas", statusReplicas: "status.replicas", selector: "spec.selector" },
  defaults,
  prepareCreate: dropGatedFields,
  prepareUpdate: dropGatedFields,
  metadataAsChange: true,
  validate,
  validateUpdate,
  validateStatusUpdate({ status }, previous) {
    const errors: FieldError[] = [];
    const bounded = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    const path = new FieldPath("status");
    checkCounts(errors, status, counts, bounded, path, "status.readyReplicas");
    checkCollisions(errors, status, previous.status, path);
    return errors;
  },
  warnings,
  columns: [
    text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
  ],
});
