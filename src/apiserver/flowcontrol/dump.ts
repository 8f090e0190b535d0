import type { HttpAnswer } from "../../base/http.ts";
import type { Route } from "../http/route.ts";
import type { FlowControl, Held, Managed } from "./flow_control.ts";

const root = "/debug/api_priority_and_fairness/";

/** The tables of `/debug/api_priority_and_fairness/dump_*`. Undefined for other paths. */
export function dumpAnswer(control: FlowControl, { path, query }: Route): HttpAnswer | undefined {
  if (!path.startsWith(root)) return undefined;
  control.schemas();
  const levels = [...control.levels()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const table = tableOf(path.slice(root.length), levels, query.has("includeRequestDetails"));
  if (!table) return undefined;
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return { status: 200, headers, body: new TextEncoder().encode(aligned(table)) };
}

type Cell = string | number | boolean;

function tableOf(name: string, levels: readonly Managed[], details: boolean): Cell[][] | undefined {
  if (name === "dump_priority_levels") return [levelHeads, ...levels.map(levelRow)];
  if (name === "dump_queues") return [queueHeads, ...levels.flatMap(queueRows)];
  if (name !== "dump_requests") return undefined;
  const heads = details ? [...requestHeads, "UserName", "Verb", "APIPath"] : requestHeads;
  return [heads, ...levels.flatMap((level) => requestRows(level, details))];
}

const levelHeads = [
  ...["PriorityLevelName", "ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests", "ExecutingRequests"],
  ...["DispatchedRequests", "RejectedRequests", "TimedoutRequests", "CancelledRequests"],
];

function levelRow({ name, state, configured, counts }: Managed): Cell[] {
  const active = [...state.queues.values()].filter(({ waiting, runningSeats }) => waiting.length + runningSeats > 0);
  const idle = state.running + state.waiting === 0;
  const { dispatched, rejected, timedOut, cancelled } = counts;
  const now = [name, active.length, idle, !configured, state.waiting, state.running];
  return [...now, dispatched, rejected, timedOut, cancelled];
}

const queueHeads = [
  ...["PriorityLevelName", "Index", "PendingRequests", "SeatsInUse", "NextDispatchR", "InitialSeatsSum"],
];

function queueRows({ name, state }: Managed): Cell[][] {
  return [...state.queues.values()]
    .sort((a, b) => a.index - b.index)
    .map(({ index, waiting, waitingSeats, runningSeats, finish }) => {
      return [name, index, waiting.length, runningSeats, `${(finish / 1000).toFixed(8)}ss`, waitingSeats];
    });
}

const requestHeads = [
  ...["PriorityLevelName", "FlowSchemaName", "QueueIndex", "RequestIndexInQueue", "FlowDistingsher", "ArriveTime"],
  "InitialSeats",
];

function requestRows({ name, state }: Managed, details: boolean): Cell[][] {
  return [...state.queues.values()].flatMap(({ index, waiting }) =>
    waiting.map(({ about, seats }, at) => {
      const { schema, distinguisher, user, verb, path, arrivedMs } = about as Held;
      const row = [name, schema, index, at, distinguisher, new Date(arrivedMs).toISOString(), seats];
      return details ? [...row, user, verb, path] : row;
    }),
  );
}

/** Columns side by side, with commas between. */
function aligned(rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map((cell, at) => `${cell}${at < row.length - 1 ? "," : ""}`));
  const widths = texts[0]!.map((_, at) => Math.max(...texts.map((row) => row[at]!.length)));
  return texts
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join(" ")
          .trimEnd()}\n`,
    )
    .join("");
}
