import { groupOf, type KubeObject, keyOf, type OwnerReference } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import {
  type Client,
  carryOut,
  type Informer,
  type ResourceRef,
  type RunnerOptions,
  resourceId,
  seenByCache,
  workQueue,
} from "../../client/mod.ts";
import { discover } from "../parts/discovery.ts";
import { type Graph, type Item, needsPlan, type OwnerState, planGarbage, waitsForDependents } from "./plan.ts";

/** A loop that is not about the objects of one resource. */
export interface Loop {
  name: string;
  account?: string | null;
  start(options: RunnerOptions): AsyncDisposable;
}

/** Deletes what its owners leave behind, over all resources. */
export const garbageCollector: Loop = {
  name: "garbage-collector",
  account: "generic-garbage-collector",
  start,
};

const crds = "customresourcedefinitions.apiextensions.k8s.io";
/** Resources whose objects neither own nor are owned, and change all the time. */
const ignored = new Set(["events", "events.events.k8s.io"]);
const workersMax = 20;
/** Owners known to be gone: they are not asked for again. Uids do not come back. */
const absentMax = 500;
const lookAgainMs = 30_000;
/** How long caches are waited for before it is asked again what there is, in milliseconds. */
const fillMs = 1_000;

/** The resources whose objects may own and be owned, by id. */
async function collected(client: Client, signal: AbortSignal): Promise<Map<string, ResourceRef>> {
  const wanted = new Map<string, ResourceRef>();
  for (const { ref, verbs } of await discover(client, signal)) {
    const id = resourceId(ref);
    if (!ignored.has(id) && ["list", "watch", "delete"].every((verb) => verbs.includes(verb))) wanted.set(id, ref);
  }
  return wanted;
}

function start(options: RunnerOptions): AsyncDisposable {
  const { client, clock, informers } = options;
  const abort = new AbortController();
  const queue = workQueue({ clock });
  const stack = new DisposableStack();
  /** Followed resources by id; `heard` once their changes are heard of, `own` if nobody else followed them before. */
  const followed = new Map<string, { ref: ResourceRef; informer: Informer; own: boolean; heard?: Disposable }>();
  /** Invariant: every object in a followed cache stands here under its uid. */
  const places = new Map<string, { id: string; key: string }>();
  const absent = new Set<string>();

  const itemAt = (place: { id: string; key: string } | undefined): Item | undefined => {
    const found = place && followed.get(place.id);
    const object = found?.informer.get(place!.key);
    return object && { ref: found!.ref, object };
  };
  const isKnown = (owner: OwnerReference): boolean => {
    const item = itemAt(places.get(owner.uid));
    return item !== undefined && !waitsForDependents(item.object);
  };
  const dependentsOf = (uid: string): Item[] =>
    [...followed.values()].flatMap(({ ref, informer }) =>
      Array.from(informer.by("owner", uid), (object) => ({ ref, object })),
    );
  const addItem = ({ ref, object }: Item): void => queue.add(`${resourceId(ref)}|${keyOf(object)}`);

  function changed(id: string, key: string, now?: KubeObject, before?: KubeObject): void {
    const gone = before && before.metadata.uid !== now?.metadata.uid;
    if (gone) {
      places.delete(before.metadata.uid);
      for (const item of dependentsOf(before.metadata.uid)) addItem(item);
    }
    if (now) {
      places.set(now.metadata.uid, { id, key });
      if (needsPlan(now, isKnown)) queue.add(`${id}|${key}`);
      if (waitsForDependents(now) && !(before && waitsForDependents(before)))
        for (const item of dependentsOf(now.metadata.uid)) addItem(item);
    }
    // An owner may have waited for this one.
    for (const { uid } of before?.metadata.ownerReferences ?? []) {
      const owner = itemAt(places.get(uid));
      if (owner?.object.metadata.deletionTimestamp) addItem(owner);
    }
  }

  async function follow(): Promise<void> {
    const wanted = await collected(client, abort.signal);
    forget(wanted);
    for (const [id, ref] of wanted) {
      if (followed.has(id)) continue;
      const own = !informers.find(ref);
      const informer = informers.of(ref);
      informer.addIndex("owner", ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? []);
      followed.set(id, { ref, informer, own });
    }
    await filled();
    if (abort.signal.aborted) return;
    const added = [...followed].filter(([, { heard }]) => !heard);
    for (const [id, { informer }] of added)
      for (const object of informer.list()) places.set(object.metadata.uid, { id, key: keyOf(object) });
    for (const [id, place] of added)
      place.heard = place.informer.onChange((key, now, before) => changed(id, key, now, before));
  }

  /** All caches are filled before anything is concluded from what is missing in them. What goes meanwhile never fills. */
  async function filled(): Promise<void> {
    const added = [...followed.values()].filter(({ heard }) => !heard);
    const all = Promise.all(added.map(({ informer }) => informer.synced)).then(() => true);
    const ended = aborted(abort.signal).then(() => true);
    const pause = () =>
      clock.sleep(fillMs, abort.signal).then(
        () => false,
        () => true,
      );
    while (!(await Promise.race([all, ended, pause()]))) forget(await collected(client, abort.signal));
  }

  /** Lets go of what is served no more. */
  function forget(served: ReadonlyMap<string, ResourceRef>): void {
    for (const [id, { ref, informer, own, heard }] of followed) {
      if (served.has(id)) continue;
      heard?.[Symbol.dispose]();
      followed.delete(id);
      for (const { metadata } of informer.list()) places.delete(metadata.uid);
      if (own) void informers.end(ref);
    }
  }

  async function stateOf(owner: OwnerReference, dependent: KubeObject): Promise<OwnerState> {
    const known = itemAt(places.get(owner.uid));
    if (known) return waitsForDependents(known.object) ? "waiting" : "solid";
    if (absent.has(owner.uid)) return "absent";
    const group = groupOf(owner.apiVersion);
    const ref = [...followed.values()].find((each) => each.ref.group === group && each.ref.kind === owner.kind)?.ref;
    const { namespace } = dependent.metadata;
    if (!ref || (ref.namespaced && namespace === undefined)) return "unknown";
    try {
      const found = await client.get(ref, { name: owner.name, ...(ref.namespaced ? { namespace } : {}) });
      if (found.metadata.uid === owner.uid) return waitsForDependents(found) ? "waiting" : "solid";
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
    if (absent.size >= absentMax) absent.delete(absent.values().next().value!);
    absent.add(owner.uid);
    return "absent";
  }

  async function work(key: string): Promise<void> {
    const bar = key.indexOf("|");
    const item = itemAt({ id: key.slice(0, bar), key: key.slice(bar + 1) });
    if (!item) return;
    const owners = item.object.metadata.ownerReferences ?? [];
    const states = new Map<string, OwnerState>();
    for (const owner of owners) states.set(owner.uid, await stateOf(owner, item.object));
    if ([...states.values()].includes("unknown")) queue.addAfter(key, lookAgainMs);
    const graph: Graph = { stateOf: ({ uid }) => states.get(uid)!, dependentsOf };
    const outcome = await carryOut(planGarbage(item, graph), { client, record: () => {} });
    await seenByCache(outcome.written, informers, abort.signal);
    for (const { error } of outcome.failures) {
      if (hasReason(error, "NotFound")) continue;
      if (!hasReason(error, "Conflict")) options.report?.(error, { controller: garbageCollector.name, key });
      queue.retry(key);
      return;
    }
    queue.forget(key);
  }

  async function worker(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        await work(key);
      } catch (error) {
        if (!abort.signal.aborted) options.report?.(error, { controller: garbageCollector.name, key });
        queue.retry(key);
      } finally {
        queue.done(key);
      }
    }
  }

  /** Whether a definition is in force whose resource is not followed yet: discovery may be a moment behind. */
  const lacks = (): boolean =>
    [...informers.of(crds).list()].some((crd) => isInForce(crd) && !followed.has(crd.metadata.name));

  const running = run(options, follow, lacks, worker, stack, abort.signal);
  return {
    async [Symbol.asyncDispose]() {
      abort.abort();
      stack.dispose();
      for (const { heard } of followed.values()) heard?.[Symbol.dispose]();
      queue[Symbol.dispose]();
      await running;
    },
  };
}

/** Follows every resource, again whenever custom resources come or go, and works until the signal is aborted. */
async function run(
  options: RunnerOptions,
  follow: () => Promise<void>,
  lacks: () => boolean,
  worker: () => Promise<void>,
  stack: DisposableStack,
  signal: AbortSignal,
): Promise<void> {
  const { clock, informers } = options;
  let again = Promise.resolve();
  const followAgain = (): Promise<void> => {
    again = again.then(async () => {
      for (let waitMs = 100; !signal.aborted; waitMs = Math.min(waitMs * 2, lookAgainMs)) {
        try {
          await follow();
          if (!lacks()) return;
        } catch (error) {
          if (!signal.aborted) options.report?.(error, { controller: garbageCollector.name, key: "discovery" });
        }
        await clock.sleep(waitMs, signal).catch(() => {});
      }
    });
    return again;
  };
  await followAgain();
  if (signal.aborted) return;
  stack.use(
    informers.of(crds).onChange((_, now, before) => {
      if (!now || isInForce(now) !== isInForce(before)) void followAgain();
    }),
  );
  await Promise.all(Array.from({ length: workersMax }, worker));
}

/** Whether a definition's resource is served, and will be. */
function isInForce(crd: KubeObject | undefined): boolean {
  if (!crd || crd.metadata.deletionTimestamp || !crd.spec.versions?.some((each: any) => each.served)) return false;
  return crd.status?.conditions?.some((each: any) => each.type === "Established" && each.status === "True") ?? false;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
