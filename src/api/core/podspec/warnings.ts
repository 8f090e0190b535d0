// What a pod's author should know although it is allowed: sent in Warning headers, in the real server's order.

import { FieldPath } from "../../machinery/field.ts";
import { dns1123Label, labelValue } from "../../machinery/names.ts";
import type { KubeObject, ObjectMeta } from "../../machinery/object.ts";
import { addressWarnings } from "../../parts/addresses.ts";
import { sameValue } from "../../parts/checks.ts";
import { claimSpecWarnings, fractionalBytes } from "../claimspec.ts";
import { pathWarnings } from "./pathwarnings.ts";
import { portWarnings } from "./portwarnings.ts";
import type { Container, PodSpec } from "./types.ts";
import { containersOf } from "./visit.ts";

type Metadata = Partial<ObjectMeta>;

/** Labels of nodes that have other names now, and since when. */
const oldNodeLabels: Record<string, string> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

/** Sources of volumes that are gone, by field: the name in the message, which is the real server's own, and since when. */
export const oldVolumes: Readonly<Record<string, readonly [name: string, text: string]>> = {
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

const oldAnnotations: Record<string, string> = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

const hard = "requiredDuringSchedulingIgnoredDuringExecution";
const soft = "preferredDuringSchedulingIgnoredDuringExecution";
const selectsNothing = "a null labelSelector results in matching no pod";

/** Old labels in a term of a node selector; values only where a wrong one is no error. */
export function* nodeTermWarnings(term: any, checkValues: boolean, path: FieldPath): Iterable<string> {
  for (const [index, { key, values }] of (term?.matchExpressions ?? []).entries()) {
    const at = path.child("matchExpressions").index(index);
    const text = oldNodeLabels[key];
    if (text) yield `${at.child("key")}: ${key} is ${text}`;
    if (!checkValues) continue;
    for (const [position, value] of (values ?? []).entries()) {
      for (const why of labelValue(value)) yield `${at.child("values").index(position)}: ${value} is invalid, ${why}`;
    }
  }
}

function* placementWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const text = oldNodeLabels[key];
    if (text) yield `${path.child("nodeSelector").key(key)}: ${text}`;
  }
  const affinity = spec.affinity?.nodeAffinity;
  const at = path.child("affinity", "nodeAffinity");
  for (const [index, term] of (affinity?.[hard]?.nodeSelectorTerms ?? []).entries()) {
    yield* nodeTermWarnings(term, false, at.child(hard, "nodeSelectorTerms").index(index));
  }
  for (const [index, { preference }] of (affinity?.[soft] ?? []).entries()) {
    yield* nodeTermWarnings(preference, true, at.child(soft).index(index).child("preference"));
  }
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const each = path.child("topologySpreadConstraints").index(index);
    const text = oldNodeLabels[topologyKey];
    if (text) yield `${each.child("topologyKey")}: ${topologyKey} is ${text}`;
    if (!labelSelector) yield `${each.child("labelSelector")}: ${selectsNothing}`;
  }
}

function* volumeWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const at = path.child("volumes").index(index);
    for (const source in volume) {
      const old = oldVolumes[source];
      if (old) yield `${at.child(old[0])}: ${old[1]}`;
    }
    const claim = volume.ephemeral?.volumeClaimTemplate;
    if (claim) yield* claimSpecWarnings(claim.spec, at.child("ephemeral", "volumeClaimTemplate", "spec"));
  }
  yield* pathWarnings(spec.volumes ?? []);
}

function* repeatWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  const addresses = new Set<string>();
  for (const [index, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (addresses.has(ip)) {
      yield `${path.child("hostAliases").index(index).child("ip")}: duplicate ip ${JSON.stringify(ip)}`;
    }
    addresses.add(ip);
  }
  const at = (index: number) => path.child("imagePullSecrets").index(index).child("name");
  const secrets = (spec.imagePullSecrets ?? []).map(({ name }) => name ?? "");
  for (const [index, name] of secrets.entries()) {
    if (secrets.indexOf(name) < index) yield `${at(index)}: duplicate name ${JSON.stringify(name)}`;
  }
  for (const [index, name] of secrets.entries()) if (name === "") yield `${at(index)}: invalid empty name ""`;
}

function* byteWarnings(amounts: Record<string, string> | undefined, path: FieldPath): Iterable<string> {
  for (const name of ["memory", "ephemeral-storage"]) yield* fractionalBytes(amounts?.[name], () => path.key(name));
}

/** A later variable of the same name is fine if it builds on the earlier one. */
function* envWarnings(env: Container["env"], path: FieldPath): Iterable<string> {
  const names = new Set<string>();
  for (const [index, { name, value = "", valueFrom }] of (env ?? []).entries()) {
    const own = `$(${name})`;
    if (names.has(name) && (valueFrom || value === own || !value.includes(own))) {
      const why = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
      yield `${path.index(index)}: ${why}`;
    }
    names.add(name);
  }
}

/** Annotations that fields have replaced. */
function* profileWarnings(container: Container, pod: PodSpec, metadata: Metadata, path: FieldPath | undefined) {
  const { annotations = {} } = metadata;
  const seccomp = `container.seccomp.security.alpha.kubernetes.io/${container.name}`;
  if (annotations?.[seccomp] !== undefined && !container.securityContext?.seccompProfile) {
    const at = (path ?? new FieldPath()).child("metadata", "annotations").key(seccomp);
    yield `${at}: non-functional in v1.27+; use the "seccompProfile" field instead`;
  }
  // Pods have their fields filled in from these; only templates are warned of.
  const appArmor = `container.apparmor.security.beta.kubernetes.io/${container.name}`;
  const hasField = pod.securityContext?.appArmorProfile || container.securityContext?.appArmorProfile;
  if (path && annotations?.[appArmor] !== undefined && !hasField) {
    const at = path.child("metadata", "annotations").key(appArmor);
    yield `${at}: deprecated since v1.30; use the "appArmorProfile" field instead`;
  }
}

function* affinityWarnings(spec: PodSpec, path: FieldPath): Iterable<string> {
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const affinity = spec.affinity?.[kind];
    const at = path.child("affinity", kind);
    for (const [index, { labelSelector }] of (affinity?.[hard] ?? []).entries()) {
      if (!labelSelector) yield `${at.child(hard).index(index).child("labelSelector")}: ${selectsNothing}`;
    }
    for (const [index, { podAffinityTerm }] of (affinity?.[soft] ?? []).entries()) {
      const term = at.child(soft).index(index).child("podAffinityTerm", "labelSelector");
      if (!podAffinityTerm?.labelSelector) yield `${term}: ${selectsNothing}`;
    }
  }
}

function* specWarnings(spec: PodSpec, metadata: Metadata, template: FieldPath | undefined): Iterable<string> {
  const root = template ?? new FieldPath();
  const path = root.child("spec");
  const annotation = (key: string) => root.child("metadata", "annotations").key(key);
  yield* placementWarnings(spec, path);
  for (const [key, text] of Object.entries(oldAnnotations)) {
    if (metadata.annotations?.[key] !== undefined) yield `${annotation(key)}: ${text}`;
  }
  yield* volumeWarnings(spec, path);
  yield* repeatWarnings(spec, path);
  yield* byteWarnings(spec.overhead, path.child("overhead"));
  const seccomp = "seccomp.security.alpha.kubernetes.io/pod";
  if (metadata.annotations?.[seccomp] !== undefined && !spec.securityContext?.seccompProfile) {
    yield `${annotation(seccomp)}: non-functional in v1.27+; use the "seccompProfile" field instead`;
  }
  const containers = containersOf(spec, path);
  for (const { container, at } of containers) {
    yield* profileWarnings(container, spec, metadata, template);
    yield* byteWarnings(container.resources?.limits, at.child("resources", "limits"));
    yield* byteWarnings(container.resources?.requests, at.child("resources", "requests"));
    yield* envWarnings(container.env, at.child("env"));
  }
  yield* portWarnings(containers);
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) {
    const at = path.child("terminationGracePeriodSeconds");
    yield `${at}: must be >= 0; negative values are invalid and will be treated as 1`;
  }
  yield* affinityWarnings(spec, path);
  for (const [index, server] of (spec.dnsConfig?.nameservers ?? []).entries()) {
    yield* addressWarnings(server, path.child("dnsConfig", "nameservers").index(index));
  }
  for (const [index, { ip }] of (spec.hostAliases ?? []).entries()) {
    yield* addressWarnings(ip, path.child("hostAliases").index(index).child("ip"));
  }
}

/** What names of workloads are used for. */
export const podNames = "Pod names and hostnames";

/** A name that is not fit for what it is used for. */
export function* nameWarnings(name: string | undefined, use: string): Iterable<string> {
  const messages = dns1123Label(name ?? "");
  if (messages.length === 0) return;
  const why = "which can result in surprising behavior; a DNS label is recommended";
  yield `metadata.name: this is used in ${use}, ${why}: [${messages.join(" ")}]`;
}

/** Warnings for a new pod. Changes of pods are too frequent, and hardly made by people: they get none. */
export function* podWarnings({ spec, metadata }: KubeObject): Iterable<string> {
  yield* nameWarnings(metadata.name, "the Pod's hostname");
  yield* specWarnings(spec, metadata, undefined);
}

/** Warnings for a template of pods. */
export function templateWarnings(template: any, path: FieldPath): Iterable<string> {
  return specWarnings(template?.spec ?? {}, template?.metadata ?? {}, path);
}

/** Warnings for what makes pods: for a new one's name, and for its template whenever its specification changes. */
export function* workloadWarnings(
  object: KubeObject,
  previous: KubeObject | undefined,
  template: any,
  path: FieldPath,
): Iterable<string> {
  if (!previous) yield* nameWarnings(object.metadata.name, podNames);
  if (template && isChanged(object, previous)) yield* templateWarnings(template, path);
}

/** Whether an object is new or its specification changed. */
export function isChanged(object: any, previous: any): boolean {
  if (!previous || object.metadata.generation !== previous.metadata.generation) return true;
  return !sameValue(object.spec, previous.spec) || !sameValue(object.template, previous.template);
}
