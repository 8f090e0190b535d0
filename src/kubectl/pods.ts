// From `pod/x`, `deployment/x`, `service/x` or a selector to the pods that are meant.

import { formatLabelSelector, selectorRequirements } from "../api/machinery/selector.ts";
import type { Call } from "./command.ts";
import { pathOf, qualifiedName } from "./discovery.ts";
import { CommandError } from "./errors.ts";
import { resourceOf } from "./targets.ts";

/** The pods of a namespace that a selector picks. */
export async function podsBySelector(call: Call, namespace: string, labelSelector: string): Promise<any[]> {
  const rest = await call.rest();
  return (await rest.json({ path: `/api/v1/namespaces/${namespace}/pods`, query: { labelSelector } })).items ?? [];
}

/** An object by `TYPE/NAME`, or a pod by its name. */
export async function objectOf(call: Call, word: string): Promise<{ resource: string; object: any }> {
  const rest = await call.rest();
  const { namespace } = await call.access();
  const [type, name] = word.includes("/") ? (word.split("/", 2) as [string, string]) : ["pods", word];
  const mapping = await resourceOf(call, type);
  const object = await rest.json({ path: pathOf(mapping, namespace, name) });
  return {
    resource: qualifiedName(mapping),
    object: {
      apiVersion: mapping.group ? `${mapping.group}/${mapping.version}` : mapping.version,
      kind: mapping.kind,
      ...object,
    },
  };
}

/** The label selector of an object's pods; undefined for kinds without pods. */
export function podSelectorOf(resource: string, object: any): string | undefined {
  const { spec = {} } = object;
  if (resource === "services" || resource === "replicationcontrollers") {
    if (!spec.selector || Object.keys(spec.selector).length === 0) {
      throw new CommandError(`invalid service '${object.metadata.name}': Service is defined without a selector`);
    }
    return formatLabelSelector(selectorRequirements({ matchLabels: spec.selector }));
  }
  return spec.selector && typeof spec.selector === "object"
    ? formatLabelSelector(selectorRequirements(spec.selector))
    : undefined;
}

/** Pods that are the best to look at first: running, ready, with fewer restarts, younger. */
export function byPreference(a: any, b: any): number {
  const rank = (pod: any) => [
    pod.spec.nodeName ? 0 : 1,
    { Running: 0, Unknown: 1, Pending: 2 }[pod.status?.phase as string] ?? 3,
    isReady(pod) ? 0 : 1,
  ];
  const [left, right] = [rank(a), rank(b)];
  for (const [at, value] of left.entries()) if (value !== right[at]) return value - right[at]!;
  return Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp);
}

/** Whether a pod says that it is ready. */
export function isReady(pod: any): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }: any) => type === "Ready" && status === "True");
}

/** The one pod that `pod/x`, `x`, `deployment/x` or `service/x` means, waiting for one to come up to `timeoutMs`. */
export async function podOf(call: Call, word: string, timeoutMs = 60_000): Promise<any> {
  const { resource, object } = await objectOf(call, word);
  if (resource === "pods") return object;
  const selector = podSelectorOf(resource, object);
  if (selector === undefined)
    throw new CommandError(`cannot attach to *${object.kind}: selector for ${object.kind} not implemented`);
  const deadline = call.machine.clock.monotonicMs() + timeoutMs;
  for (;;) {
    const pods = (await podsBySelector(call, object.metadata.namespace, selector)).sort(byPreference);
    if (pods.length > 0) return pods[0];
    if (call.machine.clock.monotonicMs() > deadline) throw new CommandError("timed out waiting for the condition");
    await call.machine.clock.sleep(500);
  }
}

/** The container that is meant: as flagged, as annotated, or the first. Throws a CommandError for one that isn't there. */
export function containerOf(pod: any, flagged: string): { container: any; chosen: "flag" | "annotation" | "first" } {
  const { spec, metadata } = pod;
  const all: any[] = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  if (flagged) {
    const container = all.find(({ name }) => name === flagged);
    if (!container) throw new CommandError(`container ${flagged} not found in pod ${metadata.name}`);
    return { container, chosen: "flag" };
  }
  const annotated = metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  const container = annotated && all.find(({ name }) => name === annotated);
  return container ? { container, chosen: "annotation" } : { container: spec.containers[0], chosen: "first" };
}

/** `Defaulted container "a" out of: a, b, c (init)`, where there was a choice; undefined where not. */
export function defaultedNotice(pod: any, container: string): string | undefined {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const names = [
    ...containers.map(({ name }: any) => name),
    ...ephemeralContainers.map(({ name }: any) => `${name} (ephem)`),
    ...initContainers.map(({ name }: any) => `${name} (init)`),
  ];
  return names.length > 1 ? `Defaulted container ${JSON.stringify(container)} out of: ${names.join(", ")}` : undefined;
}
