// The patch of `kubectl apply`: strategic for built-in kinds, merge for others.

import type { Mapping } from "../discovery.ts";
import { lastAppliedAnnotation } from "../writing.ts";

/** The patch that brings `current` to what `modified` says, minus what the last apply had and this one has not. */
export async function planApply(
  current: any,
  modified: any,
  mapping: Mapping,
): Promise<{ patch: Record<string, unknown>; type: "strategic" | "merge" }> {
  const text = current.metadata.annotations?.[lastAppliedAnnotation];
  const original = text ? JSON.parse(text) : {};
  return planPatch(original, modified, current, mapping);
}

/** The patch that brings `current` to `modified`, without what `original` had and `modified` has not. */
export async function planPatch(
  original: any,
  modified: any,
  current: any,
  mapping: Mapping,
): Promise<{ patch: Record<string, unknown>; type: "strategic" | "merge" }> {
  const definition = await definitionOf(mapping);
  if (definition) {
    const [{ threeWayStrategic }, { definitions }] = await Promise.all([
      import("../../api/machinery/patch_three_way.ts"),
      import("../../api/machinery/definitions.ts"),
    ]);
    return { patch: threeWayStrategic(original, modified, current, definition, definitions), type: "strategic" };
  }
  const { threeWayMerge } = await import("../../api/machinery/patch_merge.ts");
  return { patch: threeWayMerge(original, modified, current), type: "merge" };
}

/** The schema's name of a built-in kind; undefined for custom ones, which know no strategic merge. */
export async function definitionOf({
  group,
  version,
  kind,
}: Pick<Mapping, "group" | "version" | "kind">): Promise<string | undefined> {
  const { loadDefinitions } = await import("../../api/machinery/definitions.ts");
  const all = await loadDefinitions();
  const short = group.split(".")[0] || "core";
  const names = [
    `io.k8s.api.${short}.${version}.${kind}`,
    `io.k8s.api.${group
      .replace(/\.k8s\.io$/, "")
      .split(".")
      .reverse()
      .join(".")}.${version}.${kind}`,
    `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${kind}`,
    `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${kind}`,
  ];
  return names.find((name) => name in all);
}
