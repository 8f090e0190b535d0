import { checkResize, resizedSpec } from "../../api/core/podspec/resize.ts";
import { checkEphemeralUpdate } from "../../api/core/podspec/update.ts";
import { type FieldError, FieldPath, notSupported } from "../../api/machinery/field.ts";
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
import type { Cached } from "../cache/cache.ts";
import { deleteObject } from "../registry/delete.ts";
import { admit, review } from "../registry/draft.ts";
import { objectErrors, throwIfInvalid } from "../registry/prepare.ts";
import { type AdmissionRequest, cacheOf, type Registry, type Scope } from "../registry/scope.ts";
import { trackUpdate } from "../registry/tracking.ts";
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

/** Parts of a pod that are written apart: what of the wanted pod counts, and what is wrong with the change. */
const parts = {
  /** Ephemeral containers can only be added (KEP-277). */
  ephemeralcontainers: {
    merge: (pod: KubeObject, { spec }: KubeObject) => ({ ...pod.spec, ephemeralContainers: spec.ephemeralContainers }),
    check: checkEphemeralUpdate,
  },
  /** What containers ask for may change while they run (KEP-1287). */
  resize: { merge: resizedSpec, check: checkResize },
};

/** True for a part of a pod that `updatePodPart` writes. */
export function isPodPart(part: string): part is keyof typeof parts {
  return Object.hasOwn(parts, part);
}

function identityOf({ metadata: { name, namespace, uid, creationTimestamp, generation } }: KubeObject) {
  return { name, namespace: namespace!, uid, creationTimestamp, generation };
}

/** Changes a part of a pod: nothing else of the wanted pod counts. Throws what admission and validation refuse with. */
export function updatePodPart(
  registry: Registry,
  scope: Scope,
  name: string,
  part: keyof typeof parts,
  wanted: (pod: KubeObject) => KubeObject | Promise<KubeObject>,
): Promise<Cached> {
  const { merge, check } = parts[part];
  async function transform(pod: KubeObject): Promise<KubeObject> {
    const draft = await wanted(pod);
    scope.resource.defaults?.(draft);
    // Who owns what follows from all that was wanted, even from what does not count.
    const { resourceVersion = "" } = draft.metadata;
    draft.metadata = { ...draft.metadata, ...identityOf(pod) };
    trackUpdate(registry, scope, pod, draft, part);
    const { managedFields } = draft.metadata;
    const metadata = { ...pod.metadata, resourceVersion, ...(managedFields ? { managedFields } : {}) };
    const next: KubeObject = structuredClone({ ...pod, metadata, spec: merge(pod, draft) });
    const admission: AdmissionRequest = {
      operation: "UPDATE",
      scope,
      name,
      subresource: part,
      draft: next,
      previous: pod,
    };
    await admit(registry, admission);
    const errors: FieldError[] = [];
    check(errors, next as never, pod as never, new FieldPath("spec"));
    throwIfInvalid(scope.resource, name, [...errors, ...objectErrors(scope.resource, next)]);
    await review(registry, admission);
    return next;
  }
  return updateObject(registry, scope, name, transform, {
    subresource: "internal",
    internal: true,
    counts: true,
  });
}
