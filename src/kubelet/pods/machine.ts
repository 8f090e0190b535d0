import type { ContainerConfig, CriImage, SandboxConfig } from "../cri/types.ts";
import type { Container, Pod } from "./pod.ts";
import type { ContainerState } from "./state.ts";

/**
 * What a pod needs of its node besides the runtime: volumes, files, cgroups, logs. The hollow node has none of it.
 */
export interface PodMachine {
  /** Sets up the volumes. Rejects with what FailedMount says. */
  mount(pod: Pod): Promise<void>;
  /** Brings volumes up to date with the API; gives when it should be done again at the latest, if ever. */
  refresh(pod: Pod): Promise<number | undefined>;
  /** Directories, cgroup and the description of a new sandbox. */
  sandbox(pod: Pod, attempt: number): Promise<SandboxConfig>;
  /** The description of a new container. Rejects with CreateContainerConfigError's message. */
  container(
    pod: Pod,
    container: Container,
    options: { attempt: number; image: CriImage; ips: readonly string[]; targetId?: string },
  ): Promise<ContainerConfig>;
  /** Brings the limits of the pod as a whole to what its spec says now. */
  resize(pod: Pod): Promise<void>;
  /** What an ended container left as its last words. */
  terminationMessage(pod: Pod, container: ContainerState): Promise<string>;
  /** Removes a container's log. */
  removeLog(pod: Pod, container: ContainerState): Promise<void>;
  /** Gives back volumes and cgroups once nothing runs. Logs stay. */
  release(uid: string): Promise<void>;
  /** Removes the rest once the API has forgotten the pod. */
  forget(uid: string): Promise<void>;
  /** Ids of pods of which something is left. */
  remains(): Promise<string[]>;
}
