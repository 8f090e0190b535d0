import { defineResource } from "../machinery/resource.ts";
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

export const cronJobs = defineResource({
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
