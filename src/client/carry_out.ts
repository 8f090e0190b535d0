import { type KubeObject, keyOf } from "../api/machinery/object.ts";
import { hasReason, StatusError } from "../api/machinery/status.ts";
import type { Action, Said } from "./actions.ts";
import type { Client, ResourceLike } from "./client.ts";
import type { Informers } from "./informers.ts";
import type { Recorder } from "./recorder.ts";

/** A write that the cache must see before the next plan: a revision, or the end of an object. */
type Written = { resource: ResourceLike; revision: number } | { resource: ResourceLike; key: string; uid: string };

/** What became of a plan. */
export interface Outcome {
  written: Written[];
  failures: { action: Action; error: unknown }[];
  /** Milliseconds until the plan wants to run again. */
  requeueMs?: number;
}

export interface Means {
  client: Client;
  record: Recorder;
}

/** How many objects are created at first; doubled while all goes well, so that a failing create costs few requests. */
const slowStart = 1;

/** Carries a plan out in its order. After a failure only statuses and events still go out. Never rejects. */
export async function carryOut(actions: readonly Action[], means: Means): Promise<Outcome> {
  const outcome: Outcome = { written: [], failures: [] };
  for (let at = 0; at < actions.length; ) {
    const kind = actions[at]!.do;
    let end = at + 1;
    while ((kind === "create" || kind === "delete") && end < actions.length && actions[end]!.do === kind) end++;
    const group = actions.slice(at, end);
    at = end;
    if (outcome.failures.length > 0 && !group.every(isHarmless)) continue;
    if (kind === "create") await createSlowly(group, means, outcome);
    else await Promise.all(group.map((action) => perform(action, means, outcome)));
  }
  return outcome;
}

function isHarmless(action: Action): boolean {
  if (action.do === "update" || action.do === "patch") return action.subresource === "status";
  return action.do === "event" || action.do === "requeueAfter";
}

async function createSlowly(creates: readonly Action[], means: Means, outcome: Outcome): Promise<void> {
  let size = slowStart;
  for (let at = 0; at < creates.length && outcome.failures.length === 0; at += size, size *= 2) {
    if (at > 0) size = Math.min(size, creates.length - at);
    await Promise.all(creates.slice(at, at + size).map((action) => perform(action, means, outcome)));
  }
}

async function perform(action: Action, means: Means, outcome: Outcome): Promise<void> {
  if (action.do === "requeueAfter") {
    outcome.requeueMs = Math.min(outcome.requeueMs ?? Number.POSITIVE_INFINITY, action.ms);
    return;
  }
  if (action.do === "event") {
    tell(means.record, action.said, action.said.about);
    return;
  }
  try {
    const answer = await write(action, means.client, outcome.written);
    if (answer && "done" in action && action.done) tell(means.record, action.done, answer);
  } catch (error) {
    if (isInVain(error)) return;
    outcome.failures.push({ action, error });
    if ("failed" in action && action.failed && !hasReason(error, "Conflict")) {
      const { about, type, reason, message } = action.failed;
      means.record({ object: about }, type, reason, message(error instanceof Error ? error.message : String(error)));
    }
  }
}

/** A namespace on its way out takes nothing in: nobody needs to hear of it or to try again. */
function isInVain(error: unknown): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some(isTerminating);
}

function isTerminating({ reason }: { reason?: string }): boolean {
  return reason === "NamespaceTerminating";
}

function tell(record: Recorder, { about, type, reason, message }: Said, answer: KubeObject): void {
  record({ object: about }, type, reason, typeof message === "string" ? message : message(answer));
}

/** The answer, or undefined if the object was gone before. */
async function write(
  action: Exclude<Action, { do: "event" | "requeueAfter" }>,
  client: Client,
  written: Written[],
): Promise<KubeObject | undefined> {
  const { resource } = action;
  const noteRevision = (answer: KubeObject): KubeObject => {
    const revision = Number(answer.metadata?.resourceVersion);
    if (revision > 0) written.push({ resource, revision });
    return answer;
  };
  switch (action.do) {
    case "create":
      return noteRevision(await client.create(resource, action.object));
    case "update":
      return noteRevision(await client.update(resource, action.object, { subresource: action.subresource }));
    case "patch": {
      const { type, patch, subresource, object } = action;
      return noteRevision(await client.patch(resource, object.metadata, type, patch, { subresource }));
    }
    case "deleteCollection":
      await client.deleteCollection(resource, { namespace: action.namespace });
      return undefined;
    case "delete": {
      const { object } = action;
      const { uid } = object.metadata;
      const preconditions = { ...action.options?.preconditions, uid };
      try {
        await client.delete(resource, object.metadata, { ...action.options, preconditions });
      } catch (error) {
        // Another object of the name, or a newer state: the cache will tell, and there is no end to wait for.
        if (hasReason(error, "Conflict")) return undefined;
        if (!hasReason(error, "NotFound")) throw error;
      }
      written.push({ resource, key: keyOf(object), uid });
      return object;
    }
  }
}

/** Resolves once the caches of the informers have seen every write. Writes of resources that nobody follows are skipped. */
export async function seenByCache(
  written: readonly Written[],
  informers: Informers,
  signal: AbortSignal,
): Promise<void> {
  const last = new Map<string, number>();
  const waits: Promise<void>[] = [];
  for (const write of written) {
    const informer = informers.find(write.resource);
    if (!informer) continue;
    if ("revision" in write) {
      const id = JSON.stringify(write.resource);
      last.set(id, Math.max(last.get(id) ?? 0, write.revision));
      if (write.revision > informer.revision) waits.push(informer.reached(write.revision));
    } else {
      const isGoing = (now: KubeObject | undefined) =>
        now?.metadata.uid !== write.uid || now.metadata.deletionTimestamp !== undefined;
      waits.push(informer.until(write.key, isGoing));
    }
  }
  if (waits.length === 0 || signal.aborted) return;
  let stop = () => {};
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", stop, { once: true });
  });
  await Promise.race([Promise.all(waits), aborted]);
  signal.removeEventListener("abort", stop);
}
