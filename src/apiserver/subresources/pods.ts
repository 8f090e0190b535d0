import { FieldPath, notSupported } from "../../api/machinery/field.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { selects } from "../../api/machinery/selector.ts";
import {
  badRequest,
  conflict,
  internal,
  type Status,
  StatusError,
  tooManyRequests,
} from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { topologyOf } from "../admission/pod_topology.ts";
import { deleteObject } from "../registry/delete.ts";
import { cacheOf, type Registry, type Scope } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";

const success: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

/** Puts a pod on a node (`pods/binding`). Throws a Conflict if it is on one already or on its way out. */
export async function bindPod(registry: Registry, scope: Scope, name: string, binding: KubeObject): Promise<Status> {
  if (binding.metadata?.name !== name) throw badRequest("name in URL does not match name in Binding object");
  checkBinding(binding);
  const now = formatTime(registry.clock.now());
  const where = topologyOf(registry, binding.target.name);
  await updateObject(
    registry,
    scope,
    name,
    (pod) => {
      const why = (text: string) => conflict({ group: "", plural: "pods/binding" }, name, text);
      if (binding.metadata?.uid && binding.metadata.uid !== pod.metadata.uid) {
        throw uidConflict(scope, name, binding.metadata.uid, pod.metadata.uid);
      }
      if (pod.metadata.deletionTimestamp) throw why(`pod ${name} is being deleted, cannot be assigned to a host`);
      if (pod.spec.nodeName) throw why(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
      const conditions = (pod.status?.conditions ?? []).filter((each: any) => each.type !== "PodScheduled");
      const scheduled = {
        type: "PodScheduled",
        status: "True",
        lastProbeTime: null,
        lastTransitionTime: now,
      };
      return {
        ...pod,
        metadata: {
          ...pod.metadata,
          annotations: { ...pod.metadata.annotations, ...binding.metadata?.annotations },
          labels: { ...pod.metadata.labels, ...where, ...binding.metadata?.labels },
        },
        spec: { ...pod.spec, nodeName: binding.target?.name },
        status: { ...pod.status, conditions: [...conditions, scheduled] },
      };
    },
    { subresource: "internal", internal: true },
  );
  return success;
}

/** What is wrong with a binding comes as plain text, with the status of a failure of the server. */
function checkBinding({ target }: KubeObject): void {
  const errors: string[] = [];
  const path = new FieldPath("target");
  if (target?.kind && target.kind !== "Node") {
    const { field, body } = notSupported(path.child("kind"), target.kind, ["Node", "<empty>"]);
    errors.push(`${field}: ${body}`);
  }
  if (!target?.name) errors.push(`${path.child("name")}: Required value`);
  if (errors.length === 0) return;
  throw new StatusError({ code: 500, message: errors.length === 1 ? errors[0]! : `[${errors.join(", ")}]` });
}

function uidConflict({ resource, namespace }: Scope, name: string, wanted: string, present: string): StatusError {
  const key = `/registry/${resource.storagePrefix}/${namespace}/${name}`;
  const why = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${present}`;
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  return conflict({ group: "", plural: "pods" }, name, text);
}

/** Deletes a pod unless a disruption budget forbids it (`pods/eviction`). Throws a 429 if one does. */
export async function evictPod(registry: Registry, scope: Scope, name: string, eviction: KubeObject): Promise<Status> {
  if (eviction.metadata?.name !== name) throw badRequest("name in URL does not match name in Eviction object");
  if (eviction.deleteOptions?.dryRun?.length) scope.dryRun = true;
  const pods = cacheOf(registry, scope.resource);
  const pod = pods.get(`${scope.namespace}/${name}`)?.object;
  if (pod && isProtected(pod)) {
    const budgets = registry.resources.byId("poddisruptionbudgets.policy")!;
    const matching = [...cacheOf(registry, budgets).list(scope.namespace)].filter(({ object }) =>
      selects(object.spec?.selector, pod.metadata.labels),
    );
    if (matching.length > 1)
      throw internal(
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
      );
    const budget = matching[0]?.object;
    if (budget && !mayGoUnhealthy(pod, budget))
      await spendBudget(registry, { ...scope, resource: budgets }, budget, name);
  }
  await deleteObject(registry, scope, name, { ...eviction.deleteOptions, admitted: true });
  return success;
}

/** A pod that is not ready may go while the budget has what it needs without it (KEP-3017, IfHealthyBudget). */
function mayGoUnhealthy(pod: KubeObject, budget: KubeObject): boolean {
  const ready = (pod.status?.conditions ?? []).some((each: any) => each.type === "Ready" && each.status === "True");
  if (ready) return false;
  if (budget.spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** Only pods that do or may do work are protected. */
function isProtected(pod: KubeObject): boolean {
  const phase = pod.status?.phase;
  return (
    pod.metadata.deletionTimestamp === undefined && phase !== "Succeeded" && phase !== "Failed" && phase !== "Pending"
  );
}

async function spendBudget(registry: Registry, scope: Scope, budget: KubeObject, podName: string): Promise<void> {
  const now = formatTime(registry.clock.now());
  // The server spends the budget, not whoever evicts.
  const own: Scope = { ...scope, fieldManager: undefined, userAgent: "kube-apiserver" };
  await updateObject(
    registry,
    own,
    budget.metadata.name,
    (current) => {
      const { status } = current;
      const observed = (status?.observedGeneration ?? 0) >= (current.metadata.generation ?? 0);
      const allowed = status?.disruptionsAllowed ?? 0;
      if (!observed || allowed <= 0) {
        const message = "Cannot evict pod as it would violate the pod's disruption budget.";
        const why = !observed
          ? `The disruption budget ${current.metadata.name} is still being processed by the server.`
          : `The disruption budget ${current.metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`;
        const error = tooManyRequests(message, observed ? undefined : 10);
        error.status.details = { ...error.status.details, causes: [{ reason: "DisruptionBudget", message: why }] };
        throw error;
      }
      return {
        ...current,
        status: {
          ...status,
          conditions: withDisruptionAllowed(status?.conditions ?? [], allowed > 1, current.metadata.generation, now),
          disruptionsAllowed: allowed - 1,
          disruptedPods: { ...status.disruptedPods, [podName]: now },
        },
      };
    },
    { subresource: "internal", internal: true, part: "status" },
  );
}

function withDisruptionAllowed(
  conditions: readonly any[],
  allowed: boolean,
  generation: number | undefined,
  now: string,
): object[] {
  const type = "DisruptionAllowed";
  const before = conditions.find((each) => each.type === type);
  const status = allowed ? "True" : "False";
  const condition = {
    type,
    status,
    observedGeneration: generation,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
    reason: allowed ? "SufficientPods" : "InsufficientPods",
    message: "",
  };
  return before ? conditions.map((each) => (each === before ? condition : each)) : [...conditions, condition];
}
