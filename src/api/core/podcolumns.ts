// How a pod shows in a table. Its STATUS is a reading of many fields at once, told here one question at a time.

import type { Column, RowCondition } from "../machinery/resource.ts";
import { ageColumn, since, text, wide } from "../parts/columns.ts";

const nodeUnreachable = "NodeLost";

/** The names of the init containers that go on running beside the app containers. */
function sidecarsOf({ spec }: any): Set<string> {
  const inits: any[] = spec.initContainers ?? [];
  return new Set(inits.filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name));
}

const endedWell = ({ state }: any): boolean => state?.terminated?.exitCode === 0;

/** How far initialisation has come: the statuses of the init containers that are past it, and the one that holds it up. */
function initProgress(pod: any): { passed: any[]; holding?: any } {
  const sidecars = sidecarsOf(pod);
  const statuses: any[] = pod.status?.initContainerStatuses ?? [];
  const index = statuses.findIndex((each) => !endedWell(each) && !(sidecars.has(each.name) && each.started));
  return index < 0 ? { passed: statuses } : { passed: statuses.slice(0, index), holding: statuses[index] };
}

/** What became of the pod's init containers: a status if one of them still holds the pod up. */
function initStatus(pod: any): string | undefined {
  const { passed, holding } = initProgress(pod);
  if (!holding) return undefined;
  const { terminated, waiting } = holding.state ?? {};
  if (terminated) return terminated.reason ? `Init:${terminated.reason}` : `Init:${endText(terminated)}`;
  if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`;
  return `Init:${passed.length}/${pod.spec.initContainers?.length ?? 0}`;
}

function endText({ signal, exitCode }: { signal?: number; exitCode: number }): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

/** What the app containers say, the first one's word counting most; undefined if none has anything to say. */
function containersStatus(pod: any, before: string): string {
  let reason = before;
  let running = false;
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { waiting, terminated } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = terminated.reason || endText(terminated);
    else if (status.ready && status.state?.running) running = true;
  }
  if (reason !== "Completed" || !running) return reason;
  return isReady(pod) ? "Running" : "NotReady";
}

function isReady({ status }: any): boolean {
  return status?.conditions?.some((each: any) => each.type === "Ready" && each.status === "True") ?? false;
}

/** Whether the pod is past initialisation whatever its init containers' statuses say. */
function isInitialized({ status }: any): boolean {
  return status?.conditions?.some((each: any) => each.type === "Initialized" && each.status === "True") ?? false;
}

/** The STATUS column: `Init:0/2`, `CrashLoopBackOff`, `Completed`, `Terminating`, … */
export function podStatusText(pod: any): string {
  const { status = {}, metadata } = pod;
  let reason: string = status.reason || status.phase || "";
  const gated = status.conditions?.some(
    (each: any) => each.type === "PodScheduled" && each.reason === "SchedulingGated",
  );
  if (gated) reason = "SchedulingGated";
  const init = initStatus(pod);
  if (init !== undefined) reason = init;
  if (init === undefined || isInitialized(pod)) reason = containersStatus(pod, reason);
  if (!metadata.deletionTimestamp) return reason;
  if (status.reason === nodeUnreachable) return "Unknown";
  return status.phase === "Failed" || status.phase === "Succeeded" ? reason : "Terminating";
}

interface Counts {
  ready: number;
  total: number;
  restarts: number;
  lastRestart: string;
}

/** Containers that count: while the pod initialises the init containers, later the app containers and the sidecars. */
function countContainers(pod: any): Counts {
  const sidecars = sidecarsOf(pod);
  const { passed, holding } = initProgress(pod);
  const reached = holding ? [...passed, holding] : passed;
  const apps: any[] = pod.status?.containerStatuses ?? [];
  const initializing = holding !== undefined && !isInitialized(pod);

  const readySidecars = passed.filter((each) => sidecars.has(each.name) && each.ready && !endedWell(each));
  const readyApps = initializing ? [] : apps.filter((each) => each.ready && each.state?.running);
  const restarted = initializing ? reached : [...reached.filter(({ name }) => sidecars.has(name)), ...apps];
  const ends = restarted.map((each) => each.lastState?.terminated?.finishedAt ?? "");
  return {
    ready: readySidecars.length + readyApps.length,
    total: (pod.spec.containers?.length ?? 0) + sidecars.size,
    restarts: restarted.reduce((sum, each) => sum + (each.restartCount ?? 0), 0),
    lastRestart: ends.toSorted().at(-1) ?? "",
  };
}

function readyText(pod: any): string {
  const { ready, total } = countContainers(pod);
  return `${ready}/${total}`;
}

function restartsText(pod: any, now: number): string {
  const { restarts, lastRestart } = countContainers(pod);
  return restarts > 0 && lastRestart ? `${restarts} (${since(lastRestart, now)} ago)` : `${restarts}`;
}

function gatesText({ spec, status }: any): string {
  const gates: { conditionType: string }[] = spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const passed = gates.filter(
    ({ conditionType }) => status?.conditions?.find(({ type }: any) => type === conditionType)?.status === "True",
  );
  return `${passed.length}/${gates.length}`;
}

export const podColumns: Column<any>[] = [
  text("Ready", readyText),
  text("Status", podStatusText),
  text("Restarts", restartsText),
  ageColumn,
  wide("IP", ({ status }) => status?.podIPs?.[0]?.ip || "<none>"),
  wide("Node", ({ spec }) => spec.nodeName || "<none>"),
  wide("Nominated Node", ({ status }) => status?.nominatedNodeName || "<none>"),
  wide("Readiness Gates", gatesText),
];

const succeeded: RowCondition[] = [
  { type: "Completed", status: "True", reason: "Succeeded", message: "The pod has completed successfully." },
];
const failed: RowCondition[] = [{ type: "Completed", status: "True", reason: "Failed", message: "The pod failed." }];

/** What the row of a pod says beside its cells: that the pod is done. */
export function podRowConditions({ status }: any): RowCondition[] | undefined {
  if (status?.phase === "Succeeded") return succeeded;
  return status?.phase === "Failed" ? failed : undefined;
}
