import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { goPodSpec } from "../core/podspec/goshape.ts";
import { humanDuration } from "../machinery/duration.ts";
import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { dns1123Label } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { selects } from "../machinery/selector.ts";
import { checkImmutable, checkLabelSelector, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, containerColumns, selectorText, text, wide } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

import { checkJobSpec, defaultFailurePolicy, jobWarnings, shownFailurePolicy, shownSuccessPolicy } from "./jobspec.ts";
import { checkJobStatus } from "./jobstatus.ts";

type Job = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const uidLabel = "batch.kubernetes.io/controller-uid";
const nameLabel = "batch.kubernetes.io/job-name";
const oldUidLabel = "controller-uid";
const oldNameLabel = "job-name";

/** A job without labels has those of its pods: one and the same object until the job is stored. */
function shareLabels({ metadata, spec }: Job): void {
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

/** Reading fills in labels too: a status written without any stores none. */
function shownAs(job: Job): Job {
  const labels = job.spec.template?.metadata?.labels;
  if (!labels || Object.keys(job.metadata.labels ?? {}).length > 0) return job;
  return { ...job, metadata: { ...job.metadata, labels } };
}

function defaults(job: Job): void {
  const { spec, status } = job;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  defaultFailurePolicy(spec);
  spec.template ??= {};
  defaultPodTemplate(spec.template);
  for (const condition of status?.conditions ?? []) {
    condition.lastProbeTime ??= null;
    condition.lastTransitionTime ??= null;
  }
  shareLabels(job);
}

/** A job selects its own pods and nobody else's, unless its author takes that upon himself. */
function prepareCreate({ metadata, spec }: Job): void {
  dropGated(spec.template.spec);
  if (spec.manualSelector) return;
  const { uid, name = "" } = metadata;
  const before = spec.template.metadata.labels;
  const labels = { ...before, [uidLabel]: uid, [nameLabel]: name, [oldUidLabel]: uid, [oldNameLabel]: name };
  if (before && metadata.labels === before) metadata.labels = labels;
  spec.template.metadata.labels = labels;
  spec.selector ??= {};
  spec.selector.matchLabels = { ...spec.selector.matchLabels, [uidLabel]: uid };
}

/** What the server adds to a new job's selector must not be at odds with what its author wrote there. */
function checkGenerated(errors: Errors, { metadata, spec }: Job): void {
  const { uid, name = "" } = metadata;
  if (spec.manualSelector || spec.selector?.matchLabels?.[uidLabel] !== uid) return;
  const labels = { [uidLabel]: uid, [nameLabel]: name, [oldUidLabel]: uid, [oldNameLabel]: name } as any;
  if (selects(spec.selector, labels)) return;
  errors.push(invalid(specPath.child("selector"), spec.selector, "`selector` not auto-generated"));
}

/** The last pod of an indexed job has its index in its host name. */
function validateCreate({ metadata, spec }: Job): FieldError[] {
  if (spec.completionMode !== "Indexed" || !(spec.completions > 0) || !metadata.name) return [];
  const last = `${metadata.name}-${spec.completions - 1}`;
  if (dns1123Label(last).length === 0) return [];
  const why = `will not able to create pod with invalid DNS label: ${last}`;
  return [invalid(new FieldPath("metadata").child("name"), metadata.name, why)];
}

function validate(job: Job): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = job;
  checkGenerated(errors, job);
  checkJobSpec(errors, spec, specPath);
  if (!spec.selector) return [...errors, required(specPath.child("selector"))];
  checkLabelSelector(errors, spec.selector, specPath.child("selector"));
  const labels = spec.template.metadata.labels;
  if (!selects(spec.selector, labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(invalid(specPath.child("template", "metadata", "labels"), labels ?? null, why));
  }
  return errors;
}

/** Where the pods of a suspended job will run may still change (KEP-2926), and so may what they ask for. */
function withoutDirectives(template: any): any {
  const { labels: _, annotations: __, ...metadata } = template.metadata ?? {};
  const { nodeSelector, affinity, tolerations, schedulingGates, ...spec } = template.spec;
  const { nodeAffinity, ...others } = affinity ?? {};
  const containers = spec.containers?.map(({ resources, ...rest }: any) => rest);
  return { metadata, spec: { ...spec, containers, affinity: others } };
}

function checkTemplateUpdate(errors: Errors, next: Job, previous: Job): void {
  const [now, before] = [next.spec.template, previous.spec.template];
  const mayMove = previous.spec.suspend && !previous.status?.startTime;
  if (mayMove ? sameValue(withoutDirectives(now), withoutDirectives(before)) : sameValue(now, before)) return;
  // The real server prints its own struct here.
  const shown = { ...now.metadata, Spec: goPodSpec(now.spec) };
  errors.push(invalid(specPath.child("template"), shown, "field is immutable"));
}

/** The size of an indexed job changes as a whole (KEP-3715). */
function checkCompletionsUpdate(errors: Errors, next: Job, previous: Job): void {
  const path = () => specPath.child("completions");
  const [now, before] = [next.spec, previous.spec];
  if (before.completionMode !== "Indexed") {
    checkImmutable(errors, now.completions, before.completions, path);
  } else if (now.completions !== before.completions && now.completions !== undefined) {
    if (now.completions === now.parallelism) return;
    errors.push(invalid(path(), now.completions, "can only be modified in tandem with spec.parallelism"));
  }
}

function validateUpdate(next: Job, previous: Job): FieldError[] {
  const errors: FieldError[] = [];
  checkCompletionsUpdate(errors, next, previous);
  checkImmutable(errors, next.spec.selector, previous.spec.selector, () => specPath.child("selector"));
  checkTemplateUpdate(errors, next, previous);
  for (const [field, shown] of Object.entries(fixedFields)) {
    const [now, before] = [next.spec[field], previous.spec[field]];
    if (sameValue(now, before)) continue;
    errors.push(invalid(specPath.child(field), shown(now) ?? null, "field is immutable"));
  }
  return errors;
}

/** What never changes, and how a message shows it. */
const fixedFields = {
  completionMode: (mode: any) => mode,
  podFailurePolicy: shownFailurePolicy,
  backoffLimitPerIndex: (limit: any) => limit,
  managedBy: (manager: any) => manager,
  successPolicy: shownSuccessPolicy,
};

/** Conditions that name a job's state, the first that holds counts. */
const states = [
  ["Complete", "Complete"],
  ["Failed", "Failed"],
  ["", "Terminating"],
  ["Suspended", "Suspended"],
  ["FailureTarget", "FailureTarget"],
  ["SuccessCriteriaMet", "SuccessCriteriaMet"],
] as const;

function jobState({ metadata, status }: any): string {
  const isTrue = (wanted: string) =>
    status?.conditions?.some((condition: any) => condition.type === wanted && condition.status === "True");
  for (const [type, state] of states) if (type === "" ? metadata.deletionTimestamp : isTrue(type)) return state;
  return "Running";
}

function completions({ spec, status }: any): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  return spec?.parallelism > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`;
}

function duration({ status }: any, now: number): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}

export const jobs = defineResource<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.batch.v1.Job",
  subresources: [statusSubresource],
  statusFields: ["status"],
  shownAs,
  generation: true,
  defaultDeletion: "orphan",
  deletionWarning:
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or " +
    "set propagationPolicy=Orphan to suppress this warning",
  defaults,
  prepareCreate,
  prepareUpdate: ({ spec }) => dropGated(spec.template.spec),
  checkedTwice: true,
  validate,
  validateCreate,
  validateUpdate,
  validateStatusUpdate: checkJobStatus,
  warnings: (job, previous) => jobWarnings(job, previous, job.spec, specPath),
  columns: [
    text("Status", jobState),
    text("Completions", completions),
    text("Duration", duration),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.selector)),
  ],
  selectableFields: { "status.successful": ({ status }) => `${status?.succeeded ?? 0}` },
});
