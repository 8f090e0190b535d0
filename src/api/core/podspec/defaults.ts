// What a pod's users may leave out (the reference's "Defaults to …"). Templates get the first part, pods both.
// Quantities and times are in their canonical form already: the decoder sees to that.

import { defaultClaimSpec } from "../claimspec.ts";
import { defaultPodResources } from "./podresources.ts";
import type { Container, PodSpec, Probe, Volume } from "./types.ts";

const defaultFileMode = 0o644;
const tokenLifetimeSeconds = 3600;

/** `latest`, or no tag at all, may mean another image tomorrow: those are pulled always. */
function pullPolicyOf(image: string | undefined): "Always" | "IfNotPresent" {
  if (!image || image.includes("@")) return "IfNotPresent";
  const lastPart = image.slice(image.lastIndexOf("/") + 1);
  const colon = lastPart.lastIndexOf(":");
  return colon < 0 || lastPart.slice(colon + 1) === "latest" ? "Always" : "IfNotPresent";
}

function defaultHttp(action: any): void {
  if (!action) return;
  action.path ||= "/";
  action.scheme ||= "HTTP";
  for (const header of action.httpHeaders ?? []) header.value ??= "";
}

function defaultProbe(probe: Probe | undefined | null): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttp(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= "";
}

function defaultEnv(container: Container): void {
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= "v1";
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= "0";
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false;
  }
}

/** Fills in a container of any sort. */
export function defaultContainer(container: Container): void {
  container.imagePullPolicy ||= pullPolicyOf(container.image);
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  defaultEnv(container);
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHook(container.lifecycle?.postStart);
  defaultHook(container.lifecycle?.preStop);
}

function defaultHook(hook: any): void {
  if (!hook) return;
  defaultHttp(hook.httpGet);
  if (hook.sleep) hook.sleep.seconds ??= 0;
}

/**
 * Drops what is behind a gate that is off: stop signals (KEP-4960), trust bundles and certificates as files (KEP-3257,
 * KEP-4317), groups of pods (KEP-4671). Runs when an object is about to be stored, not with the
 * defaults: who wrote such a field owns it all the same.
 */
export function dropGated(spec: Record<string, any> | undefined): void {
  delete spec?.schedulingGroup;
  for (const { projected } of spec?.volumes ?? []) {
    for (const source of projected?.sources ?? []) {
      delete source.clusterTrustBundle;
      delete source.podCertificate;
    }
  }
  for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
    for (const container of spec?.[list] ?? []) {
      if (!container.lifecycle) continue;
      delete container.lifecycle.stopSignal;
      if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
    }
  }
}

function defaultDownwardItems(items: any[] | undefined): void {
  for (const { fieldRef, resourceFieldRef } of items ?? []) {
    if (fieldRef) fieldRef.apiVersion ||= "v1";
    if (resourceFieldRef) resourceFieldRef.divisor ??= "0";
  }
}

function defaultProjected(projected: any): void {
  projected.defaultMode ??= defaultFileMode;
  for (const { serviceAccountToken, downwardAPI } of projected.sources ?? []) {
    if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= tokenLifetimeSeconds;
    if (downwardAPI) defaultDownwardItems(downwardAPI.items);
  }
}

/** What is filled in by kind of source. */
const sourceDefaults: Record<string, (source: any) => void> = {
  hostPath: (source) => {
    source.type ??= "";
  },
  secret: (source) => {
    source.defaultMode ??= defaultFileMode;
  },
  configMap: (source) => {
    source.defaultMode ??= defaultFileMode;
  },
  downwardAPI: (source) => {
    source.defaultMode ??= defaultFileMode;
    defaultDownwardItems(source.items);
  },
  projected: defaultProjected,
  iscsi: (source) => {
    source.iscsiInterface ||= "default";
    source.lun ??= 0;
  },
  rbd: (source) => {
    source.pool ||= "rbd";
    source.user ||= "admin";
    source.keyring ||= "/etc/ceph/keyring";
  },
  azureDisk: (source) => {
    source.cachingMode ??= "ReadWrite";
    source.kind ??= "Shared";
    source.fsType ??= "ext4";
    source.readOnly ??= false;
  },
  scaleIO: (source) => {
    source.storageMode ||= "ThinProvisioned";
    source.fsType ||= "xfs";
  },
  image: (source) => {
    source.pullPolicy ||= pullPolicyOf(source.reference);
  },
  ephemeral: ({ volumeClaimTemplate: claim }) => {
    if (!claim) return;
    claim.metadata ??= {};
    claim.spec ??= {};
    defaultClaimSpec(claim.spec);
  },
};

function defaultVolume(volume: Volume): void {
  const sources = Object.keys(volume).filter((key) => key !== "name");
  if (sources.length === 0) volume.emptyDir = {};
  for (const source of sources) sourceDefaults[source]?.(volume[source]);
}

/** A pod on its host's network has its ports there too. */
function defaultHostPorts(containers: Container[] | undefined): void {
  for (const { ports } of containers ?? []) for (const port of ports ?? []) port.hostPort ||= port.containerPort;
}

/** Fills in a pod spec wherever it stands: in a pod or in a template. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  spec.securityContext ??= {};
  for (const sysctl of spec.securityContext.sysctls ?? []) sysctl.value ??= "";
  if (spec.serviceAccount && !spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.containers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

/** Fills in a template: `metadata` is always there, as an object. */
export function defaultPodTemplate(template: { metadata?: object; spec?: any }): void {
  template.metadata ??= {};
  template.spec ??= {};
  defaultPodSpec(template.spec);
}

/** A limit without a request asks for just as much. Only pods do so; templates stay as they are written. */
function requestLimits(containers: Container[] | undefined): void {
  for (const { resources } of containers ?? []) {
    if (!resources?.limits) continue;
    for (const [name, amount] of Object.entries(resources.limits)) {
      resources.requests ??= {};
      resources.requests[name] ??= amount;
    }
  }
}

/** What pods get beyond `defaultPodSpec`. */
export function defaultPodOnly(spec: PodSpec): void {
  spec.enableServiceLinks ??= true;
  requestLimits(spec.initContainers);
  requestLimits(spec.containers);
  defaultPodResources(spec);
  if (!spec.hostNetwork) return;
  defaultHostPorts(spec.containers);
  defaultHostPorts(spec.initContainers);
}
