// What a pod's author should know although it is allowed: sent in Warning headers.

import type { FieldPath } from "../../machinery/field.ts";
import { parseIp } from "../../machinery/ip.ts";
import type { ObjectMeta } from "../../machinery/object.ts";
import { compareQuantities, milliValue } from "../../machinery/quantity.ts";
import type { Container, PodSpec } from "./types.ts";

/** Labels of nodes that have other names now, and since when. */
const oldNodeLabels: Record<string, string> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

const oldVolumes: Record<string, [name: string, text: string]> = {
  cephfs: ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  flocker: ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  gitRepo: ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  glusterfs: ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  photonPersistentDisk: ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  quobyte: ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  rbd: ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
  scaleIO: ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  storageos: ["storageOS", "deprecated in v1.22, non-functional in v1.25+"],
};

function* nodeLabelWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  for (const key in spec.nodeSelector) {
    const text = oldNodeLabels[key];
    if (text) yield `${path.child("nodeSelector").key(key)}: ${text}`;
  }
  for (const [index, { topologyKey }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const text = oldNodeLabels[topologyKey];
    if (text)
      yield `${path.child("topologySpreadConstraints").index(index).child("topologyKey")}: ${topologyKey} is ${text}`;
  }
}

function* aliasWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  const seen = new Set<string>();
  for (const [index, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (seen.has(ip)) yield `${path.child("hostAliases").index(index).child("ip")}: duplicate ip ${JSON.stringify(ip)}`;
    seen.add(ip);
  }
}

function* volumeWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    for (const source in volume) {
      const old = oldVolumes[source];
      if (old) yield `${path.child("volumes").index(index).child(old[0])}: ${old[1]}`;
    }
  }
}

function* pullSecretWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  const seen = new Set<string>();
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    const at = path.child("imagePullSecrets").index(index);
    if (!name) yield `${at.child("name")}: invalid empty name ""`;
    else if (seen.has(name)) yield `${at.child("name")}: duplicate name ${JSON.stringify(name)}`;
    seen.add(name ?? "");
  }
}

function* containerWarnings(container: Container, path: FieldPath): Iterable<string> {
  const names = new Set<string>();
  for (const [index, { name }] of (container.env ?? []).entries()) {
    if (names.has(name)) {
      const at = path.child("env").index(index);
      yield `${at}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
    }
    names.add(name);
  }
  for (const [index, port] of (container.ports ?? []).entries()) {
    if (!port.hostIP || port.hostPort) continue;
    const shown = `{Name:${port.name ?? ""} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol} HostIP:${port.hostIP}}`;
    yield `${path.child("ports").index(index)}: hostIP set without hostPort: ${shown}`;
  }
  for (const list of ["limits", "requests"] as const) {
    for (const name of ["memory", "ephemeral-storage"]) {
      const amount = container.resources?.[list]?.[name];
      if (amount === undefined || milliValue(amount) % 1000 === 0 || compareQuantities(amount, "0") < 0) continue;
      const at = path.child("resources", list).key(name);
      yield `${at}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`;
    }
  }
}

function* hostAddressWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  for (const [index, { ip }] of (spec.hostAliases ?? []).entries()) {
    const parsed = parseIp(ip);
    if (!parsed?.leadingZeros && !parsed?.mapped) continue;
    const at = path.child("hostAliases").index(index).child("ip");
    yield `${at}: non-standard IP address ${JSON.stringify(ip)} will be considered invalid in a future Kubernetes release`;
  }
}

/** Warnings for a pod spec wherever it stands. */
export function* podWarnings(spec: PodSpec, metadata: Partial<ObjectMeta>, path: FieldPath): Iterable<string> {
  yield* nodeLabelWarnings(spec, path);
  yield* aliasWarnings(spec, path);
  yield* hostAddressWarnings(spec, path);
  yield* volumeWarnings(spec, path);
  yield* pullSecretWarnings(spec, path);
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      yield* containerWarnings(container, path.child(list).index(index));
    }
  }
  const restartsOnExit = spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0;
  if (restartsOnExit) {
    yield `${path.child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1`;
  }
  for (const key in metadata.annotations) {
    if (key !== "scheduler.alpha.kubernetes.io/critical-pod") continue;
    yield `metadata.annotations[${key}]: non-functional in v1.16+; use the "priorityClassName" field instead`;
  }
}
