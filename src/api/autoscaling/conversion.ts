// autoscaling/v1 knows only a target for cpu. What else a v2 autoscaler holds travels in annotations.

import { goStructJson } from "../machinery/go_json.ts";
import { newBehavior, newMetric, oldBehavior, oldMetric } from "./metrics_v1.ts";

const prefix = "autoscaling.alpha.kubernetes.io/";
const metricsKey = `${prefix}metrics`;
const currentMetricsKey = `${prefix}current-metrics`;
const conditionsKey = `${prefix}conditions`;
const behaviorKey = `${prefix}behavior`;
const carriedKeys = [
  metricsKey,
  currentMetricsKey,
  conditionsKey,
  behaviorKey,
  `${prefix}scale-down-tolerance`,
  `${prefix}scale-up-tolerance`,
];

const isCpu = ({ type, resource }: any): boolean => type === "Resource" && resource?.name === "cpu";
const isCpuUtilization = (metric: any): boolean =>
  isCpu(metric) && metric.resource.target?.averageUtilization !== undefined;

/** A resource metric for cpu, of a spec or of a status. */
const cpuMetric = (amounts: object): object => ({ type: "Resource", resource: { name: "cpu", ...amounts } });

/** Reads an annotation's JSON. What cannot be read counts as nothing, as users may write these annotations too. */
function read<T>(text: string | undefined, convert: (value: any) => T): T | undefined {
  if (!text) return undefined;
  try {
    return convert(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Takes the annotations away that only carry what another version has fields for. */
export function dropCarried(metadata: any): void {
  const { annotations } = metadata;
  if (!annotations || !carriedKeys.some((key) => annotations[key] !== undefined)) return;
  for (const key of carriedKeys) delete annotations[key];
  if (Object.keys(annotations).length === 0) delete metadata.annotations;
}

/** Metadata with other annotations in place of ours. */
function withAnnotations(metadata: any, ours: Record<string, unknown>): any {
  const next = { ...metadata, ...(metadata?.annotations ? { annotations: { ...metadata.annotations } } : {}) };
  dropCarried(next);
  for (const [key, value] of Object.entries(ours)) {
    if (value === undefined) continue;
    next.annotations ??= {};
    next.annotations[key] = goStructJson(value);
  }
  return next;
}

function oldCondition({ type, status, lastTransitionTime = null, reason, message }: any): object {
  return { type, status, lastTransitionTime, reason, message };
}

/** An `autoscaling/v2` autoscaler as `autoscaling/v1` shows it. */
export function fromV2(object: any): any {
  const { metrics = [], behavior, ...spec } = object.spec ?? {};
  const { currentMetrics, conditions, ...status } = object.status ?? {};
  const others = metrics.filter((metric: any) => !isCpuUtilization(metric));
  const utilization = metrics.find(isCpuUtilization)?.resource.target.averageUtilization;
  const currentUtilization = currentMetrics?.findLast(
    (metric: any) => isCpu(metric) && metric.resource.current?.averageUtilization !== undefined,
  )?.resource.current.averageUtilization;
  const listed = (list: any[] | undefined, write: (each: any) => object) =>
    list?.length ? list.map(write) : undefined;
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(object.metadata, {
      [metricsKey]: listed(others, (metric) => oldMetric(metric, "target")),
      [currentMetricsKey]: listed(currentMetrics, (metric) => oldMetric(metric, "current")),
      [behaviorKey]: behavior && oldBehavior(behavior),
      [conditionsKey]: listed(conditions, oldCondition),
    }),
    spec: { ...spec, ...(utilization === undefined ? {} : { targetCPUUtilizationPercentage: utilization }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(currentUtilization === undefined ? {} : { currentCPUUtilizationPercentage: currentUtilization }),
    },
  };
}

/** An `autoscaling/v1` autoscaler in the form that is stored. */
export function toV2(object: any): any {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = object.spec ?? {};
  const { currentCPUUtilizationPercentage: currentCpu, ...status } = object.status ?? {};
  const annotations = object.metadata?.annotations ?? {};
  const own = cpu === undefined ? [] : [cpuMetric({ target: { type: "Utilization", averageUtilization: cpu } })];
  const ownCurrent = currentCpu === undefined ? null : [cpuMetric({ current: { averageUtilization: currentCpu } })];
  const others = read(annotations[metricsKey], (list) => list.map((old: any) => newMetric(old, "target")));
  const metrics = [...(others ?? []), ...own];
  const currentMetrics = read(annotations[currentMetricsKey], (list) =>
    list.map((old: any) => newMetric(old, "current")),
  );
  const conditions = read(annotations[conditionsKey], (list) => [...list]);
  const behavior = read(annotations[behaviorKey], newBehavior);
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(object.metadata, {}),
    spec: { ...spec, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior ? { behavior } : {}) },
    status: {
      ...status,
      currentMetrics: currentMetrics ?? ownCurrent,
      ...(conditions ? { conditions } : {}),
    },
  };
}
