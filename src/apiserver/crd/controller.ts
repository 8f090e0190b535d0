// Keeps definitions' statuses, serves what is established, and empties what is being deleted. Every server of a store does
// all of it from what it sees: the plans come to the same, and conflicting writes are planned again.

import type { Definition } from "../../api/apiextensions/types.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { hasReason, StatusError } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import type { Net } from "../../base/http.ts";
import { deleteObject } from "../registry/delete.ts";
import { cacheOf, ownScope, type Registry } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";
import type { ServedResources } from "../resource_table.ts";
import { type EndStep, finalizer, holds, planEnd, planStatus, withCondition } from "./conditions.ts";
import { converterOf, webhookCaller } from "./conversion.ts";
import { customResources, storedCustomResource } from "./custom_resource.ts";

/** How long a step that failed waits before it is tried again, in milliseconds. */
const retryMs = 1_000;

interface Served {
  /** What the resources were made of. */
  basis: unknown;
  /** The stored version: what the server itself works with. */
  stored: Resource;
  end: AbortController;
}

/** Runs until the signal is aborted. Resolves once what the store already has is served. */
export async function runDefinitions(
  registry: Registry,
  table: ServedResources,
  net: Net,
  report: (error: unknown) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const definitions = registry.resources.byId("customresourcedefinitions.apiextensions.k8s.io");
  if (!definitions) return { async [Symbol.asyncDispose]() {} };
  const cache = cacheOf(registry, definitions);
  const served = new Map<string, Served>();
  const call = webhookCaller(() => registry, net);
  const running = new Set<string>();
  const waiting = new Set<string>();
  const watched = new Map<string, Disposable>();

  const every = (): Definition[] => [...cache.list()].map(({ object }) => object as Definition);

  /** Brings what is served under a definition's name in line with the definition as it is now. */
  async function serveDefinition(name: string): Promise<void> {
    const definition = cache.get(name)?.object as Definition | undefined;
    const before = served.get(name);
    if (!definition || !holds(definition, "Established")) {
      if (!before) return;
      table.declare(name, []);
      served.delete(name);
      before.end.abort();
      registry.cache.remove(before.stored);
      watched.get(name)?.[Symbol.dispose]();
      watched.delete(name);
      return;
    }
    const { spec, status, metadata } = definition;
    const terminating = metadata.deletionTimestamp !== undefined;
    const basis = { spec, names: status!.acceptedNames, terminating };
    if (before && sameJson(before.basis, basis)) return;
    // While only the end is near, watchers keep watching.
    const keeps = before !== undefined && sameJson({ ...(before.basis as object), terminating }, basis);
    const end = keeps ? before.end : new AbortController();
    const convert = converterOf(definition, call, registry.random);
    const serving = { convert, ended: end.signal, now: () => registry.clock.now() };
    const stored = storedCustomResource(definition, serving);
    if (isBuiltin(stored)) return;
    await registry.cache.add(stored);
    table.declare(name, customResources(definition, serving));
    watched.get(name)?.[Symbol.dispose]();
    if (terminating)
      watched.set(
        name,
        cacheOf(registry, stored).subscribe(() => wake(name)),
      );
    served.set(name, { basis, stored, end });
    if (before && !keeps) before.end.abort();
  }

  /** A definition must not get hold of the objects of Kubernetes' own kinds: they have the same place in the store. */
  function isBuiltin({ storagePrefix }: Resource): boolean {
    return registry.resources.all().some((each) => !each.custom && each.storagePrefix === storagePrefix);
  }

  async function step(name: string): Promise<void> {
    await serveDefinition(name);
    const definition = cache.get(name)?.object as Definition | undefined;
    if (!definition) return;
    const now = registry.clock.now();
    const status = planStatus(definition, every(), now);
    if (status) {
      await writeStatus(name, (each) => planStatus(each, every(), now) ?? each.status);
      return;
    }
    const resource = served.get(name)?.stored;
    const instances = resource ? cacheOf(registry, resource).size : 0;
    for (const each of planEnd(definition, instances)) await endStep(name, each, resource);
  }

  async function endStep(name: string, each: EndStep, resource: Resource | undefined): Promise<void> {
    if (each.kind === "delete instances") return deleteInstances(resource!);
    const { condition } = each;
    const now = registry.clock.now();
    const definition = cache.get(name)?.object as Definition;
    const current = definition.status?.conditions?.find(({ type }) => type === "Terminating");
    if (current?.reason !== condition.reason) {
      await writeStatus(name, ({ status }) => ({
        ...status,
        conditions: withCondition(status?.conditions ?? [], condition, now),
      }));
    }
    if (each.kind === "release") await release(name);
  }

  /** Asks every object to go that was not asked yet. */
  async function deleteInstances(resource: Resource): Promise<void> {
    for (const { object } of [...cacheOf(registry, resource).list()]) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      const scope = ownScope(resource, signal, object.metadata.namespace);
      try {
        await deleteObject(registry, scope, object.metadata.name, {});
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
      }
    }
  }

  async function writeStatus(name: string, change: (definition: Definition) => Definition["status"]): Promise<void> {
    const transform = (current: unknown) => {
      const draft = structuredClone(current) as Definition;
      draft.status = change(draft);
      return draft;
    };
    await updateObject(registry, ownScope(definitions!, signal), name, transform, { subresource: "status" });
  }

  async function release(name: string): Promise<void> {
    await updateObject(registry, ownScope(definitions!, signal), name, (current) => {
      const draft = structuredClone(current);
      draft.metadata.finalizers = draft.metadata.finalizers?.filter((each) => each !== finalizer);
      return draft;
    });
  }

  /** One step after another for each name; what happens in the meantime makes one more step. */
  function wake(name: string): void {
    if (signal.aborted) return;
    if (running.has(name)) {
      waiting.add(name);
      return;
    }
    running.add(name);
    void run(name);
  }

  async function run(name: string): Promise<void> {
    try {
      do {
        waiting.delete(name);
        try {
          await step(name);
        } catch (error) {
          // What happened in the meantime may be why: with that in sight the next step comes at once.
          if (!waiting.has(name) && !signal.aborted) retryLater(name, error);
        }
      } while (waiting.has(name) && !signal.aborted);
    } finally {
      running.delete(name);
    }
  }

  function retryLater(name: string, error: unknown): void {
    const expected = error instanceof StatusError && ["Conflict", "NotFound"].includes(error.reason);
    if (!expected) report(error);
    registry.clock.after(retryMs, () => wake(name));
  }

  for (const { metadata } of every()) await serveDefinition(metadata.name);
  const subscription = cache.subscribe(({ item }) => {
    const { object } = item;
    wake(object.metadata.name);
    // A name that is given or free again may be what another definition of the group waits for.
    for (const other of every()) {
      if (other.metadata.name !== object.metadata.name && other.spec.group === (object as Definition).spec.group)
        wake(other.metadata.name);
    }
  });
  for (const { metadata } of every()) wake(metadata.name);
  return {
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      for (const each of watched.values()) each[Symbol.dispose]();
      call[Symbol.dispose]();
    },
  };
}
