import { forbidden } from "../../api/machinery/status.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";

/** How long a pod stays on a node that is gone or not ready, in seconds, unless it says otherwise. */
const tolerationSeconds = 300;

/** Tolerates a node's absence for a while (DefaultTolerationSeconds). */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  mutate({ operation, scope, draft, subresource }) {
    if (scope.resource.id !== "pods" || subresource || operation === "DELETE" || !draft?.spec) return;
    const tolerations: any[] = draft.spec.tolerations ?? [];
    for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
      const tolerated = tolerations.some(
        (each) => (each.key === key || !each.key) && (each.effect === "NoExecute" || !each.effect),
      );
      if (!tolerated) tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds });
    }
    draft.spec.tolerations = tolerations;
  },
};

const builtinPriorities: Record<string, number> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

/** Turns a pod's priority class into its number (Priority). */
export function priorityAdmission(registry: () => Registry): AdmissionPlugin {
  return {
    name: "Priority",
    mutate({ operation, scope, draft, previous, name, subresource }) {
      if (scope.resource.id !== "pods" || subresource || !draft?.spec) return;
      if (operation === "UPDATE") {
        draft.spec.priority ??= previous?.spec?.priority;
        draft.spec.preemptionPolicy ??= previous?.spec?.preemptionPolicy;
        return;
      }
      if (operation !== "CREATE") return;
      const classes = cacheOf(registry(), registry().resources.byId("priorityclasses.scheduling.k8s.io")!);
      const asked = draft.spec.priorityClassName || undefined;
      let found = asked === undefined ? undefined : classes.get(asked)?.object;
      if (asked === undefined) {
        for (const { object } of classes.list())
          if (object.globalDefault && (!found || object.value < found.value)) found = object;
        if (found) draft.spec.priorityClassName = found.metadata.name;
      }
      if (asked !== undefined && !found && builtinPriorities[asked] === undefined) {
        throw forbidden({ group: "", plural: "pods" }, name ?? "", `no PriorityClass with name ${asked} was found`);
      }
      const value = found?.value ?? builtinPriorities[asked ?? ""] ?? 0;
      if (draft.spec.priority !== undefined && draft.spec.priority !== value) {
        const why = `the integer value of priority (${draft.spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
        throw forbidden({ group: "", plural: "pods" }, name ?? "", why);
      }
      draft.spec.priority = value;
      const policy: string = found?.preemptionPolicy ?? "PreemptLowerPriority";
      if (draft.spec.preemptionPolicy !== undefined && draft.spec.preemptionPolicy !== policy) {
        const why = `the string value of PreemptionPolicy (${draft.spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
        throw forbidden({ group: "", plural: "pods" }, name ?? "", why);
      }
      draft.spec.preemptionPolicy = policy;
    },
    validate({ operation, scope, draft, name }) {
      if (scope.resource.id !== "priorityclasses.scheduling.k8s.io" || !draft?.globalDefault) return;
      if (operation !== "CREATE" && operation !== "UPDATE") return;
      for (const { object } of cacheOf(registry(), scope.resource).list()) {
        if (!object.globalDefault || object.metadata.name === name) continue;
        const why = `PriorityClass ${object.metadata.name} is already marked as default. Only one default can exist`;
        throw forbidden(scope.resource, name ?? "", why);
      }
    },
  };
}

/** A new node is not ready until its kubelet and the node controller say so (TaintNodesByCondition). */
export const taintNewNodes: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  mutate({ operation, scope, draft }) {
    if (operation !== "CREATE" || scope.resource.id !== "nodes" || !draft) return;
    const taints: any[] = draft.spec?.taints ?? [];
    if (taints.some((taint) => taint.key === "node.kubernetes.io/not-ready" && taint.effect === "NoSchedule")) return;
    draft.spec = { ...draft.spec, taints: [...taints, { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] };
  },
};
