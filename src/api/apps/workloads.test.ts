// One table a kind that makes pods from a template, of this group and of `batch` and core.

import { checksOf } from "../../../test/declarations.ts";
import { cronJobs } from "../batch/cronjob.ts";
import { jobs } from "../batch/job.ts";
import { replicationControllers } from "../core/replicationcontroller.ts";
import { daemonSets } from "./daemonset.ts";
import { deployments } from "./deployment.ts";
import { replicaSets } from "./replicaset.ts";
import { statefulSets } from "./statefulset.ts";

const podSpec = { containers: [{ name: "c", image: "i" }] };
const template = { metadata: { labels: { app: "a" } }, spec: podSpec };
const selector = { matchLabels: { app: "a" } };
const of = (more: object = {}) => ({ spec: { selector, template, ...more } });

const deployment = checksOf(deployments);
deployment.check("accepts the least", of());
deployment.checkMade(
  "rolls a quarter at a time",
  of(),
  ({ spec }) => [spec.replicas, spec.strategy, spec.revisionHistoryLimit, spec.progressDeadlineSeconds],
  [1, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } }, 10, 600],
);
deployment.check(
  "selects its pods",
  of({ selector: { matchLabels: { app: "b" } } }),
  'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
);
deployment.check(
  "selects something",
  of({ selector: {} }),
  "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
);
deployment.check(
  "moves in some way",
  of({ strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
  "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
);
deployment.checkUpdate(
  "keeps its selector",
  of(),
  of({ selector: { matchLabels: { b: "c" } } }),
  'spec.selector: Invalid value: {"matchLabels":{"b":"c"}}: field is immutable',
);
deployment.checkRow(
  "shows its progress",
  { ...of({ replicas: 3 }), status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 } },
  "2/3",
  3,
  1,
);

const replicaSet = checksOf(replicaSets);
replicaSet.check("accepts the least", of());
replicaSet.check(
  "runs for ever",
  of({ template: { ...template, spec: { ...podSpec, restartPolicy: "Never" } } }),
  'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
);

const controller = checksOf(replicationControllers);
controller.checkMade(
  "selects by its template's labels",
  { spec: { template } },
  ({ spec, metadata }) => [spec.selector, metadata.labels],
  [{ app: "a" }, { app: "a" }],
);
controller.check(
  "selects by what is no label",
  { spec: { template: { metadata: { labels: { "-": "" } }, spec: podSpec } } },
  `spec.template.labels: Invalid value: "-": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
);
controller.check("wants a template", { spec: { selector: { app: "a" } } }, "spec.template: Required value");

const daemonSet = checksOf(daemonSets);
daemonSet.checkMade("replaces one at a time", of(), ({ spec }) => spec.updateStrategy.rollingUpdate, {
  maxUnavailable: 1,
  maxSurge: 0,
});
daemonSet.check(
  "surges or waits",
  of({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } }),
  "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
);

daemonSet.check(
  "moves in a way that there is",
  of({ updateStrategy: { type: "x", rollingUpdate: { maxUnavailable: 2 } } }),
  'spec.updateStrategy: Unsupported value: {"Type":"x","RollingUpdate":{"MaxUnavailable":2,"MaxSurge":0}}: supported values: "RollingUpdate", "OnDelete"',
);

const statefulSet = checksOf(statefulSets);
statefulSet.checkMade("keeps its claims", of(), ({ spec }) => spec.persistentVolumeClaimRetentionPolicy, {
  whenDeleted: "Retain",
  whenScaled: "Retain",
});
statefulSet.check(
  "wants a selector, which fits the template",
  of({ selector: undefined }),
  "spec.selector: Required value",
  'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
);
statefulSet.check(
  "has a selector that can be used",
  of({ selector: { matchExpressions: [{ key: "app", operator: "Near" }] } }),
  'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
  'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Near"}]}',
);
statefulSet.checkUpdate(
  "keeps its service",
  of({ serviceName: "a" }),
  of({ serviceName: "b" }),
  "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
);

const job = checksOf(jobs);
const ending = { spec: { ...podSpec, restartPolicy: "Never" } };
job.checkMade(
  "labels its pods",
  { spec: { template: ending } },
  ({ spec }) => [spec.completions, spec.parallelism, spec.backoffLimit, spec.selector],
  [1, 1, 6, { matchLabels: { "batch.kubernetes.io/controller-uid": "u" } }],
);
job.check(
  "ends",
  { spec: { template: { spec: podSpec } } },
  'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
);
job.checkUpdate(
  "keeps its size",
  { spec: { template: ending, completions: 2 } },
  { spec: { template: ending, completions: 3 } },
  "spec.completions: Invalid value: 3: field is immutable",
);
job.checkRow(
  "shows how long it took",
  {
    spec: { template: ending },
    status: {
      succeeded: 1,
      startTime: "2025-12-31T23:00:00Z",
      completionTime: "2025-12-31T23:00:30Z",
      conditions: [{ type: "Complete", status: "True" }],
    },
  },
  "Complete",
  "1/1",
  "30s",
);

job.checkMade(
  "has the labels of its pods if it has none",
  { spec: { template: { ...ending, metadata: { labels: { app: "a" } } } } },
  ({ metadata, spec }) => [metadata.labels.app, metadata.labels["job-name"], spec.template.metadata.labels.app],
  ["a", "x", "a"],
);
job.checkMade(
  "keeps its own labels",
  { metadata: { labels: { own: "b" } }, spec: { template: { ...ending, metadata: { labels: { app: "a" } } } } },
  ({ metadata }) => metadata.labels,
  { own: "b" },
);
statefulSet.checkMade(
  "drops what is behind a gate",
  of({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } }),
  ({ spec }) => spec.updateStrategy.rollingUpdate,
  { partition: 0 },
);
const templateGeneration = ({ metadata }: any) => metadata.annotations["deprecated.daemonset.template.generation"];
daemonSet.checkMade("starts with the first template", of(), templateGeneration, "1");
daemonSet.checkChanged(
  "counts changes of its template",
  of(),
  of({ template: { ...template, spec: {} } }),
  templateGeneration,
  "2",
);
daemonSet.checkChanged("counts no others", of(), of({ minReadySeconds: 5 }), templateGeneration, "1");
deployment.checkChanged(
  "counts annotations as a change",
  { ...of(), metadata: { generation: 4 } },
  { ...of(), metadata: { generation: 4, annotations: { a: "b" } } },
  ({ metadata }) => metadata.generation,
  5,
);

const cronJob = checksOf(cronJobs);
const at = (schedule: string, more: object = {}) => ({
  spec: { schedule, jobTemplate: { spec: { template: ending } }, ...more },
});
for (const schedule of ["*/5 * * * *", "@every 1h", "0 9-17 * * mon-fri", "0 0 31 2 *", "? ? ? ? ?"]) {
  cronJob.check(`accepts ${schedule}`, at(schedule));
}
const refused = (schedule: string, why: string) =>
  cronJob.check(
    `refuses ${schedule}`,
    at(schedule),
    `spec.schedule: Invalid value: ${JSON.stringify(schedule)}: ${why}`,
  );
refused("60 * * * *", "end of range (60) above maximum (59): 60");
refused("* * 0 * *", "beginning of range (0) below minimum (1): 0");
refused("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3");
refused("*/0 * * * *", "step of range should be a positive number: */0");
refused("* * * *", "expected exactly 5 fields, found 4: [* * * *]");
refused("@never", "unrecognized descriptor: @never");
cronJob.check(
  "knows time zones",
  at("@daily", { timeZone: "Nowhere/None" }),
  'spec.timeZone: Invalid value: "Nowhere/None": unknown time zone Nowhere/None',
);

const sets = checksOf(replicaSets);
sets.checkStatus(
  "has none available that is not ready",
  of(),
  {},
  { replicas: 2, readyReplicas: 1, availableReplicas: 2 },
  "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas",
);
checksOf(statefulSets).checkStatus(
  "counts collisions up",
  of(),
  { collisionCount: 2 },
  { collisionCount: 1 },
  "status.collisionCount: Invalid value: 1: cannot be decremented",
);
checksOf(statefulSets).check(
  "starts its pods in some order",
  of({ podManagementPolicy: "x" }),
  "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'",
);
