import type { SandboxConfig } from "../cri/types.ts";
import type { Pod } from "../pods/pod.ts";
import { containersOf } from "../pods/pod.ts";
import { labels } from "../pods/state.ts";
import type { DnsConfig } from "./dns.ts";
import { namespaceOptions, securityProfile } from "./security.ts";

/** The runtime's description of a pod's sandbox. Pure. */
export function sandboxConfig(
  pod: Pod,
  options: {
    attempt: number;
    hostname: string;
    dns: DnsConfig;
    logDirectory: string;
    cgroupParent?: string;
    seccompRoot: string;
  },
): SandboxConfig {
  const { metadata, spec } = pod;
  const namespace = metadata.namespace ?? "";
  const context = spec.securityContext ?? {};
  const portMappings = spec.hostNetwork
    ? []
    : containersOf(pod).flatMap(({ container }) =>
        (container.ports ?? [])
          .filter(({ hostPort }) => hostPort)
          .map(({ protocol, containerPort, hostPort, hostIP }) => ({
            protocol: protocol ?? "TCP",
            containerPort,
            hostPort: hostPort!,
            hostIp: hostIP ?? "",
          })),
      );
  const groups = [...(context.fsGroup === undefined ? [] : [context.fsGroup]), ...(context.supplementalGroups ?? [])];
  return {
    metadata: { name: metadata.name, uid: metadata.uid, namespace, attempt: options.attempt },
    // The runtime refuses a host name for a pod that shares the node's.
    hostname: spec.hostNetwork ? "" : options.hostname,
    logDirectory: options.logDirectory,
    dnsConfig: options.dns,
    portMappings,
    labels: {
      ...metadata.labels,
      [labels.podName]: metadata.name,
      [labels.podNamespace]: namespace,
      [labels.podUid]: metadata.uid,
    },
    annotations: { ...metadata.annotations },
    linux: {
      ...(options.cgroupParent ? { cgroupParent: options.cgroupParent } : {}),
      sysctls: Object.fromEntries((context.sysctls ?? []).map(({ name, value }) => [name, value])),
      securityContext: {
        namespaceOptions: namespaceOptions(pod),
        privileged: containersOf(pod).some(({ container }) => container.securityContext?.privileged),
        supplementalGroups: groups,
        ...(context.runAsUser === undefined ? {} : { runAsUser: { value: context.runAsUser } }),
        ...(context.runAsGroup === undefined || context.runAsUser === undefined
          ? {}
          : { runAsGroup: { value: context.runAsGroup } }),
        // The sandbox's own process needs no more than the default allows, whatever the pod asks for.
        seccomp: context.seccompProfile
          ? securityProfile(context.seccompProfile, options.seccompRoot)
          : { profileType: "RuntimeDefault" },
        ...(context.seLinuxOptions ? { selinuxOptions: context.seLinuxOptions } : {}),
      },
    },
  };
}
