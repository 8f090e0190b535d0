import type { KubeObject } from "../../api/machinery/object.ts";
import type { Action } from "../../client/mod.ts";
import { type Pod, podFromTemplate } from "../parts/pods.ts";

/** Keeps an ended pod until its job has counted it. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
const indexKey = "batch.kubernetes.io/job-completion-index";

/** The index that a pod of an indexed job works on. */
export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexKey];
  return text === undefined ? undefined : Number(text);
}

/** Makes one pod of a job; with an index, its name, hostname, label, annotation and environment tell of it. */
export function createJobPod(job: KubeObject, index: number | undefined): Action {
  const pod: any = podFromTemplate(job, job.spec.template);
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer];
  if (index !== undefined) {
    const { name } = job.metadata;
    pod.metadata.generateName = `${name}-${index}-`;
    pod.metadata.annotations = { ...pod.metadata.annotations, [indexKey]: String(index) };
    pod.metadata.labels = { ...pod.metadata.labels, [indexKey]: String(index) };
    pod.spec = { ...pod.spec, hostname: `${name}-${index}` };
    for (const kind of ["initContainers", "containers"])
      if (pod.spec[kind]) pod.spec[kind] = pod.spec[kind].map(withIndex);
  }
  return {
    do: "create",
    resource: "pods",
    object: pod,
    done: {
      about: job,
      type: "Normal",
      reason: "SuccessfulCreate",
      message: ({ metadata }) => `Created pod: ${metadata.name}`,
    },
    failed: { about: job, type: "Warning", reason: "FailedCreate", message: (error) => `Error creating: ${error}` },
  };
}

function withIndex(container: any): any {
  const name = "JOB_COMPLETION_INDEX";
  if (container.env?.some((each: any) => each.name === name)) return container;
  const valueFrom = { fieldRef: { fieldPath: `metadata.annotations['${indexKey}']` } };
  return { ...container, env: [...(container.env ?? []), { name, valueFrom }] };
}
