import { StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer } from "../../base/http.ts";
import type { Clock, Disk } from "../../base/world.ts";
import { dumpAnswer } from "../flowcontrol/dump.ts";
import type { FlowControl } from "../flowcontrol/flow_control.ts";
import type { Route } from "../http/route.ts";
import { readProcess } from "../metrics/process.ts";
import type { ServerMetrics } from "../metrics/server_metrics.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";
import { textAnswer } from "./health.ts";

/** What the server tells of its own inside. */
export interface InsightParts {
  metrics: ServerMetrics;
  flow: FlowControl;
  clock: Clock;
  /** Where /proc is, for the process's own numbers. */
  disk?: Disk;
  /** The flags that the server was started with, by name. */
  flags?: Readonly<Record<string, string>>;
}

const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** `/metrics`, `/debug/…`, `/statusz` and `/flagz`. Undefined for other paths. */
export function insightPaths(registry: Registry, parts: InsightParts) {
  const { metrics, flow, clock, disk } = parts;
  const began = clock.now();
  metrics.build.set(["", "v1.36.2", "1", "36", "linux/amd64"], 1);
  return async (route: Route): Promise<HttpAnswer | undefined> => {
    const { path } = route;
    if (path === "/metrics") {
      if (disk) await readProcess(metrics, disk, clock);
      countObjects(registry, metrics);
      countLevels(flow, metrics);
      return textAnswer(200, metrics.text(), metricsType);
    }
    if (path === "/metrics/slis") return textAnswer(200, metrics.slis(), metricsType);
    if (path.startsWith("/debug/pprof")) throw notYet(path);
    if (path.startsWith("/debug/flags")) throw notYet(path);
    if (path === "/statusz") return textAnswer(200, statusText(began, clock.now()));
    if (path === "/flagz") return textAnswer(200, flagsText(parts.flags ?? {}));
    return dumpAnswer(flow, route);
  };
}

function notYet(path: string): StatusError {
  return new StatusError({ code: 501, reason: "NotImplemented", message: `not supported yet: ${path}` });
}

function countObjects(registry: Registry, metrics: ServerMetrics): void {
  metrics.objects.clear();
  metrics.resourceObjects.clear();
  for (const resource of registry.resources.all()) {
    if (!resource.stored || resource.storedAs) continue;
    const { size } = cacheOf(registry, resource);
    metrics.objects.set([resource.id], size);
    metrics.resourceObjects.set([resource.group, resource.plural], size);
  }
}

function countLevels(flow: FlowControl, metrics: ServerMetrics): void {
  const gauges = [
    ...[metrics.flowWaiting, metrics.flowRunning, metrics.flowRunningSeats, metrics.flowNominal],
    ...[metrics.flowLower, metrics.flowUpper, metrics.flowCurrent],
  ];
  for (const each of gauges) each.clear();
  for (const { name, state, limits } of flow.levels()) {
    const values = [name];
    metrics.flowWaiting.set(values, state.waiting);
    metrics.flowRunning.set(values, state.running);
    metrics.flowRunningSeats.set(values, state.inUse);
    metrics.flowNominal.set(values, limits.nominal);
    metrics.flowLower.set(values, limits.min);
    const finite = (seats: number) => (Number.isFinite(seats) ? seats : 0);
    metrics.flowUpper.set(values, finite(limits.max) || limits.nominal);
    metrics.flowCurrent.set(values, finite(state.limit) || limits.nominal);
  }
}

const warning =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees";

function statusText(began: number, now: number): string {
  const seconds = Math.floor((now - began) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const up = `${hours} hr ${String(minutes).padStart(2, "0")} min ${String(seconds % 60).padStart(2, "0")} sec`;
  const start = new Date(began).toUTCString();
  return `\nkube-apiserver statusz\n${warning} and is for debugging purposes only.\n\nStarted: ${start}\nUp: ${up}\nBinary version: 1.36.2\n`;
}

function flagsText(flags: Readonly<Record<string, string>>): string {
  const lines = Object.entries(flags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}\n`);
  return `\nkube-apiserver flagz\n${warning} and is for debugging purposes only.\n\n${lines.join("")}`;
}
