// autoscaling/v1 knows only a target for cpu. What else a v2 autoscaler holds travels in annotations.

const metricsKey = "autoscaling.alpha.kubernetes.io/metrics";
const currentMetricsKey = "autoscaling.alpha.kubernetes.io/current-metrics";
const conditionsKey = "autoscaling.alpha.kubernetes.io/conditions";
const behaviorKey = "autoscaling.alpha.kubernetes.io/behavior";
const keys = [metricsKey, currentMetricsKey, conditionsKey, behaviorKey];

const isCpuUtilization = (metric: any): boolean =>
  metric.type === "Resource" && metric.resource?.name === "cpu" && metric.resource.target?.type === "Utilization";

function cpuMetric(averageUtilization: number): object {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

/** JSON of an annotation; a text that is none counts as nothing, as users may write these annotations too. */
function parse(text: string | undefined): any {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Metadata with other annotations in place of ours. */
function withAnnotations(metadata: any, ours: Record<string, unknown>): any {
  const { annotations = {}, ...rest } = metadata ?? {};
  const kept = Object.entries(annotations).filter(([key]) => !keys.includes(key));
  const added = Object.entries(ours).filter(([, value]) => value !== undefined);
  const all = [...kept, ...added.map(([key, value]) => [key, JSON.stringify(value)])];
  return all.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(all) };
}

/** An `autoscaling/v2` autoscaler as `autoscaling/v1` shows it. */
export function fromV2(object: any): any {
  const { metrics = [], behavior, ...spec } = object.spec ?? {};
  const { currentMetrics, conditions, ...status } = object.status ?? {};
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric: any) => metric !== cpu);
  const currentCpu = currentMetrics?.find((each: any) => each.type === "Resource" && each.resource?.name === "cpu");
  const utilization = cpu?.resource.target.averageUtilization;
  const currentUtilization = currentCpu?.resource.current?.averageUtilization;
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(object.metadata, {
      [metricsKey]: others.length > 0 ? others : undefined,
      [currentMetricsKey]: currentMetrics?.length > 0 ? currentMetrics : undefined,
      [conditionsKey]: conditions?.length > 0 ? conditions : undefined,
      [behaviorKey]: behavior,
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
  const { currentCPUUtilizationPercentage: _, ...status } = object.status ?? {};
  const annotations = object.metadata?.annotations ?? {};
  const metrics = [...(cpu === undefined ? [] : [cpuMetric(cpu)]), ...(parse(annotations[metricsKey]) ?? [])];
  const behavior = parse(annotations[behaviorKey]);
  const conditions = parse(annotations[conditionsKey]);
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(object.metadata, {}),
    spec: { ...spec, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior ? { behavior } : {}) },
    status: {
      ...status,
      currentMetrics: parse(annotations[currentMetricsKey]) ?? null,
      ...(conditions ? { conditions } : {}),
    },
  };
}
