// What a job's controller, or whoever stands in for it (KEP-4368), may say of a job: each rule holds only where the write
// changed something that it is about.

import { duplicate, type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { checkNonNegative, type Errors, sameValue } from "../parts/checks.ts";
import { goValue } from "../parts/goshape.ts";
import { countIndexes, intervalsOf } from "./indexes.ts";

type Job = KubeObject & { spec: any; status?: any };

const path = new FieldPath("status");

/** A condition error prints no value. */
function conditionError(why: string): FieldError {
  return { type: "FieldValueInvalid", field: `${path.child("conditions")}`, body: `Invalid value: ${why}` };
}

/** What a job's conditions say. */
function read(job: Job) {
  const holds = (type: string): boolean =>
    job.status?.conditions?.some((each: any) => each.type === type && each.status === "True") ?? false;
  const [complete, failed] = [holds("Complete"), holds("Failed")];
  const [target, met] = [holds("FailureTarget"), holds("SuccessCriteriaMet")];
  return { complete, failed, finished: complete || failed, target, met, status: job.status ?? {} };
}

type State = ReturnType<typeof read>;

interface Change {
  now: State;
  before: State;
  spec: any;
  /** Whether any of these changed: conditions by the names above, all else by the names in the status. */
  changed(...names: string[]): boolean;
}

function changeOf(next: Job, previous: Job): Change {
  const [now, before] = [read(next), read(previous)];
  const changed = (name: string) =>
    name in now && name !== "status"
      ? now[name as "complete"] !== before[name as "complete"]
      : !sameValue(now.status[name], before.status[name]);
  return { now, before, spec: next.spec, changed: (...names) => names.some(changed) };
}

function checkUncounted(errors: Errors, pods: any): void {
  const seen = new Set<string>();
  for (const list of ["succeeded", "failed"] as const) {
    for (const [index, uid] of (pods?.[list] ?? []).entries()) {
      const at = path.child("uncountedTerminatedPods", list).index(index);
      if (uid === "") errors.push(invalid(at, uid, "must not be empty"));
      else if (seen.has(uid)) errors.push(duplicate(at, uid));
      seen.add(uid);
    }
  }
}

function checkTimes(errors: Errors, { now, changed }: Change): void {
  const { startTime, completionTime } = now.status;
  const at = path.child("completionTime");
  if (changed("complete", "completionTime")) {
    if (completionTime && !now.complete) {
      errors.push(invalid(at, completionTime, "cannot set completionTime when there is no Complete=True condition"));
    }
    if (!completionTime && now.complete) errors.push(required(at, "completionTime is required for Complete jobs"));
  }
  if (!changed("startTime", "completionTime") || !startTime || !completionTime) return;
  if (Date.parse(completionTime) < Date.parse(startTime)) {
    errors.push(invalid(at, completionTime, "completionTime cannot be set before startTime"));
  }
}

function checkFinished(errors: Errors, { now, changed }: Change): void {
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = now.status;
  if (!now.finished) return;
  if (changed("finished", "active") && active > 0) {
    errors.push(invalid(path.child("active"), active, "active>0 is invalid for finished job"));
  }
  if (changed("finished", "startTime") && !startTime) {
    errors.push(required(path.child("startTime"), "startTime is required for finished job"));
  }
  const count = (uncounted?.succeeded?.length ?? 0) + (uncounted?.failed?.length ?? 0);
  if (changed("finished", "uncountedTerminatedPods") && count > 0) {
    const shown = goValue(uncounted, { Succeeded: ["succeeded", null], Failed: ["failed", null] });
    const why = "uncountedTerminatedPods needs to be empty for finished job";
    errors.push(invalid(path.child("uncountedTerminatedPods"), shown, why));
  }
}

function checkIndexes(errors: Errors, { now, spec, changed }: Change): void {
  const { completedIndexes: completed = "", failedIndexes: failed } = now.status;
  const { completions, backoffLimitPerIndex: perIndex, completionMode } = spec;
  const check = (name: string, text: string) => {
    const count = countIndexes(text, completions);
    if (typeof count === "string") errors.push(invalid(path.child(name), text, `error parsing ${name}: ${count}`));
  };
  const [completedChanged, failedChanged] = [changed("completedIndexes"), changed("failedIndexes")];
  if (completedChanged && completions !== undefined) check("completedIndexes", completed);
  if (failedChanged && completions !== undefined && perIndex !== undefined && failed !== undefined) {
    check("failedIndexes", failed);
  }
  if (completedChanged && completed !== "" && completionMode !== "Indexed") {
    const why = "cannot set non-empty completedIndexes when non-indexed completion mode";
    errors.push(invalid(path.child("completedIndexes"), completed, why));
  }
  if (failedChanged && perIndex === undefined && failed !== undefined) {
    const why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
    errors.push(invalid(path.child("failedIndexes"), failed, why));
  }
  if (!(completedChanged || failedChanged) || completions === undefined || failed === undefined) return;
  const both = firstInBoth(intervalsOf(completed, completions), intervalsOf(failed, completions));
  if (both === undefined) return;
  const why = `failedIndexes and completedIndexes overlap at index: ${both}`;
  errors.push(invalid(path.child("failedIndexes"), failed, why));
}

function firstInBoth(some: readonly [number, number][], others: readonly [number, number][]): number | undefined {
  for (const [first, last] of some) {
    for (const [start, end] of others) if (first <= end && start <= last) return Math.max(first, start);
  }
  return undefined;
}

function checkConditions(errors: Errors, { now, changed }: Change): void {
  if (changed("complete", "failed") && now.complete && now.failed) {
    errors.push(conditionError("cannot set Complete=True and Failed=true conditions"));
  }
  if (changed("complete", "target") && now.complete && now.target) {
    errors.push(conditionError("cannot set Complete=True and FailureTarget=true conditions"));
  }
}

function checkEnds(errors: Errors, { now, changed }: Change): void {
  if (changed("failed", "target") && now.failed && !now.target) {
    errors.push(conditionError("cannot set Failed=True condition without the FailureTarget=true condition"));
  }
  if (changed("complete", "met") && now.complete && !now.met) {
    errors.push(conditionError("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"));
  }
}

function checkPods(errors: Errors, { now, changed }: Change): void {
  const { active = 0, ready, terminating } = now.status;
  if (now.finished && changed("finished", "terminating") && terminating > 0) {
    errors.push(invalid(path.child("terminating"), terminating, "terminating>0 is invalid for finished job"));
  }
  if (changed("ready", "active") && ready > active) {
    errors.push(invalid(path.child("ready"), ready, "cannot set more ready pods than active"));
  }
}

function checkSuccess(errors: Errors, { now, spec }: Change): void {
  if (now.met && now.failed) {
    errors.push(conditionError("cannot set SuccessCriteriaMet=True and Failed=true conditions"));
  }
  if (now.met && now.target) {
    errors.push(conditionError("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"));
  }
  if (spec.successPolicy && now.complete && !now.met) {
    const why = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
    errors.push(conditionError(why));
  }
}

/** What was said before and may not be taken back. */
function checkTakenBack(errors: Errors, { now, before, spec }: Change): void {
  for (const [name, type] of [
    ["failed", "Failed"],
    ["complete", "Complete"],
    ["target", "FailureTarget"],
  ] as const) {
    if (before[name] && !now[name]) errors.push(conditionError(`cannot disable the terminal ${type}=True condition`));
  }
  // An indexed job that is as wide as it is long may be made smaller.
  const mayShrink = spec.completionMode === "Indexed" && spec.completions === spec.parallelism;
  for (const name of ["failed", "succeeded"] as const) {
    const [count, old] = [now.status[name] ?? 0, before.status[name] ?? 0];
    if (count >= old || (name === "succeeded" && mayShrink)) continue;
    errors.push(invalid(path.child(name), count, `cannot decrease the ${name} counter`));
  }
  const [time, oldTime] = [now.status.completionTime, before.status.completionTime];
  if (time && oldTime && time !== oldTime) {
    errors.push(invalid(path.child("completionTime"), time, "completionTime cannot be mutated"));
  }
  const oldStart = before.status.startTime;
  if (oldStart && oldStart !== now.status.startTime && !spec.suspend) {
    errors.push(required(path.child("startTime"), "startTime cannot be removed for unsuspended job"));
  }
  if (before.met && !now.met) errors.push(conditionError("cannot disable the SuccessCriteriaMet=True condition"));
  if (before.complete && !before.met && now.met) {
    const why = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
    errors.push(conditionError(why));
  }
}

/** Errors in a change of a job's status. */
export function checkJobStatus(next: Job, previous: Job): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["active", "succeeded", "failed", "ready", "terminating"]) {
    checkNonNegative(errors, next.status?.[name], () => path.child(name));
  }
  checkUncounted(errors, next.status?.uncountedTerminatedPods);
  const change = changeOf(next, previous);
  for (const check of [
    checkConditions,
    checkTimes,
    checkEnds,
    checkFinished,
    checkIndexes,
    checkPods,
    checkSuccess,
    checkTakenBack,
  ]) {
    check(errors, change);
  }
  return errors;
}
