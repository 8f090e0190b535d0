import { type Amounts, evaluatorOf, resourceOfName, usageOf } from "../../api/core/quotausage.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import {
  type Action,
  type Client,
  type Controller,
  requeueAfter,
  resourceId,
  updateStatus,
  type View,
  type Watch,
} from "../../client/mod.ts";
import { discover } from "../parts/discovery.ts";

const quotas = "resourcequotas";

/** Everything is counted again after this long: what nobody was told of. kube-controller-manager's resource-quota-sync-period. */
const countAgainMs = 300_000;

/** As often as that where objects are counted that nobody hears of when they go: custom resources, for most. */
const lookAgainMs = 5_000;

/** Resources whose objects give back what they used at once when they go. */
const replenishing = [
  "pods",
  "services",
  "persistentvolumeclaims",
  "configmaps",
  "secrets",
  "replicationcontrollers",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
  "ingresses.networking.k8s.io",
];

function watchOf(resource: string): Watch {
  const { usage } = evaluatorOf(resource);
  return {
    resource,
    keys(object, view, before) {
      // New objects were charged when they were let in. `before` is the object itself when it is gone.
      const gaveBack = before && (before === object || !sameJson(usage(before, view.now), usage(object, view.now)));
      if (!gaveBack) return [];
      const namespace = object.metadata.namespace!;
      return Iterator.from(view.list(quotas, namespace)).map(({ metadata }) => `${namespace}/${metadata.name}`);
    },
  };
}

/** What quotas count, by the resources' ids. */
type Counted = ReadonlyMap<string, readonly KubeObject[]>;

/** Keeps count of what quotas are used for: their `status.hard` puts them into force. */
export const resourceQuotaController: Controller<KubeObject, Counted> = {
  name: "resourcequota",
  primary: quotas,
  // What is charged is known already: counting it all again would only be work.
  minds: ({ spec, status }, before) => !sameJson(spec, before.spec) || !sameJson(status?.hard ?? {}, spec?.hard ?? {}),
  watches: replenishing.map(watchOf),
  observe: countedObjects,
  plan: planQuota,
};

/** Asks the API for all that a quota counts. */
async function countedObjects(quota: KubeObject, client: Client, signal: AbortSignal): Promise<Counted> {
  const ids = new Set(Object.keys(quota.spec?.hard ?? {}).map(resourceOfName));
  const found = new Map<string, readonly KubeObject[]>();
  for (const { ref, verbs } of await discover(client, signal)) {
    const id = resourceId(ref);
    if (!ids.delete(id) || !verbs.includes("list")) continue;
    const { items } = await client.list<KubeObject>(ref, { namespace: quota.metadata.namespace, signal });
    found.set(id, items);
  }
  return found;
}

/** Writes down what is used. Pure. */
export function planQuota(quota: KubeObject, { now }: Pick<View, "now">, counted: Counted): Action[] {
  const hard: Amounts = quota.spec?.hard ?? {};
  const used: Amounts = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
  for (const [id, objects] of counted) Object.assign(used, usageOf(quota, id, objects, now));
  const isHeardOf = (name: string) => replenishing.includes(resourceOfName(name));
  const nextMs = Object.keys(hard).every(isHeardOf) ? countAgainMs : lookAgainMs;
  return [...updateStatus(quotas, quota, { hard, used }), requeueAfter(nextMs)];
}
