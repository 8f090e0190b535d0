import type { KubeObject } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import {
  type Action,
  type Client,
  type Controller,
  type ResourceRef,
  requeueAfter,
  resourceId,
  type View,
} from "../../client/mod.ts";
import { discover } from "../parts/discovery.ts";

/** What a namespace on its way out still holds. */
export interface Content {
  resources: {
    ref: ResourceRef;
    count: number /** Of them, on their way out already. */;
    leaving: number;
    finalizers: Record<string, number>;
  }[];
  /** Why discovery failed, or what could not be listed. */
  discoveryError?: string;
  contentError?: string;
}

/** How soon a namespace that waits for its content is looked at again, in milliseconds. */
const lookAgainMs = 1_000;

/** Empties namespaces that are being deleted, then lets them go. */
export const namespaceController: Controller<KubeObject, Content | undefined> = {
  name: "namespace",
  primary: "namespaces",
  observe: observeContent,
  plan: planNamespace,
};

/** Asks the server itself, not a cache: what a cache misses would be lost with the namespace. */
async function observeContent(
  namespace: KubeObject,
  client: Client,
  signal: AbortSignal,
): Promise<Content | undefined> {
  if (!namespace.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes("kubernetes")) return undefined;
  const content: Content = { resources: [] };
  let found: Awaited<ReturnType<typeof discover>> = [];
  try {
    found = await discover(client, signal);
  } catch (error) {
    content.discoveryError = String(error instanceof Error ? error.message : error);
  }
  const mine = found.filter(({ ref, verbs }) => ref.namespaced && verbs.includes("list") && verbs.includes("delete"));
  for (const { ref } of mine) {
    try {
      const { items } = await client.list(ref, { namespace: namespace.metadata.name, signal });
      if (items.length === 0) continue;
      const finalizers: Record<string, number> = {};
      for (const { metadata } of items)
        for (const each of metadata.finalizers ?? []) finalizers[each] = (finalizers[each] ?? 0) + 1;
      const leaving = items.filter(({ metadata }) => metadata.deletionTimestamp).length;
      content.resources.push({ ref, count: items.length, leaving, finalizers });
    } catch (error) {
      if (hasReason(error, "NotFound") || hasReason(error, "MethodNotAllowed")) continue;
      content.contentError = String(error instanceof Error ? error.message : error);
    }
  }
  return content;
}

/** Deletes what is there, tells what is left, and finishes once nothing is. Pure. */
export function planNamespace(namespace: KubeObject, view: View, content: Content | undefined): Action[] {
  if (!content) return [];
  const { name } = namespace.metadata;
  // One object may be served by two groups: events are deleted once.
  const deletes: Action[] = content.resources
    .filter(({ ref, count, leaving }) => leaving < count && ref.group !== "events.k8s.io")
    .map(({ ref }) => ({ do: "deleteCollection", resource: ref, namespace: name }));
  const isEmpty = content.resources.length === 0 && !content.discoveryError && !content.contentError;
  if (isEmpty) {
    const finalizers = namespace.spec.finalizers.filter((each: string) => each !== "kubernetes");
    const object = { ...namespace, spec: { ...namespace.spec, finalizers } };
    return [{ do: "update", resource: "namespaces", object, subresource: "finalize" }];
  }
  return [...deletes, ...planConditions(namespace, content, view.now), requeueAfter(lookAgainMs)];
}

function planConditions(namespace: KubeObject, content: Content, now: number): Action[] {
  const before: any[] = namespace.status?.conditions ?? [];
  const remaining = content.resources.map(({ ref, count }) => `${resourceId(ref)}. has ${count} resource instances`);
  const waiting = new Map<string, number>();
  for (const { finalizers } of content.resources)
    for (const [each, count] of Object.entries(finalizers)) waiting.set(each, (waiting.get(each) ?? 0) + count);
  const holding = Array.from(waiting, ([each, count]) => `${each} in ${count} resource instances`);
  const tell = (type: string, reason: string, message: string, fine: [string, string], wrong: boolean) =>
    wrong ? { type, status: "True", reason, message } : { type, status: "False", reason: fine[0], message: fine[1] };
  const wanted = [
    tell(
      "NamespaceDeletionDiscoveryFailure",
      "DiscoveryFailed",
      `Discovery failed for some groups: ${content.discoveryError}`,
      ["ResourcesDiscovered", "All resources successfully discovered"],
      content.discoveryError !== undefined,
    ),
    tell(
      "NamespaceDeletionGroupVersionParsingFailure",
      "GroupVersionParsingFailed",
      "",
      ["ParsedGroupVersions", "All legacy kube types successfully parsed"],
      false,
    ),
    tell(
      "NamespaceDeletionContentFailure",
      "ContentDeletionFailed",
      `Failed to delete all resource types, 1 remaining: ${content.contentError}`,
      ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
      content.contentError !== undefined,
    ),
    tell(
      "NamespaceContentRemaining",
      "SomeResourcesRemain",
      `Some resources are remaining: ${remaining.join(", ")}`,
      ["ContentRemoved", "All content successfully removed"],
      remaining.length > 0,
    ),
    tell(
      "NamespaceFinalizersRemaining",
      "SomeFinalizersRemain",
      `Some content in the namespace has finalizers remaining: ${holding.join(", ")}`,
      ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
      holding.length > 0,
    ),
  ];
  const same = (a: any, b: any): boolean => a?.status === b.status && a.reason === b.reason && a.message === b.message;
  const old = (type: string) => before.find((each) => each.type === type);
  if (wanted.every((each) => same(old(each.type), each))) return [];
  const conditions = wanted.map((each) => {
    const known = old(each.type);
    return { ...each, lastTransitionTime: known?.status === each.status ? known.lastTransitionTime : formatTime(now) };
  });
  const others = before.filter(({ type }) => !wanted.some((each) => each.type === type));
  const status = { ...namespace.status, conditions: [...others, ...conditions] };
  return [{ do: "update", resource: "namespaces", object: { ...namespace, status }, subresource: "status" }];
}
