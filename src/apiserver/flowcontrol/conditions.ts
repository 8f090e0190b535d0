import type { KubeObject } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { cacheOf, ownScope, type Registry } from "../registry/scope.ts";
import { applyConfiguration } from "../registry/tracking.ts";
import { updateObject } from "../registry/update.ts";

/** Who the conditions belong to, as in the real server. */
const fieldManager = "api-priority-and-fairness-config-consumer-v1";
const apiVersion = "flowcontrol.apiserver.k8s.io/v1";

interface Condition {
  type: string;
  status: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** The condition that a flow schema should have; undefined if it has it. Pure. `now` in milliseconds. */
export function planDangling(schema: KubeObject, levelExists: boolean, now: number): Condition | undefined {
  const level = JSON.stringify(schema.spec.priorityLevelConfiguration.name);
  const start = `This FlowSchema references the PriorityLevelConfiguration object named ${level}`;
  const wanted = levelExists
    ? { status: "False", reason: "Found", message: `${start} and it exists` }
    : { status: "True", reason: "NotFound", message: `${start} but there is no such object` };
  const conditions: Condition[] = schema.status?.conditions ?? [];
  const present = conditions.find(({ type }) => type === "Dangling");
  const same = present?.status === wanted.status;
  if (same && present.reason === wanted.reason && present.message === wanted.message) return undefined;
  const lastTransitionTime = same ? present.lastTransitionTime : formatTime(now);
  const { status, reason, message } = wanted;
  return { type: "Dangling", status, lastTransitionTime, reason, message };
}

/**
 * Keeps every flow schema's condition `Dangling` true to what is there, until it is disposed. Planned from the
 * present after each change; what failed is tried again after the next one.
 */
export function keepConditions(
  registry: Registry,
  report: (error: unknown) => void,
  signal: AbortSignal,
): AsyncDisposable {
  const schemas = registry.resources.byId("flowschemas.flowcontrol.apiserver.k8s.io");
  const levels = registry.resources.byId("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io");
  if (!schemas || !levels) return { async [Symbol.asyncDispose]() {} };
  const [schemaCache, levelCache] = [cacheOf(registry, schemas), cacheOf(registry, levels)];
  const scope = { ...ownScope(schemas, signal), fieldManager };
  const existsFor = ({ spec }: KubeObject) => levelCache.get(spec.priorityLevelConfiguration.name) !== undefined;

  async function write(name: string): Promise<void> {
    const transform = (live: KubeObject): KubeObject => {
      const condition = planDangling(live, existsFor(live), registry.clock.now());
      const draft = structuredClone(live);
      delete (draft.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
      if (!condition) return draft;
      const wanted = { apiVersion, kind: "FlowSchema", metadata: { name }, status: { conditions: [condition] } };
      const applied = applyConfiguration(registry, scope, live, wanted as unknown as KubeObject, true, "status");
      if (!applied) return draft;
      draft.status = applied.object.status;
      draft.metadata.managedFields = applied.managedFields;
      return draft;
    };
    await updateObject(registry, scope, name, transform, { subresource: "status", tracked: true });
  }

  async function round(): Promise<void> {
    for (const { object } of [...schemaCache.list()]) {
      if (stopped || signal.aborted) return;
      if (!planDangling(object, existsFor(object), registry.clock.now())) continue;
      try {
        await write(object.metadata.name);
      } catch (error) {
        if (!hasReason(error, "NotFound") && !signal.aborted) report(error);
      }
    }
  }

  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const wake = (): void => {
    again = true;
    running ??= (async () => {
      while (again && !stopped) {
        again = false;
        // Whoever woke us is in the middle of taking over an event.
        await Promise.resolve();
        await round();
      }
      running = undefined;
    })();
  };
  const subscriptions = [schemaCache.subscribe(wake), levelCache.subscribe(wake)];
  wake();
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      for (const each of subscriptions) each[Symbol.dispose]();
      await running;
    },
  };
}
