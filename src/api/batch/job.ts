import { humanDuration } from "../machinery/duration.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, containerColumns, selectorText, text, wide } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

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
  const holds = (wanted: string) =>
    status?.conditions?.some((condition: any) => condition.type === wanted && condition.status === "True");
  for (const [type, state] of states) if (type === "" ? metadata.deletionTimestamp : holds(type)) return state;
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

export const jobs = defineResource({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.batch.v1.Job",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  defaultDeletion: "orphan",
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
