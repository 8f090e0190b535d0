import { FieldPath, invalid, throwInvalid } from "../../api/machinery/field.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Column, Resource } from "../../api/machinery/resource.ts";
import { formatLabelSelector, type LabelSelector, selectorRequirements } from "../../api/machinery/selector.ts";
import { ageColumn } from "../../api/parts/columns.ts";

/** The columns of a Scale's table. */
export const scaleColumns: readonly Column<KubeObject>[] = [
  { name: "Name", type: "string", value: ({ metadata }) => metadata.name },
  { name: "Desired", type: "integer", value: ({ spec }) => spec.replicas ?? 0 },
  { name: "Available", type: "integer", value: ({ status }) => status.replicas },
  ageColumn,
];

/** The `scale` view of an object (autoscaling/v1 Scale). */
export function toScale(resource: Resource, object: KubeObject): KubeObject {
  const { specReplicas, statusReplicas, selector } = resource.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const text = selector === "" ? "" : selectorText(readPath(object, selector));
  const replicas = readPath(object, specReplicas) as number | undefined;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: (readPath(object, statusReplicas) as number | undefined) ?? 0,
      ...(text ? { selector: text } : {}),
    },
  };
}

/** The object with the replicas that a scale asks for. Throws a 422 for a negative number. */
export function applyScale(resource: Resource, object: KubeObject, scale: KubeObject): KubeObject {
  const replicas: number = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    const path = new FieldPath("spec").child("replicas");
    throwInvalid("autoscaling", "Scale", object.metadata.name, [
      invalid(path, replicas, "must be greater than or equal to 0"),
    ]);
  }
  const next = structuredClone(object);
  const path = resource.scale!.specReplicas.split(".").filter(Boolean);
  let at: any = next;
  for (const part of path.slice(0, -1)) at = at[part] ??= {};
  at[path.at(-1)!] = replicas;
  if (scale.metadata?.resourceVersion) next.metadata.resourceVersion = scale.metadata.resourceVersion;
  else delete (next.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
  return next;
}

function readPath(object: KubeObject, path: string): unknown {
  let at: any = object;
  for (const part of path.split(".").filter(Boolean)) at = at?.[part];
  return at;
}

function selectorText(selector: unknown): string {
  if (typeof selector === "string") return selector;
  if (!selector || typeof selector !== "object") return "";
  const isLabelSelector = "matchLabels" in selector || "matchExpressions" in selector;
  return formatLabelSelector(
    selectorRequirements(
      isLabelSelector ? (selector as LabelSelector) : { matchLabels: selector as Record<string, string> },
    ),
  );
}
