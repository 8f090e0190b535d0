// What the checks of the Pod Security Standards are made of.

/** What a check found: a short reason for summaries and the details of it. */
export interface Violation {
  reason: string;
  detail?: string;
}

/** A pod, or the template of pods, as the checks see it. */
export interface PodView {
  annotations: Record<string, string>;
  spec: any;
}

export type CheckPod = (pod: PodView) => Violation | undefined;

export interface Check {
  id: string;
  level: "baseline" | "restricted";
  /** By the first minor version that each holds for, ascending; before the first one nothing is checked. */
  versions: readonly (readonly [minor: number, check: CheckPod])[];
  /** Checks of the baseline that this one says all of. */
  overrides?: string;
}

/** All containers, in the order in which they are named. */
export function containersOf({ spec }: PodView): any[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** `one` or `many`, as many as there are. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}

/** `"a", "b"`. */
export function quoted(texts: Iterable<string>): string {
  return [...texts].map((text) => JSON.stringify(text)).join(", ");
}

export function sortedSet(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}

/** `containers "a", "b"`. */
export function containersNamed(containers: readonly any[]): string {
  return `${plural(containers.length, "container")} ${quoted(containers.map(({ name }) => name))}`;
}

/** `pod and container "c"`: who set something. */
export function setters(podDoes: boolean, containers: readonly any[]): string[] {
  return [...(podDoes ? ["pod"] : []), ...(containers.length > 0 ? [containersNamed(containers)] : [])];
}

/** Windows pods have none of what Linux knows of privileges (KEP-2802). */
export function unlessWindows(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.os?.name === "windows" ? undefined : check(pod));
}

/** In a user namespace, root is nobody outside (KEP-127). */
export function unlessUserNamespace(check: CheckPod): CheckPod {
  return (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
}
