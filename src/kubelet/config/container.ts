import type { ContainerConfig, ContainerSecurityContext, CriMount, LinuxResources } from "../cri/types.ts";
import { specHash } from "../pods/hash.ts";
import type { Container, Pod } from "../pods/pod.ts";
import { annotations, labels } from "../pods/state.ts";
import { expandVariables } from "./expand.ts";

/** The runtime's description of a container. Pure. */
export function containerConfig(
  pod: Pod,
  container: Container,
  options: {
    attempt: number;
    /** The image's id at the runtime. */
    imageRef: string;
    env: ReadonlyMap<string, string>;
    mounts: CriMount[];
    devices?: ContainerConfig["devices"];
    resources: LinuxResources;
    security: ContainerSecurityContext;
  },
): ContainerConfig {
  const { attempt, env } = options;
  const expand = (text: string) => expandVariables(text, (name) => env.get(name));
  return {
    metadata: { name: container.name, attempt },
    image: { image: options.imageRef, userSpecifiedImage: container.image ?? "" },
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    workingDir: container.workingDir ?? "",
    envs: [...env].map(([key, value]) => ({ key, value })),
    mounts: options.mounts,
    devices: options.devices ?? [],
    labels: {
      [labels.podName]: pod.metadata.name,
      [labels.podNamespace]: pod.metadata.namespace ?? "",
      [labels.podUid]: pod.metadata.uid,
      [labels.containerName]: container.name,
    },
    annotations: {
      [annotations.hash]: specHash(container),
      [annotations.restartCount]: String(attempt),
      [annotations.terminationMessagePath]: container.terminationMessagePath ?? "/dev/termination-log",
      [annotations.terminationMessagePolicy]: container.terminationMessagePolicy ?? "File",
      [annotations.podGracePeriod]: String(pod.spec.terminationGracePeriodSeconds ?? 30),
      [annotations.resources]: JSON.stringify(container.resources ?? {}),
    },
    logPath: logPath(container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: { resources: options.resources, securityContext: options.security },
  };
}

/** A container's log file, relative to its pod's log directory. */
function logPath(name: string, attempt: number): string {
  return `${name}/${attempt}.log`;
}

/** The name of a pod's log directory, as under /var/log/pods. */
export function podLogName({ metadata }: Pod): string {
  return `${metadata.namespace}_${metadata.name}_${metadata.uid}`;
}
