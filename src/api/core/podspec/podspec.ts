// A whole pod spec, in the order in which the real server looks at it: the order of its messages depends on it.

import { duplicate, FieldPath, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, inRange, ipAddress, qualifiedName } from "../../machinery/names.ts";
import type { KubeObject } from "../../machinery/object.ts";
import { addInvalid, checkAnnotations, checkLabels, checkRequiredOneOf, type Errors } from "../../parts/checks.ts";
import { fields, type GoShape, goValue } from "../../parts/goshape.ts";
import { checkPodAnnotations, isMirror } from "./annotations.ts";
import { checkContainers, checkEphemeralContainers, checkInitContainers, type PodContext } from "./containers.ts";
import { checkDns } from "./dns.ts";
import { checkFileVolumes } from "./env.ts";
import { checkPodResources } from "./podresources.ts";
import { checkProfilesAgree } from "./profiles.ts";
import { checkContainerResources } from "./requirements.ts";
import { checkAffinity, checkSchedulingGates, checkTolerations, checkTopologySpread } from "./scheduling.ts";
import { checkHostname, checkHostUsers, checkPodSecurityContext, checkPreemptionPolicy } from "./security.ts";
import type { PodSpec } from "./types.ts";
import { checkVolumes } from "./volumes.ts";
import { checkHostProcess, checkOs } from "./windows.ts";

const int32Max = 2147483647;
/** How the real server shows a path that names nothing. */
const noPath = new FieldPath("[]");

const claimShape: GoShape = {
  ...fields("Name", ""),
  ...fields("ResourceClaimName ResourceClaimTemplateName", null),
};

function checkResourceClaims(
  errors: Errors,
  spec: PodSpec,
  pod: KubeObject["metadata"] | undefined,
  path: FieldPath,
): Set<string> {
  const names = new Set<string>();
  const isStatic = isMirror({ metadata: pod });
  for (const [index, claim] of (spec.resourceClaims ?? []).entries()) {
    if (isStatic) {
      errors.push(forbiddenField(noPath, "static pods do not support resource claims"));
      continue;
    }
    const at = path.index(index);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const shown = () => goValue(claim, claimShape);
    if (!name) errors.push(required(at.child("name")));
    else if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    else addInvalid(errors, () => at.child("name"), name, dns1123Label(name));
    names.add(name);
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      errors.push(invalid(at, shown(), why));
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      const why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
      errors.push(invalid(at, shown(), why));
    }
    for (const field of ["resourceClaimName", "resourceClaimTemplateName"] as const) {
      const value = claim[field];
      if (value !== undefined) addInvalid(errors, () => at.child(field), value, dns1123Subdomain(value));
    }
  }
  return names;
}

/** On the host's network a port cannot be another one on the host; templates may leave that open. */
function checkHostNetworkPorts(errors: Errors, spec: PodSpec, path: FieldPath): void {
  if (!spec.hostNetwork) return;
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [portIndex, { hostPort, containerPort }] of (container.ports ?? []).entries()) {
      if (!hostPort || hostPort === containerPort) continue;
      const at = path.child("containers").index(index).child("ports").index(portIndex).child("hostPort");
      errors.push(invalid(at, hostPort, "must match `containerPort` when `hostNetwork` is true"));
    }
  }
}

function checkHostAliases(errors: Errors, spec: PodSpec, path: FieldPath): void {
  for (const [index, { ip, hostnames }] of (spec.hostAliases ?? []).entries()) {
    addInvalid(errors, () => path.index(index).child("ip"), ip ?? "", ipAddress(ip ?? ""));
    for (const [nameIndex, name] of (hostnames ?? []).entries()) {
      const at = () => path.index(index).child("hostnames").index(nameIndex);
      addInvalid(errors, at, name, dns1123Subdomain(name));
    }
  }
}

function checkReadinessGates(errors: Errors, spec: PodSpec, path: FieldPath): void {
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    const at = () => path.index(index).child("conditionType");
    addInvalid(errors, at, conditionType ?? "", qualifiedName(conditionType ?? ""));
  }
}

function checkNames(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const check = (field: keyof PodSpec, rule: (value: string) => string[]) => {
    const value = spec[field];
    if (typeof value === "string" && value !== "") addInvalid(errors, () => path.child(field), value, rule(value));
  };
  check("serviceAccountName", dns1123Subdomain);
  check("nodeName", dns1123Subdomain);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && deadline !== null) {
    addInvalid(errors, () => path.child("activeDeadlineSeconds"), deadline, inRange(deadline, 1, int32Max));
  }
  check("hostname", dns1123Label);
  check("subdomain", dns1123Label);
}

/** What the runtime itself takes: the same rules as for limits, and the same words. */
function checkOverhead(errors: Errors, spec: PodSpec, path: FieldPath): void {
  if (spec.overhead) checkContainerResources(errors, { limits: spec.overhead }, new Set(), path);
}

/** Everything that can be wrong with a pod spec, wherever it stands. Only pods have a name by then. */
export function checkPodSpec(errors: Errors, spec: PodSpec, path: FieldPath, pod?: KubeObject["metadata"]): void {
  const volumes = checkVolumes(errors, spec.volumes, pod?.name, path.child("volumes"));
  const claimNames = checkResourceClaims(errors, spec, pod, path.child("resourceClaims"));
  const context: PodContext = { spec, volumes, claimNames };
  checkContainers(errors, context, path.child("containers"));
  checkInitContainers(errors, context, path.child("initContainers"));
  checkEphemeralContainers(errors, context, path.child("ephemeralContainers"));
  checkPodResources(errors, spec, claimNames, path.child("resources"));
  checkHostNetworkPorts(errors, spec, path);
  checkRequiredOneOf(errors, spec.restartPolicy, ["Always", "OnFailure", "Never"], () => path.child("restartPolicy"));
  const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
  checkRequiredOneOf(errors, spec.dnsPolicy, dnsPolicies, () => path.child("dnsPolicy"));
  checkLabels(errors, spec.nodeSelector, () => path.child("nodeSelector"));
  checkPodSecurityContext(errors, spec, path.child("securityContext"));
  checkAffinity(errors, spec.affinity, path.child("affinity"));
  checkDns(errors, spec, path.child("dnsConfig"));
  checkReadinessGates(errors, spec, path.child("readinessGates"));
  checkSchedulingGates(errors, spec.schedulingGates, path.child("schedulingGates"));
  checkTopologySpread(errors, spec.topologySpreadConstraints, path.child("topologySpreadConstraints"));
  checkHostProcess(errors, spec, path);
  checkHostUsers(errors, spec, path);
  checkHostname(errors, spec, path);
  checkNames(errors, spec, path);
  checkTolerations(errors, spec.tolerations, path.child("tolerations"));
  checkHostAliases(errors, spec, path.child("hostAliases"));
  if (spec.priorityClassName) {
    const name = spec.priorityClassName;
    addInvalid(errors, () => path.child("priorityClassName"), name, dns1123Subdomain(name));
  }
  if (spec.runtimeClassName !== undefined) {
    const name = spec.runtimeClassName;
    addInvalid(errors, () => path.child("runtimeClassName"), name, dns1123Subdomain(name));
  }
  checkPreemptionPolicy(errors, spec.preemptionPolicy, path.child("preemptionPolicy"));
  checkOverhead(errors, spec, path.child("overhead"));
  checkOs(errors, spec, path);
  checkFileVolumes(errors, spec, path);
}

/** A template of pods, as workloads hold them. */
export function checkPodTemplate(errors: Errors, template: any, path: FieldPath): void {
  const { metadata = {}, spec = {} } = template ?? {};
  checkLabels(errors, metadata.labels, () => path.child("labels"));
  checkAnnotations(errors, metadata.annotations, () => path.child("annotations"));
  checkPodAnnotations(errors, { metadata, spec }, path.child("annotations"));
  checkPodSpec(errors, spec, path.child("spec"));
  checkProfilesAgree(errors, { metadata, spec }, path.child("spec"));
  if (spec.ephemeralContainers?.length) {
    const why = "ephemeral containers not allowed in pod template";
    errors.push(forbiddenField(path.child("spec", "ephemeralContainers"), why));
  }
}
