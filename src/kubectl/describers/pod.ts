// Pods and pod templates.

import { containerLines, resourceLines } from "./containers.ts";
import { volumeLines } from "./volumes.ts";
import {
  age,
  annotationLines,
  controllerText,
  type DescribeContext,
  eventLines,
  type Lines,
  labelLines,
  metadataLines,
  nameLines,
} from "./writer.ts";

/** `kubectl describe pod`. */
export async function describePod(out: Lines, pod: any, context: DescribeContext): Promise<void> {
  const { spec = {}, status = {} } = pod;
  const scene = { context, pod };
  headLines(out, pod, context);
  if (spec.resources) {
    out.raw("Resources:\n");
    resourceLines(out, spec.resources, 1);
  }
  if (spec.initContainers?.length > 0)
    containerLines(out, "Init Containers", spec.initContainers, status.initContainerStatuses ?? [], "", scene);
  containerLines(out, "Containers", spec.containers ?? [], status.containerStatuses ?? [], "", scene);
  if (spec.ephemeralContainers?.length > 0)
    containerLines(
      out,
      "Ephemeral Containers",
      spec.ephemeralContainers,
      status.ephemeralContainerStatuses ?? [],
      "",
      scene,
    );
  if (spec.readinessGates?.length > 0) {
    out.raw("Readiness Gates:\n  Type\tStatus\n");
    for (const { conditionType } of spec.readinessGates) {
      const found = status.conditions?.find(({ type }: any) => type === conditionType)?.status ?? "<none>";
      out.line(1, `${conditionType} \t${found} `);
    }
  }
  if (status.conditions?.length > 0) {
    out.raw("Conditions:\n  Type\tStatus\n");
    for (const { type, status: value } of status.conditions) out.line(1, `${type} \t${value} `);
  }
  volumeLines(out, spec.volumes, "");
  out.raw(`QoS Class:\t${status.qosClass ?? ""}\n`);
  labelLines(out, "Node-Selectors", spec.nodeSelector);
  tolerationLines(out, "Tolerations", spec.tolerations);
  spreadLines(out, spec.topologySpreadConstraints, "");
  eventLines(out, await context.events(pod), context.now);
}

function headLines(out: Lines, pod: any, context: DescribeContext): void {
  const { metadata, spec = {}, status = {} } = pod;
  nameLines(out, pod);
  if (spec.priority !== undefined) out.raw(`Priority:\t${spec.priority}\n`);
  if (spec.priorityClassName) out.raw(`Priority Class Name:\t${spec.priorityClassName}\n`);
  if (spec.runtimeClassName) out.raw(`Runtime Class Name:\t${spec.runtimeClassName}\n`);
  if (spec.serviceAccountName) out.raw(`Service Account:\t${spec.serviceAccountName}\n`);
  out.raw(`Node:\t${spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ""}` : "<none>"}\n`);
  if (status.startTime) out.raw(`Start Time:\t${context.formatTime(status.startTime)}\n`);
  metadataLines(out, pod);
  if (metadata.deletionTimestamp && status.phase !== "Failed" && status.phase !== "Succeeded") {
    out.raw(`Status:\tTerminating (lasts ${age(metadata.deletionTimestamp, context.now)})\n`);
    out.raw(`Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s\n`);
  } else out.raw(`Status:\t${status.phase ?? ""}\n`);
  if (status.reason) out.raw(`Reason:\t${status.reason}\n`);
  if (status.message) out.raw(`Message:\t${status.message}\n`);
  const seccomp = spec.securityContext?.seccompProfile;
  if (seccomp) out.raw(`SeccompProfile:\t${seccomp.type}\n`);
  if (seccomp?.type === "Localhost") out.raw(`LocalhostProfile:\t${seccomp.localhostProfile}\n`);
  out.raw(`IP:\t${status.podIP ?? ""}\n`);
  const ips: any[] = status.podIPs ?? [];
  out.raw(ips.length === 0 ? "IPs:\t<none>\n" : "IPs:\n");
  for (const { ip } of ips) out.line(1, `IP:\t${ip}`);
  const controller = controllerText(pod);
  if (controller) out.raw(`Controlled By:\t${controller}\n`);
  if (status.nominatedNodeName) out.raw(`NominatedNodeName:\t${status.nominatedNodeName}\n`);
}

/** Tolerations, one a line. */
export function tolerationLines(out: Lines, title: string, tolerations: readonly any[] | undefined): void {
  const list = [...(tolerations ?? [])].sort((a, b) =>
    (a.key ?? "") < (b.key ?? "") ? -1 : (a.key ?? "") > (b.key ?? "") ? 1 : 0,
  );
  if (list.length === 0) out.raw(`${title}:\t<none>\n`);
  for (const [at, { key = "", value = "", effect = "", operator = "", tolerationSeconds }] of list.entries()) {
    let text = key;
    if (value) text += `=${value}`;
    if (effect) text += `:${effect}`;
    if (operator === "Exists" && !value) text += key || effect ? " op=Exists" : "op=Exists";
    if (tolerationSeconds !== undefined) text += ` for ${tolerationSeconds}s`;
    out.raw(`${at === 0 ? `${title}:` : ""}\t${text}\n`);
  }
}

function spreadLines(out: Lines, constraints: readonly any[] | undefined, space: string): void {
  for (const [at, each] of (constraints ?? []).entries()) {
    const labels = each.labelSelector?.matchLabels ?? {};
    const selector = Object.keys(labels)
      .sort()
      .map((key) => `${key}=${labels[key]}`)
      .join(",");
    const text = `${each.topologyKey}:${each.whenUnsatisfiable} when max skew ${each.maxSkew} is exceeded${each.labelSelector ? ` for selector ${selector}` : ""}`;
    out.raw(`${at === 0 ? `${space}Topology Spread Constraints:` : ""}\t${text}\n`);
  }
}

/** The pod template of a workload. */
export function templateLines(out: Lines, template: any, context: DescribeContext): void {
  out.raw("Pod Template:\n");
  const { metadata = {}, spec = {} } = template ?? {};
  labelLines(out, "  Labels", metadata.labels);
  if (Object.keys(metadata.annotations ?? {}).length > 0) annotationLines(out, "  Annotations", metadata.annotations);
  if (spec.serviceAccountName) out.raw(`  Service Account:\t${spec.serviceAccountName}\n`);
  if (spec.initContainers?.length > 0)
    containerLines(out, "Init Containers", spec.initContainers, [], "  ", { context });
  containerLines(out, "Containers", spec.containers ?? [], [], "  ", { context });
  volumeLines(out, spec.volumes, "  ");
  spreadLines(out, spec.topologySpreadConstraints, "  ");
  if (spec.priorityClassName) out.raw(`  Priority Class Name:\t${spec.priorityClassName}\n`);
  labelLines(out, "  Node-Selectors", spec.nodeSelector);
  tolerationLines(out, "  Tolerations", spec.tolerations);
}
