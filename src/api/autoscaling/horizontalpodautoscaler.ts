import { defineResource, type ResourceDeclaration } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { dropCarried, fromV2, toV2 } from "./conversion.ts";
import { defaultAutoscaler, validateAutoscaler, validateAutoscalerStatus } from "./validation.ts";

/** Metrics that the TARGETS column spells out. */
const metricsShownMax = 2;

/** `cpu: 40%/80%`, `3/10 (avg)`: what a metric is now and what it should be. */
function metricText(spec: any, status: any): string {
  const sourceName = spec.type[0].toLowerCase() + spec.type.slice(1);
  const source = spec[sourceName] ?? {};
  const current = status?.[sourceName]?.current;
  const target = source.target ?? {};
  const named = spec.type === "Resource" || spec.type === "ContainerResource" ? `${source.name}: ` : "";
  if (target.averageUtilization !== undefined) {
    const now = current?.averageUtilization === undefined ? "<unknown>" : `${current.averageUtilization}%`;
    return `${named}${now}/${target.averageUtilization}%`;
  }
  // A quantity that a status leaves out, of those it must have, is Go's nil.
  const missing = status?.[sourceName] ? "<nil>" : "<unknown>";
  if (target.averageValue === undefined) return `${named}${current?.value ?? missing}/${target.value}`;
  if (spec.type === "External" || spec.type === "Object") {
    return `${current?.averageValue ?? "<unknown>"}/${target.averageValue} (avg)`;
  }
  return `${named}${current?.averageValue ?? missing}/${target.averageValue}`;
}

function targetsText({ spec, status }: any): string {
  const metrics: any[] = spec?.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const shown = metrics
    .slice(0, metricsShownMax)
    .map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  const more = metrics.length - shown.length;
  return more > 0 ? `${shown.join(", ")} + ${more} more...` : shown.join(", ");
}

const shared = {
  group: "autoscaling",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: [statusSubresource],
  statusFields: ["status"],
  columns: [
    text("Reference", ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ""}/${spec?.scaleTargetRef?.name ?? ""}`),
    text("Targets", targetsText),
    text("MinPods", ({ spec }) => `${spec?.minReplicas ?? "<unset>"}`),
    text("MaxPods", ({ spec }) => spec?.maxReplicas ?? 0),
    text("Replicas", ({ status }) => status?.currentReplicas ?? 0),
    ageColumn,
  ],
} satisfies Partial<ResourceDeclaration<any>>;

export const horizontalPodAutoscalers = defineResource({
  ...shared,
  version: "v2",
  schema: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
  defaults(draft) {
    dropCarried(draft.metadata);
    defaultAutoscaler(draft);
  },
  metadataAsChange: true,
  validate: validateAutoscaler,
  validateStatusUpdate: validateAutoscalerStatus,
});

export const horizontalPodAutoscalersV1 = defineResource({
  ...shared,
  version: "v1",
  schema: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
  storedAs: {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    toStored: toV2,
    fromStored: fromV2,
  },
});
