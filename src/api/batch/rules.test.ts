// Rules of jobs and cron jobs, a row each.

import { checksOf } from "../../../test/declarations.ts";
import { cronJobs } from "./cronjob.ts";
import { jobs } from "./job.ts";

const job = checksOf(jobs);
const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
const work = (fields: object = {}) => ({ spec: { template, ...fields } });

job.check(
  "succeeds by its indexes",
  work({ successPolicy: { rules: [{ succeededIndexes: "0" }] }, completions: 2, parallelism: 1 }),
  'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":"0","SucceededCount":null}]}: requires indexed completion mode',
);
job.check(
  "succeeds by something",
  work({ completionMode: "Indexed", completions: 2, parallelism: 1, successPolicy: { rules: [{}] } }),
  "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified",
);
job.check(
  "succeeds by indexes that it has",
  work({
    completionMode: "Indexed",
    completions: 2,
    parallelism: 1,
    successPolicy: { rules: [{ succeededIndexes: "0-5" }] },
  }),
  'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-5": error parsing succeededIndexes: too large index: "5"',
);
job.check(
  "is managed by who has a domain",
  work({ managedBy: "x" }),
  'spec.managedBy: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")',
);
const rule = { action: "Ignore", onPodConditions: [{ type: "x", status: "True" }] };
job.checkUpdate(
  "keeps its policies",
  work(),
  work({ podFailurePolicy: { rules: [rule] }, backoffLimitPerIndex: 1 }),
  'spec.podFailurePolicy: Invalid value: {"Rules":[{"Action":"Ignore","OnExitCodes":null,"OnPodConditions":[{"Type":"x","Status":"True"}]}]}: field is immutable',
  "spec.backoffLimitPerIndex: Invalid value: 1: field is immutable",
);
job.checkStatus(
  "does not succeed and fail",
  work(),
  {},
  {
    startTime: "2026-01-01T00:00:00Z",
    conditions: [
      { type: "Complete", status: "True" },
      { type: "Failed", status: "True" },
    ],
  },
  "status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions",
  "status.completionTime: Required value: completionTime is required for Complete jobs",
  "status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition",
  "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
);
job.checkStatus(
  "counts from zero",
  work(),
  {},
  { active: -1 },
  "status.active: Invalid value: -1: must be greater than or equal to 0",
);

const cron = checksOf(cronJobs);
const every = (fields: object) => ({ spec: { schedule: "* * * * *", jobTemplate: { spec: { template } }, ...fields } });
cron.check("runs each minute", every({}));
cron.check(
  "has its own time zone apart",
  every({ schedule: "TZ=UTC * * * * *" }),
  'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
);
cron.check(
  "knows its time zone",
  every({ timeZone: "Mars/Base" }),
  'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
);
cron.check(
  "has a name with room for its jobs'",
  { ...every({}), metadata: { name: "a".repeat(53) } },
  `metadata.name: Invalid value: "${"a".repeat(53)}": must be no more than 52 characters`,
);

cron.checkMade(
  "counts conditions that hold",
  every({
    jobTemplate: {
      spec: { template, podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "A" }] }] } },
    },
  }),
  ({ spec }) => spec.jobTemplate.spec.podFailurePolicy.rules[0].onPodConditions,
  [{ type: "A", status: "True" }],
);
