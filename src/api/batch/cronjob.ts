import { defaultPodTemplate, dropGated } from "../core/podspec/defaults.ts";
import { podWarnings } from "../core/podspec/warnings.ts";
import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
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

import { checkJobSpec } from "./jobspec.ts";
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
  spec.jobTemplate.spec.template ??= {};
  defaultPodTemplate(spec.jobTemplate.spec.template);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkTimeZone(errors: Errors, zone: string | undefined, path: FieldPath): void {
  if (zone === undefined) return;
  if (zone === "") errors.push(invalid(path, zone, "timeZone must be nil or non-empty string"));
  else if (zone.toLowerCase() === "local") {
    const why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    errors.push(invalid(path, zone, why));
  } else if (!isTimeZone(zone)) errors.push(invalid(path, zone, `unknown time zone ${zone}`));
}

function validate({ metadata, spec }: CronJob): FieldError[] {
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
  checkNonNegative(errors, spec.successfulJobsHistoryLimit, () => specPath.child("successfulJobsHistoryLimit"));
  checkNonNegative(errors, spec.failedJobsHistoryLimit, () => specPath.child("failedJobsHistoryLimit"));
  if (metadata.name?.length > nameLettersMax) {
    const why = `must be no more than ${nameLettersMax} characters`;
    errors.push(invalid(new FieldPath("metadata").child("name"), metadata.name, why));
  }
  return errors;
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
  validate,
  warnings: ({ spec }) => {
    const { template } = spec.jobTemplate.spec;
    return podWarnings(template.spec, template.metadata, jobSpecPath.child("template", "spec"));
  },
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
