import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { type FieldError, FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkNonNegative, checkRequiredOneOf, type Errors } from "../parts/checks.ts";
import {
  ageColumn,
  boolean,
  containerColumns,
  integer,
  selectorText,
  since,
  text,
  truthText,
  wide,
} from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

import { checkJobSpec, defaultFailurePolicy, jobWarnings } from "./jobspec.ts";
import { checkSchedule } from "./schedule.ts";

type CronJob = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");
const jobSpecPath = specPath.child("jobTemplate", "spec");

/** Names of its jobs are its own and eleven letters more. */
const nameLettersMax = 52;

function defaults({ spec }: CronJob): void {
  spec.concurrencyPolicy ||= "Allow";
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata ??= {};
  spec.jobTemplate.spec ??= {};
  defaultFailurePolicy(spec.jobTemplate.spec);
  spec.jobTemplate.spec.template ??= {};
  defaultPodTemplate(spec.jobTemplate.spec.template);
}

/** Whether a zone is in the time zone database, in the database's own letters: capitals count there. */
function isTimeZone(name: string): boolean {
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** Segments of a time zone's name: legacy names have digits and signs. */
const zonePartPattern = /^[A-Za-z._0-9][A-Za-z._0-9+-]{0,13}$/;

function checkTimeZone(errors: Errors, zone: string | undefined, path: FieldPath): void {
  if (zone === undefined) return;
  const isName = zone.split("/").every((part) => zonePartPattern.test(part) && part !== "." && part !== "..");
  if (zone === "") errors.push(invalid(path, zone, "timeZone must be nil or non-empty string"));
  else if (zone.toLowerCase() === "local") {
    const why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    errors.push(invalid(path, zone, why));
    if (zone !== "Local") errors.push(invalid(path, zone, `unknown time zone ${zone}`));
  } else if (!isName || !isTimeZone(zone)) errors.push(invalid(path, zone, `unknown time zone ${zone}`));
}

function validate({ spec }: CronJob): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.schedule) errors.push(required(specPath.child("schedule")));
  else {
    const problem = checkSchedule(spec.schedule);
    if (problem) errors.push(invalid(specPath.child("schedule"), spec.schedule, problem));
  }
  checkNonNegative(errors, spec.startingDeadlineSeconds, () => specPath.child("startingDeadlineSeconds"));
  checkTimeZone(errors, spec.timeZone, specPath.child("timeZone"));
  checkRequiredOneOf(errors, spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"], () =>
    specPath.child("concurrencyPolicy"),
  );
  checkJobSpec(errors, spec.jobTemplate.spec, jobSpecPath);
  const { selector, manualSelector } = spec.jobTemplate.spec;
  if (selector) errors.push(invalid(jobSpecPath.child("selector"), selector, "`selector` will be auto-generated"));
  if (manualSelector) errors.push(notSupported(jobSpecPath.child("manualSelector"), manualSelector, ["nil", "false"]));
  checkNonNegative(errors, spec.successfulJobsHistoryLimit, () => specPath.child("successfulJobsHistoryLimit"));
  checkNonNegative(errors, spec.failedJobsHistoryLimit, () => specPath.child("failedJobsHistoryLimit"));
  return errors;
}

function validateCreate({ metadata }: CronJob): FieldError[] {
  if (!(metadata.name && metadata.name.length > nameLettersMax)) return [];
  const why = `must be no more than ${nameLettersMax} characters`;
  return [invalid(new FieldPath("metadata").child("name"), metadata.name, why)];
}

export const cronJobs = defineResource<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.batch.v1.CronJob",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  defaults,
  prepareCreate: ({ spec }) => dropGated(spec.jobTemplate.spec.template.spec),
  prepareUpdate: ({ spec }) => dropGated(spec.jobTemplate.spec.template.spec),
  metadataAsChange: true,
  validate,
  validateCreate,
  warnings: (job, previous) => jobWarnings(job, previous, job.spec.jobTemplate.spec, jobSpecPath),
  columns: [
    text("Schedule", ({ spec }) => spec?.schedule ?? ""),
    text("Timezone", ({ spec }) => spec?.timeZone ?? "<none>"),
    boolean("Suspend", ({ spec }) => truthText(spec?.suspend)),
    integer("Active", ({ status }) => status?.active?.length ?? 0),
    text("Last Schedule", ({ status }, now) =>
      status?.lastScheduleTime ? since(status.lastScheduleTime, now) : "<none>",
    ),
    ageColumn,
    ...containerColumns(({ spec }) => spec?.jobTemplate?.spec?.template?.spec),
    wide("Selector", ({ spec }) => selectorText(spec?.jobTemplate?.spec?.selector)),
  ],
});
