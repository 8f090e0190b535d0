import { type FieldError, FieldPath, forbiddenField } from "../machinery/field.ts";
import { defineResource, type RequestFacts } from "../machinery/resource.ts";
import type { Errors } from "../parts/checks.ts";
import { partSubresource, proxySubresource, statusSubresource, streamSubresource } from "../parts/subresources.ts";
import { podColumns, podRowConditions } from "./podcolumns.ts";
import { checkFixedAnnotations, checkPodAnnotations } from "./podspec/annotations.ts";
import { checkImageTrimmed } from "./podspec/containers.ts";
import { defaultPodOnly, defaultPodSpec, dropGated } from "./podspec/defaults.ts";
import { checkPodSpec } from "./podspec/podspec.ts";
import { adoptAppArmor, checkProfilesAgree } from "./podspec/profiles.ts";
import { qosClass } from "./podspec/requirements.ts";
import { applyLabelKeys } from "./podspec/scheduling.ts";
import { checkPodStatusUpdate } from "./podspec/statusupdate.ts";
import type { Pod, PodSpec } from "./podspec/types.ts";
import { checkPodUpdate } from "./podspec/update.ts";
import { podWarnings } from "./podspec/warnings.ts";

const gatedMessage = "Scheduling is blocked due to non-empty scheduling gates";

/** `podIP` is the first of `podIPs`; where they differ, what old nodes know counts. */
function joinAddresses(status: any): void {
  const first: string | undefined = status.podIPs?.[0]?.ip;
  if (!status.podIP && first) status.podIP = first;
  else if (status.podIP && status.podIP !== first) status.podIPs = [{ ip: status.podIP }];
}

/** Times that Go's structs always show. */
function defaultStatus({ status }: Pod): void {
  if (!status) return;
  joinAddresses(status);
  for (const condition of status.conditions ?? []) {
    condition.lastProbeTime ??= null;
    condition.lastTransitionTime ??= null;
  }
  for (const list of ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]) {
    for (const each of status[list] ?? []) {
      each.state ??= {};
      each.lastState ??= {};
      each.ready ??= false;
      each.restartCount ??= 0;
      each.image ??= "";
      each.imageID ??= "";
    }
  }
}

function defaults(pod: Pod): void {
  pod.spec ??= { containers: [] };
  defaultPodSpec(pod.spec);
  defaultPodOnly(pod.spec);
  defaultStatus(pod);
}

/** What a status that leaves it out keeps: the class of service, and the generations that its parts were written for. */
function prepareStatusUpdate({ status }: Pod, { status: before }: Pod): void {
  if (!status || !before) return;
  if (before.qosClass) status.qosClass ||= before.qosClass;
  if (before.observedGeneration) status.observedGeneration ||= before.observedGeneration;
  const given = Object.groupBy<string, any>(before.conditions ?? [], ({ type }) => type);
  for (const condition of status.conditions ?? []) {
    // A type may stand there more than once: the first takes after the first.
    const observed = given[condition.type]?.shift()?.observedGeneration;
    if (observed) condition.observedGeneration ||= observed;
  }
}

const formatTime = (now: number): string => `${new Date(now).toISOString().slice(0, 19)}Z`;

/** A new pod is pending, and its service class is settled for good. */
function prepareCreate(pod: Pod, { now, warn }: RequestFacts): void {
  dropGated(pod.spec);
  adoptAppArmor(pod, warn);
  applyLabelKeys(pod.spec, pod.metadata.labels);
  pod.status = { phase: "Pending", qosClass: qosClass(pod.spec) };
  if (!pod.spec.schedulingGates?.length) return;
  pod.status.conditions = [
    {
      type: "PodScheduled",
      status: "False",
      lastProbeTime: null,
      lastTransitionTime: formatTime(now),
      reason: "SchedulingGated",
      message: gatedMessage,
    },
  ];
}

const specPath = new FieldPath("spec");

/** What is asked of pods but not of templates. */
function checkPodItself(errors: Errors, { spec }: Pod, path: FieldPath): void {
  if (!spec.serviceAccountName) checkNoTokens(errors, spec, path);
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      checkImageTrimmed(errors, container, path.child(list).index(index));
    }
  }
}

/** Who has no account has no tokens of it. */
function checkNoTokens(errors: Errors, spec: PodSpec, path: FieldPath): void {
  for (const [index, { projected }] of (spec.volumes ?? []).entries()) {
    for (const [position, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      if (!serviceAccountToken) continue;
      const at = path.child("volumes").index(index).child("projected", "sources").index(position);
      const why = "must not be specified when serviceAccountName is not set";
      errors.push(forbiddenField(at.child("serviceAccountToken"), why));
    }
  }
}

function validate(pod: Pod): FieldError[] {
  const errors: FieldError[] = [];
  checkPodAnnotations(errors, pod, new FieldPath("metadata").child("annotations"));
  checkPodSpec(errors, pod.spec, specPath, pod.metadata);
  checkPodItself(errors, pod, specPath);
  return errors;
}

/** Errors that only a new pod can have. */
function validateCreate(pod: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = pod;
  if (spec.ephemeralContainers?.length) {
    errors.push(forbiddenField(specPath.child("ephemeralContainers"), "cannot be set on create"));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    const why = "cannot be set until all schedulingGates have been cleared";
    errors.push(forbiddenField(specPath.child("nodeName"), why));
  }
  checkProfilesAgree(errors, pod, specPath);
  return errors;
}

/**
 * How long a deletion that says nothing waits for the pod: its own grace period, but nothing for a pod that no node has
 * or that has ended.
 */
function deletionGraceSeconds({ spec, status }: Pod): number {
  if (!spec.nodeName || status?.phase === "Succeeded" || status?.phase === "Failed") return 0;
  const seconds = spec.terminationGracePeriodSeconds ?? 30;
  // A negative period is accepted on create and means "as short as can be".
  return seconds < 0 ? 1 : seconds;
}

export const pods = defineResource<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Pod",
  subresources: [
    streamSubresource("attach", "PodAttachOptions"),
    { name: "binding", verbs: ["create"], kind: "Binding" },
    partSubresource("ephemeralcontainers"),
    { name: "eviction", verbs: ["create"], group: "policy", version: "v1", kind: "Eviction" },
    streamSubresource("exec", "PodExecOptions"),
    { name: "log", verbs: ["get"] },
    streamSubresource("portforward", "PodPortForwardOptions"),
    proxySubresource("PodProxyOptions"),
    partSubresource("resize"),
    statusSubresource,
  ],
  statusFields: ["status"],
  statusKeeps: ["ownerReferences"],
  generation: true,
  defaults,
  prepareCreate,
  prepareUpdate: ({ spec }) => dropGated(spec),
  prepareStatusUpdate,
  validate,
  validateCreate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkFixedAnnotations(errors, next, previous, new FieldPath("metadata").child("annotations"));
    checkPodUpdate(errors, next, previous, specPath);
    return errors;
  },
  validateStatusUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkFixedAnnotations(errors, next, previous, new FieldPath("metadata").child("annotations"));
    checkPodStatusUpdate(errors, next, previous, new FieldPath("status"));
    return errors;
  },
  warnings: (pod, previous) => (previous ? [] : podWarnings(pod)),
  deletionGraceSeconds,
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    // Its name in the first clients.
    "spec.host": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => `${spec.hostNetwork ?? false}`,
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    // Taken by the real server, and never set.
    "status.podIPs": () => "",
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
});
