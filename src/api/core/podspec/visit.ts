// All containers of a pod, whatever sort they are of.

import type { FieldPath } from "../../machinery/field.ts";
import type { Container, PodSpec } from "./types.ts";

/** Containers of all sorts with their places, in the order in which the real server visits them. */
export function containersOf(spec: PodSpec, path: FieldPath): { container: Container; at: FieldPath }[] {
  return (["initContainers", "containers", "ephemeralContainers"] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, at: path.child(list).index(index) })),
  );
}
