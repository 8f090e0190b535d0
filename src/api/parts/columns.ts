// What the columns of several kinds share.

import { humanDuration } from "../machinery/duration.ts";
import type { KubeObject } from "../machinery/object.ts";
import type { Column } from "../machinery/resource.ts";
import { formatLabelSelector, type LabelSelector, selectorRequirements } from "../machinery/selector.ts";

type Cell<T> = Column<T>["value"];

/** A column of texts that is always shown. */
export function text<T = any>(name: string, value: Cell<T>): Column<T> {
  return { name, type: "string", value };
}

/** A column of texts that `-o wide` shows. */
export function wide<T = any>(name: string, value: Cell<T>): Column<T> {
  return { name, type: "string", priority: 1, value };
}

/** A column of whole numbers. */
export function integer<T = any>(name: string, value: Cell<T>): Column<T> {
  return { name, type: "integer", value };
}

/** A column of truths. */
export function boolean<T = any>(name: string, value: Cell<T>): Column<T> {
  return { name, type: "boolean", value };
}

/** Time since an RFC 3339 time in Kubernetes' short form ("5m", "3d4h"); `<unknown>` if there is none. */
export function since(time: string | null | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : "<unknown>";
}

export const ageColumn: Column<KubeObject> = text("Age", (object, now) =>
  since(object.metadata.creationTimestamp, now),
);

/** What kinds without columns of their own show besides the name. */
export const createdAtColumn: Column<KubeObject> = {
  name: "Created At",
  type: "date",
  value: (object) => object.metadata.creationTimestamp,
};

/** `a=1,b=2`, sorted by key; `<none>` if there are none. */
export function labelsText(labels: Record<string, string> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? "<none>" : keys.map((key) => `${key}=${labels![key]}`).join(",");
}

/** A label selector as text, requirements sorted by key; `<none>` if it is absent or empty. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return "<none>";
  try {
    return formatLabelSelector(selectorRequirements(selector)) || "<none>";
  } catch {
    return "<error>";
  }
}

/** The `Containers` and `Images` of a pod template, for `-o wide`. */
export function containerColumns<T = any>(
  podSpec: (object: T) => { containers?: { name: string; image?: string }[] } | undefined,
): Column<T>[] {
  return [
    wide("Containers", (object) => (podSpec(object)?.containers ?? []).map(({ name }) => name).join(",")),
    wide("Images", (object) => (podSpec(object)?.containers ?? []).map(({ image }) => image ?? "").join(",")),
  ];
}

/** The first `max` of a list joined by commas, and how many more there are: `a,b,c + 2 more...`. */
export function firstFew(items: readonly string[], max = 3): string {
  if (items.length <= max) return items.join(",");
  return `${items.slice(0, max).join(",")} + ${items.length - max} more...`;
}

/** Where a load balancer lets traffic in, of a Service's or an Ingress' status: each place once, sorted. */
export function balancerPoints(status: any): string[] {
  const points: { ip?: string; hostname?: string }[] = status?.loadBalancer?.ingress ?? [];
  return [...new Set(points.map(({ ip, hostname }) => ip || hostname || ""))].filter(Boolean).sort();
}

/** Go's way to print a truth in a text column. */
export function truthText(value: unknown): string {
  return value ? "True" : "False";
}
