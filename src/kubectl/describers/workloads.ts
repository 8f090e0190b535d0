// Deployments, replica sets, stateful sets, daemon sets, jobs and cron jobs.

import { formatGoDuration, humanDuration } from "../../api/machinery/duration.ts";
import { formatLabelSelector, selectorRequirements } from "../../api/machinery/selector.ts";
import { templateLines } from "./pod.ts";
import {
  controllerText,
  type DescribeContext,
  eventLines,
  type Lines,
  labelLines,
  metadataLines,
  nameLines,
} from "./writer.ts";

/** A LabelSelector as text; `<none>` or `<unset>` if it is empty. */
export function selectorText(selector: any): string {
  if (!selector) return "<none>";
  return formatLabelSelector(selectorRequirements(selector)) || "<none>";
}

function conditionLines(out: Lines, conditions: readonly any[] | undefined): void {
  if (!conditions || conditions.length === 0) return;
  out.raw("Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n");
  for (const { type, status, reason = "" } of conditions) out.line(1, `${type} \t${status}\t${reason}`);
}

/** `kubectl describe deployment`. */
export async function describeDeployment(out: Lines, deployment: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = deployment;
  nameLines(out, deployment);
  out.raw(`CreationTimestamp:\t${context.formatTime(metadata.creationTimestamp)}\n`);
  metadataLines(out, deployment);
  out.raw(`Selector:\t${selectorText(spec.selector)}\n`);
  out.raw(
    `Replicas:\t${spec.replicas ?? 0} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable\n`,
  );
  out.raw(`StrategyType:\t${spec.strategy?.type ?? ""}\n`);
  out.raw(`MinReadySeconds:\t${spec.minReadySeconds ?? 0}\n`);
  const rolling = spec.strategy?.rollingUpdate;
  if (rolling)
    out.raw(`RollingUpdateStrategy:\t${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge\n`);
  templateLines(out, spec.template, context);
  conditionLines(out, status.conditions);
  const { old, current } = await replicaSetsOf(deployment, context);
  if (current) {
    out.raw(`OldReplicaSets:\t${replicaSetsText(old)}\n`);
    out.raw(`NewReplicaSet:\t${replicaSetsText([current])}\n`);
  }
  eventLines(out, await context.events(deployment), context.now);
}

/** A deployment's replica sets: the one with its present template, and the others that still have pods or a past. */
async function replicaSetsOf(deployment: any, context: DescribeContext): Promise<{ old: any[]; current?: any }> {
  const { metadata, spec } = deployment;
  const list = await context.read(
    `/apis/apps/v1/namespaces/${metadata.namespace}/replicasets?labelSelector=${encodeURIComponent(selectorText(spec.selector))}`,
  );
  const owned: any[] = (list?.items ?? []).filter((each: any) =>
    each.metadata.ownerReferences?.some((owner: any) => owner.controller && owner.uid === metadata.uid),
  );
  const revision = (each: any) => Number(each.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  const mine = metadata.annotations?.["deployment.kubernetes.io/revision"];
  const current =
    owned.find((each) => each.metadata.annotations?.["deployment.kubernetes.io/revision"] === mine) ??
    owned.toSorted((a, b) => revision(b) - revision(a))[0];
  return { old: owned.filter((each) => each !== current).toSorted((a, b) => revision(a) - revision(b)), current };
}

function replicaSetsText(list: readonly any[]): string {
  if (list.length === 0) return "<none>";
  return list
    .map(
      ({ metadata, spec, status }) =>
        `${metadata.name} (${status?.replicas ?? 0}/${spec.replicas ?? 0} replicas created)`,
    )
    .join(", ");
}

async function podCounts(selector: any, object: any, context: DescribeContext): Promise<string> {
  const { metadata } = object;
  const list = await context.read(
    `/api/v1/namespaces/${metadata.namespace}/pods?labelSelector=${encodeURIComponent(selectorText(selector))}`,
  );
  const counts: Record<string, number> = { Running: 0, Pending: 0, Succeeded: 0, Failed: 0 };
  for (const pod of list?.items ?? []) {
    const controller = pod.metadata.ownerReferences?.find((owner: any) => owner.controller);
    if (controller?.uid === metadata.uid) counts[pod.status?.phase] = (counts[pod.status?.phase] ?? 0) + 1;
  }
  return `${counts.Running} Running / ${counts.Pending} Waiting / ${counts.Succeeded} Succeeded / ${counts.Failed} Failed`;
}

/** `kubectl describe replicaset` and `replicationcontroller`. */
export async function describeReplicaSet(out: Lines, object: any, context: DescribeContext): Promise<void> {
  const { spec = {}, status = {}, kind } = object;
  const selector = kind === "ReplicationController" ? { matchLabels: spec.selector } : spec.selector;
  nameLines(out, object);
  out.raw(`Selector:\t${selectorText(selector)}\n`);
  metadataLines(out, object);
  const controller = controllerText(object);
  if (controller) out.raw(`Controlled By:\t${controller}\n`);
  out.raw(`Replicas:\t${status.replicas ?? 0} current / ${spec.replicas ?? 0} desired\n`);
  out.raw(`Pods Status:\t${await podCounts(selector, object, context)}\n`);
  templateLines(out, spec.template, context);
  conditionLines(out, status.conditions);
  eventLines(out, await context.events(object), context.now);
}

/** `kubectl describe statefulset`. */
export async function describeStatefulSet(out: Lines, object: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = object;
  nameLines(out, object);
  out.raw(`CreationTimestamp:\t${context.formatTime(metadata.creationTimestamp)}\n`);
  out.raw(`Selector:\t${selectorText(spec.selector)}\n`);
  metadataLines(out, object);
  out.raw(`Replicas:\t${spec.replicas ?? 0} desired | ${status.replicas ?? 0} total\n`);
  out.raw(`Update Strategy:\t${spec.updateStrategy?.type ?? ""}\n`);
  const partition = spec.updateStrategy?.rollingUpdate?.partition;
  if (partition !== undefined) out.line(1, `Partition:\t${partition}`);
  out.raw(`Pods Status:\t${await podCounts(spec.selector, object, context)}\n`);
  templateLines(out, spec.template, context);
  const claims: any[] = spec.volumeClaimTemplates ?? [];
  out.raw(claims.length === 0 ? "Volume Claims:\t<none>\n" : "Volume Claims:\n");
  for (const claim of claims) {
    out.line(1, `Name:\t${claim.metadata.name}`);
    out.line(1, `StorageClass:\t${claim.spec.storageClassName ?? ""}`);
    labelLines(out, "  Labels", claim.metadata.labels);
    labelLines(out, "  Annotations", claim.metadata.annotations);
    out.line(1, `Capacity:\t${claim.spec.resources?.requests?.storage ?? "<default>"}`);
    out.line(1, `Access Modes:\t[${(claim.spec.accessModes ?? []).join(" ")}]`);
  }
  eventLines(out, await context.events(object), context.now);
}

/** `kubectl describe daemonset`. */
export async function describeDaemonSet(out: Lines, object: any, context: DescribeContext): Promise<void> {
  const { spec = {}, status = {} } = object;
  out.raw(`Name:\t${object.metadata.name}\n`);
  out.raw(`Selector:\t${selectorText(spec.selector)}\n`);
  const nodes = spec.template?.spec?.nodeSelector;
  out.raw(`Node-Selector:\t${nodes ? selectorText({ matchLabels: nodes }) : "<none>"}\n`);
  metadataLines(out, object);
  for (const [title, value] of [
    ["Desired Number of Nodes Scheduled", status.desiredNumberScheduled],
    ["Current Number of Nodes Scheduled", status.currentNumberScheduled],
    ["Number of Nodes Scheduled with Up-to-date Pods", status.updatedNumberScheduled],
    ["Number of Nodes Scheduled with Available Pods", status.numberAvailable],
    ["Number of Nodes Misscheduled", status.numberMisscheduled],
  ])
    out.raw(`${title}: ${value ?? 0}\n`);
  out.raw(`Pods Status:\t${await podCounts(spec.selector, object, context)}\n`);
  templateLines(out, spec.template, context);
  eventLines(out, await context.events(object), context.now);
}

/** `kubectl describe job`. */
export async function describeJob(out: Lines, job: any, context: DescribeContext): Promise<void> {
  const { spec = {}, status = {} } = job;
  nameLines(out, job);
  if (spec.selector) out.raw(`Selector:\t${selectorText(spec.selector)}\n`);
  metadataLines(out, job);
  const controller = controllerText(job);
  if (controller) out.raw(`Controlled By:\t${controller}\n`);
  out.raw(`Parallelism:\t${spec.parallelism ?? "<unset>"}\n`);
  out.raw(`Completions:\t${spec.completions ?? "<unset>"}\n`);
  if (spec.completionMode) out.raw(`Completion Mode:\t${spec.completionMode}\n`);
  if (spec.suspend !== undefined) out.raw(`Suspend:\t${spec.suspend}\n`);
  if (spec.backoffLimit !== undefined) out.raw(`Backoff Limit:\t${spec.backoffLimit}\n`);
  if (spec.ttlSecondsAfterFinished !== undefined)
    out.raw(`TTL Seconds After Finished:\t${spec.ttlSecondsAfterFinished}\n`);
  if (status.startTime) out.raw(`Start Time:\t${context.formatTime(status.startTime)}\n`);
  if (status.completionTime) out.raw(`Completed At:\t${context.formatTime(status.completionTime)}\n`);
  if (status.startTime && status.completionTime)
    out.raw(`Duration:\t${humanDuration(Date.parse(status.completionTime) - Date.parse(status.startTime))}\n`);
  if (spec.activeDeadlineSeconds !== undefined) out.raw(`Active Deadline Seconds:\t${spec.activeDeadlineSeconds}s\n`);
  const counts = [
    `${status.active ?? 0} Active${status.ready === undefined ? "" : ` (${status.ready} Ready)`}`,
    `${status.succeeded ?? 0} Succeeded`,
    `${status.failed ?? 0} Failed`,
  ];
  out.raw(`Pods Statuses:\t${counts.join(" / ")}\n`);
  if (spec.completionMode === "Indexed") out.raw(`Completed Indexes:\t${status.completedIndexes || "<none>"}\n`);
  templateLines(out, spec.template, context);
  eventLines(out, await context.events(job), context.now);
}

/** `kubectl describe cronjob`. */
export async function describeCronJob(out: Lines, cron: any, context: DescribeContext): Promise<void> {
  const { spec = {}, status = {} } = cron;
  const template = spec.jobTemplate?.spec ?? {};
  nameLines(out, cron);
  metadataLines(out, cron);
  out.raw(`Schedule:\t${spec.schedule}\n`);
  out.raw(`Concurrency Policy:\t${spec.concurrencyPolicy}\n`);
  out.raw(`Suspend:\t${spec.suspend ? "True" : spec.suspend === undefined ? "<unset>" : "False"}\n`);
  out.raw(`Successful Job History Limit:\t${spec.successfulJobsHistoryLimit ?? "<unset>"}\n`);
  out.raw(`Failed Job History Limit:\t${spec.failedJobsHistoryLimit ?? "<unset>"}\n`);
  out.raw(
    `Starting Deadline Seconds:\t${spec.startingDeadlineSeconds === undefined ? "<unset>" : `${spec.startingDeadlineSeconds}s`}\n`,
  );
  out.raw(`Selector:\t${template.selector ? selectorText(template.selector) : "<unset>"}\n`);
  out.raw(`Parallelism:\t${template.parallelism ?? "<unset>"}\n`);
  out.raw(`Completions:\t${template.completions ?? "<unset>"}\n`);
  if (template.activeDeadlineSeconds !== undefined)
    out.raw(`Active Deadline Seconds:\t${formatGoDuration(template.activeDeadlineSeconds * 1000)}\n`);
  templateLines(out, template.template, context);
  out.raw(
    `Last Schedule Time:\t${status.lastScheduleTime ? context.formatTime(status.lastScheduleTime) : "<unset>"}\n`,
  );
  const active: any[] = status.active ?? [];
  out.raw(`Active Jobs:\t${active.length === 0 ? "<none>" : active.map(({ name }) => name).join(", ")}\n`);
  eventLines(out, await context.events(cron), context.now);
}
