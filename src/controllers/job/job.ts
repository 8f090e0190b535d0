import { controllerOf, type KubeObject, keyOf } from "../../api/machinery/object.ts";
import { selects } from "../../api/machinery/selector.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { type Action, type Controller, event, requeueAfter, updateStatus, type View } from "../../client/mod.ts";
import { claim, orphanIndex } from "../parts/adopt.ts";
import { byDeletionPreference, isActive, isFinished, isReady, type Pod } from "../parts/pods.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";
import { createJobPod, indexOf, trackingFinalizer } from "./pod.ts";

type Job = KubeObject;

const jobs = "jobs.batch";
const podsPerPlanMax = 500;
/** First and longest pause after a pod failed, in milliseconds. */
const backoffMs = { first: 10_000, max: 600_000 };

/** Runs pods until enough of them succeeded. */
export const jobController: Controller = {
  name: "job",
  component: "job-controller",
  primary: jobs,
  owned: ["pods"],
  watches: [
    {
      resource: "pods",
      *keys(pod, view) {
        if (controllerOf(pod)) return;
        for (const job of view.list(jobs, pod.metadata.namespace)) if (isOurs(job, pod)) yield keyOf(job);
      },
    },
  ],
  indexes: { pods: orphanIndex },
  plan: planJob,
};

/** Frees pods that no job counts any more: the finalizer holds them when their job is gone. */
export const jobOrphanController: Controller = {
  name: "job-orphan-pods",
  account: "job-controller",
  component: "job-controller",
  primary: "pods",
  reads: [jobs],
  *plan(pod: Pod, view: View) {
    if (!pod.metadata.deletionTimestamp || !isTracked(pod)) return;
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
    const job = owner && view.get(jobs, `${pod.metadata.namespace}/${owner.name}`);
    if (owner?.kind === "Job" && job?.metadata.uid === owner.uid) return;
    yield untrack(pod);
  },
};

/** What is known of a job's pods. */
interface Count {
  succeeded: number;
  failed: number;
  active: Pod[];
  terminating: Pod[];
  uncounted: { succeeded: string[]; failed: string[] };
  completed: Set<number>;
  /** Pods that were noted as ended before, and may go. */
  noted: Pod[];
  lastFailureMs: number;
}

/** One step of a job. Pure. */
export function planJob(job: Job, view: View): Action[] {
  const finished = conditionOf(job, "Complete") ?? conditionOf(job, "Failed");
  if (finished) return planFinished(job, finished, view);
  if (job.metadata.deletionTimestamp) return [];
  const unsupported = unsupportedIn(job);
  if (unsupported) return [event(job, "Warning", "NotSupported", `not supported yet: ${unsupported}`)];
  const owned = view.owned<Pod>("pods", job);
  const orphans = view.by<Pod>("pods", "orphan", job.metadata.namespace!);
  const { own, actions } = claim(job, "pods", { owned, orphans }, (pod) => isOurs(job, pod), trackingFinalizer);
  // Adopted pods count only once the cache knows them.
  if (actions.length > 0) return actions;
  const count = countPods(job, own);
  const verdict = verdictOf(job, count, view.now);
  const frees = count.noted.map(untrack);
  if (verdict) return [...frees, ...planEnd(job, count, verdict, view)];
  const work = job.spec.suspend ? { actions: deletePods(job, count.active) } : planPods(job, count, view);
  const { status, events } = statusOf(job, count, view.now);
  const deadline = deadlineMs(job);
  const look = deadline === undefined || job.spec.suspend ? [] : [requeueAfter(Math.max(0, deadline - view.now))];
  return [...frees, ...work.actions, ...events, ...updateStatus(jobs, job, status), ...look];
}

function unsupportedIn({ spec }: Job): string | undefined {
  const fields = ["podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes"];
  const found = fields.find((field) => spec[field] !== undefined);
  return found && `spec.${found}`;
}

function isOurs(job: Job, pod: Pod): boolean {
  return selects(job.spec.selector, pod.metadata.labels);
}

function conditionOf({ status }: Job, type: string): any {
  return status?.conditions?.find((each: any) => each.type === type && each.status === "True");
}

function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

function untrack(pod: Pod): Action {
  const { uid, resourceVersion } = pod.metadata;
  const finalizers = (pod.metadata.finalizers ?? []).filter((each) => each !== trackingFinalizer);
  const patch = { metadata: { uid, resourceVersion, finalizers } };
  return { do: "patch", resource: "pods", object: pod, type: "merge", patch };
}

/**
 * Counts each ended pod exactly once: it is noted in the status first, then let go, then its note becomes a number
 * (KEP-2307). The finalizer keeps the pod until it is noted.
 */
function countPods(job: Job, pods: readonly Pod[]): Count {
  const before = job.status ?? {};
  const notes = before.uncountedTerminatedPods ?? {};
  const held = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const kept = (uids: readonly string[] = []) => uids.filter((uid) => held.has(uid));
  const uncounted = { succeeded: kept(notes.succeeded), failed: kept(notes.failed) };
  const known = new Set<string>([...(notes.succeeded ?? []), ...(notes.failed ?? [])]);
  const indexed = job.spec.completionMode === "Indexed";
  const completed = parseIndexes(before.completedIndexes, job.spec.completions ?? 0);
  let lastFailureMs = 0;
  for (const pod of pods) {
    const succeeded = pod.status?.phase === "Succeeded";
    const ended = isFinished(pod) || (pod.metadata.deletionTimestamp && job.spec.podReplacementPolicy !== "Failed");
    if (ended && !succeeded) lastFailureMs = Math.max(lastFailureMs, endMs(pod));
    const { uid } = pod.metadata;
    if (!ended || !held.has(uid) || known.has(uid)) continue;
    const index = indexed ? indexOf(pod) : undefined;
    if (succeeded && index !== undefined) {
      if (completed.has(index)) continue;
      completed.add(index);
    }
    uncounted[succeeded ? "succeeded" : "failed"].push(uid);
  }
  const failed = (before.failed ?? 0) + (notes.failed ?? []).length - kept(notes.failed).length;
  const succeeded = (before.succeeded ?? 0) + (notes.succeeded ?? []).length - kept(notes.succeeded).length;
  return {
    succeeded: indexed ? completed.size : succeeded,
    failed,
    active: pods.filter(isActive),
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp && !isFinished(pod)),
    uncounted,
    completed,
    noted: pods.filter((pod) => held.has(pod.metadata.uid) && (known.has(pod.metadata.uid) || isDuplicate(pod, job))),
    lastFailureMs,
  };
}

/** A second success of an index counts for nothing. */
function isDuplicate(pod: Pod, job: Job): boolean {
  if (job.spec.completionMode !== "Indexed" || pod.status?.phase !== "Succeeded") return false;
  return parseIndexes(job.status?.completedIndexes, job.spec.completions ?? 0).has(indexOf(pod)!);
}

function endMs({ status, metadata }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }: any) =>
    Date.parse(state?.terminated?.finishedAt ?? ""),
  );
  const known = ends.filter((ms: number) => !Number.isNaN(ms));
  return known.length > 0 ? Math.max(...known) : Date.parse(metadata.deletionTimestamp ?? metadata.creationTimestamp);
}

interface Verdict {
  type: "Complete" | "Failed";
  reason: string;
  message: string;
}

const totalOf = (count: Count, which: "succeeded" | "failed"): number => count[which] + count.uncounted[which].length;
const succeededOf = (job: Job, count: Count): number =>
  job.spec.completionMode === "Indexed" ? count.completed.size : totalOf(count, "succeeded");

function deadlineMs({ spec, status }: Job): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || !status?.startTime) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000;
}

/** Whether the job has come to its end, and which. */
function verdictOf(job: Job, count: Count, now: number): Verdict | undefined {
  const before = conditionOf(job, "FailureTarget") ?? conditionOf(job, "SuccessCriteriaMet");
  if (before) {
    const type = before.type === "FailureTarget" ? "Failed" : "Complete";
    return { type, reason: before.reason, message: before.message };
  }
  const { backoffLimit = 6, completions } = job.spec;
  const restarts = job.spec.template.spec.restartPolicy === "OnFailure" ? sumRestarts(count.active) : 0;
  if (totalOf(count, "failed") > backoffLimit || (restarts > 0 && restarts >= backoffLimit)) {
    return { type: "Failed", reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
  }
  const deadline = deadlineMs(job);
  if (deadline !== undefined && now >= deadline && !job.spec.suspend) {
    return { type: "Failed", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
  }
  const succeeded = succeededOf(job, count);
  const enough = completions === undefined ? succeeded > 0 && count.active.length === 0 : succeeded >= completions;
  if (!enough) return undefined;
  const message = "Reached expected number of succeeded pods";
  return { type: "Complete", reason: "CompletionsReached", message };
}

function sumRestarts(pods: readonly Pod[]): number {
  const all = pods.flatMap(({ status }) => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]);
  return all.reduce((sum: number, { restartCount }: any) => sum + (restartCount ?? 0), 0);
}

/** Ends what still runs; the job is over once all of its pods are counted. */
function planEnd(job: Job, count: Count, verdict: Verdict, view: View): Action[] {
  const { status } = statusOf(job, count, view.now);
  const time = formatTime(view.now);
  const add = (type: string): void => {
    if (status.conditions?.some((each: any) => each.type === type)) return;
    const { reason, message } = verdict;
    const condition = { type, status: "True", lastProbeTime: time, lastTransitionTime: time, reason, message };
    status.conditions = [...(status.conditions ?? []), condition];
  };
  add(verdict.type === "Failed" ? "FailureTarget" : "SuccessCriteriaMet");
  const pending =
    count.active.length + count.terminating.length + count.uncounted.succeeded.length + count.uncounted.failed.length;
  const over = pending === 0 && conditionOf(job, verdict.type === "Failed" ? "FailureTarget" : "SuccessCriteriaMet");
  const said: Action[] = [];
  if (over) {
    add(verdict.type);
    if (verdict.type === "Complete") {
      status.completionTime = time;
      said.push(event(job, "Normal", "Completed", "Job completed"));
    } else said.push(event(job, "Warning", verdict.reason, verdict.message));
  }
  return [...deletePods(job, count.active), ...updateStatus(jobs, job, status), ...said];
}

/** Makes or deletes pods towards what is wanted now. */
function planPods(job: Job, count: Count, view: View): { actions: Action[] } {
  const { parallelism = 1, completions } = job.spec;
  const succeeded = succeededOf(job, count);
  const wanted =
    completions === undefined
      ? succeeded > 0
        ? Math.min(count.active.length, parallelism)
        : parallelism
      : Math.min(parallelism, Math.max(0, completions - succeeded));
  const waiting = job.spec.podReplacementPolicy === "Failed" ? count.terminating.length : 0;
  const missing = Math.min(wanted - count.active.length - waiting, podsPerPlanMax);
  const surplus = count.active.length - wanted;
  if (surplus > 0) {
    const sorted = count.active.toSorted(byDeletionPreference(() => 0, view.now));
    return { actions: deletePods(job, sorted.slice(0, surplus)) };
  }
  if (missing <= 0) return { actions: [] };
  const failures = totalOf(count, "failed");
  const pauseMs = failures === 0 ? 0 : Math.min(backoffMs.first * 2 ** (failures - 1), backoffMs.max);
  const leftMs = count.lastFailureMs + pauseMs - view.now;
  if (failures > 0 && count.lastFailureMs > 0 && leftMs > 0) return { actions: [requeueAfter(leftMs)] };
  const indexes = job.spec.completionMode === "Indexed" ? freeIndexes(job, count, missing) : undefined;
  const total = indexes ? indexes.length : missing;
  return { actions: Array.from({ length: total }, (_, at) => createJobPod(job, indexes?.[at])) };
}

function freeIndexes(job: Job, count: Count, missing: number): number[] {
  const taken = new Set([...count.completed, ...count.active.map(indexOf)]);
  const free: number[] = [];
  for (let index = 0; index < job.spec.completions && free.length < missing; index++)
    if (!taken.has(index)) free.push(index);
  return free;
}

function deletePods(job: Job, pods: readonly Pod[]): Action[] {
  return pods.map((object) => ({
    do: "delete",
    resource: "pods",
    object,
    done: { about: job, type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${object.metadata.name}` },
  }));
}

function statusOf(job: Job, count: Count, now: number): { status: any; events: Action[] } {
  const { suspend } = job.spec;
  const before = job.status ?? {};
  const time = formatTime(now);
  const events: Action[] = [];
  let conditions: any[] = before.conditions ?? [];
  let { startTime } = before;
  const suspended = conditions.find(({ type }) => type === "Suspended");
  if (Boolean(suspend) !== (suspended?.status === "True")) {
    const [reason, message] = suspend ? ["JobSuspended", "Job suspended"] : ["JobResumed", "Job resumed"];
    const status = suspend ? "True" : "False";
    const next = { type: "Suspended", status, lastProbeTime: time, lastTransitionTime: time, reason, message };
    conditions = [...conditions.filter((each) => each !== suspended), next];
    startTime = suspend ? undefined : time;
    events.push(event(job, "Normal", suspend ? "Suspended" : "Resumed", message!));
  }
  if (!suspend) startTime ??= time;
  const counted = (number: number): number | undefined => (number > 0 ? number : undefined);
  const { succeeded, failed } = count.uncounted;
  const status = {
    ...before,
    startTime,
    conditions: conditions.length > 0 ? conditions : undefined,
    active: counted(count.active.length),
    ready: count.active.filter(isReady).length,
    terminating: count.terminating.length,
    succeeded: counted(count.succeeded),
    failed: counted(count.failed),
    uncountedTerminatedPods: {
      ...(succeeded.length > 0 ? { succeeded } : {}),
      ...(failed.length > 0 ? { failed } : {}),
    },
    ...(job.spec.completionMode === "Indexed" ? { completedIndexes: formatIndexes(count.completed) || undefined } : {}),
  };
  return { status, events };
}

/** A job that is over is deleted after its `ttlSecondsAfterFinished`. */
function planFinished(job: Job, finished: any, view: View): Action[] {
  const frees = view
    .owned<Pod>("pods", job)
    .filter((pod) => isTracked(pod) && (isFinished(pod) || pod.metadata.deletionTimestamp))
    .map(untrack);
  const ttl = job.spec.ttlSecondsAfterFinished;
  if (ttl === undefined || job.metadata.deletionTimestamp) return frees;
  const leftMs = Date.parse(finished.lastTransitionTime) + ttl * 1000 - view.now;
  if (leftMs > 0) return [...frees, requeueAfter(leftMs)];
  return [...frees, { do: "delete", resource: jobs, object: job, options: { propagationPolicy: "Foreground" } }];
}
