import { type Amounts, evaluatorOf } from "../../../api/core/quotausage.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { forbidden, internal } from "../../../api/machinery/status.ts";
import { type Cached, encodeValue, storagePrefix } from "../../cache/cache.ts";
import { type AdmissionPlugin, type AdmissionRequest, cacheOf, type Registry } from "../../registry/scope.ts";
import { charge, type Write } from "./charge.ts";

/** A write that waits to be charged. */
interface Waiting {
  request: AdmissionRequest;
  write: Write;
  admitted(): void;
  refused(error: unknown): void;
}

/** How often usage is computed anew when somebody else wrote a quota in between. */
const triesMax = 10;

/**
 * Lets nothing in that would use more than a namespace's quotas allow (ResourceQuota). Usage is charged to the quotas'
 * status before the object is stored; what is never stored, or goes, the quota controller gives back.
 *
 * Invariant: of one namespace, one batch is charged at a time, on what the store has: other processes' charges make the
 * commit fail, and the batch starts over.
 */
export function resourceQuota(registry: () => Registry): AdmissionPlugin {
  const queues = new Map<string, Waiting[]>();

  async function work(namespace: string): Promise<void> {
    for (;;) {
      const batch = queues.get(namespace)!.splice(0);
      if (batch.length === 0) break;
      try {
        await chargeBatch(registry(), namespace, batch);
      } catch (error) {
        for (const each of batch) each.refused(error);
      }
    }
    queues.delete(namespace);
  }

  function enqueue(namespace: string, waiting: Waiting): void {
    const queue = queues.get(namespace);
    if (queue) {
      queue.push(waiting);
      return;
    }
    queues.set(namespace, [waiting]);
    work(namespace);
  }

  return {
    name: "ResourceQuota",
    validate(request) {
      const { operation, scope, draft, previous, subresource } = request;
      const { namespace } = scope;
      if (!draft || namespace === undefined || !scope.resource.namespaced) return undefined;
      if (quotasIn(registry(), namespace).length === 0) return undefined;
      const evaluator = evaluatorOf(scope.resource.id);
      const { counts } = evaluator;
      const concerned =
        operation === "CREATE"
          ? counts.create && !subresource
          : operation === "UPDATE" && counts.update && subresource === counts.subresource;
      if (!concerned) return undefined;
      const write: Write = { evaluator, object: draft, previous, now: registry().clock.now() };
      return new Promise<void>((admitted, refused) => enqueue(namespace, { request, write, admitted, refused }));
    },
  };
}

function quotasIn(registry: Registry, namespace: string): Cached[] {
  return [...cacheOf(registry, registry.resources.byId("resourcequotas")!).list(namespace)];
}

/** Charges one after another on a copy of the quotas, then stores what came of it; only then anybody is let in. */
async function chargeBatch(registry: Registry, namespace: string, batch: readonly Waiting[]): Promise<void> {
  let open = batch;
  for (let attempt = 0; open.length > 0; attempt++) {
    if (attempt >= triesMax) throw internal("resource quota evaluation timed out");
    const stored = quotasIn(registry, namespace);
    let quotas = stored.map(({ object }) => object);
    const changed = new Map<string, Amounts>();
    const admitted: Waiting[] = [];
    for (const each of open) {
      const charged = charge(quotas, each.write);
      if ("refused" in charged) {
        const { scope, name } = each.request;
        each.refused(forbidden(scope.resource, name ?? "", charged.refused));
        continue;
      }
      admitted.push(each);
      // A dry run is held to the quotas but uses nothing of them.
      if (each.request.scope.dryRun || charged.used.size === 0) continue;
      for (const [name, used] of charged.used) changed.set(name, used);
      quotas = quotas.map((quota) => withUsed(quota, charged.used.get(quota.metadata.name)));
    }
    const done = await storeUsage(registry, stored, changed);
    if (done) for (const each of admitted) each.admitted();
    open = done ? [] : admitted;
  }
}

function withUsed(quota: KubeObject, used: Amounts | undefined): KubeObject {
  return used ? { ...quota, status: { ...quota.status, used } } : quota;
}

/** Stores all usage at once, on the very states that it was computed on. False if one of them is no more. */
async function storeUsage(
  registry: Registry,
  stored: readonly Cached[],
  changed: ReadonlyMap<string, Amounts>,
): Promise<boolean> {
  const items = stored.filter(({ object }) => changed.has(object.metadata.name));
  if (items.length === 0) return true;
  const prefix = storagePrefix(registry.resources.byId("resourcequotas")!);
  const result = await registry.store.commit(
    items.map(({ key, revision }) => ({ key: prefix + key, revision })),
    items.map(({ key, object }) => {
      const next = withUsed(object, changed.get(object.metadata.name));
      return { put: prefix + key, value: encodeValue(next) };
    }),
  );
  await registry.cache.reached(result.revision);
  return result.ok;
}
