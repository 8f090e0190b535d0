import type { Clock } from "../../base/world.ts";
import type { Client, Recorder } from "../../client/mod.ts";
import type { Runtime } from "../cri/runtime.ts";
import type { Images, Tell } from "../images/images.ts";
import type { Hooks } from "../probes/hooks.ts";
import type { PodMachine } from "./machine.ts";
import type { ProbeResults } from "./plan.ts";
import type { Container, ContainerKind, Pod } from "./pod.ts";
import type { ContainerState } from "./state.ts";

/** What every pod's worker shares. */
export interface PodKit {
  clock: Clock;
  client: Client;
  runtime: Runtime;
  machine: PodMachine;
  images: Images;
  hooks: Hooks;
  record: Recorder;
  /** Limits how many sandboxes and containers start at once: more only makes each slower. */
  turn: <Result>(run: () => Promise<Result>) => Promise<Result>;
  hostIps(): readonly string[];
  /** The pull secrets that the pod names and that are there. */
  pullSecrets(pod: Pod): Promise<readonly Record<string, any>[]>;
  runtimeHandler(pod: Pod): Promise<string>;
  /** Runs a container's probes until disposed. */
  probe(
    pod: () => Pod,
    container: Container,
    state: ContainerState,
    ips: readonly string[],
    changed: () => void,
  ): ContainerProbes;
  /** Says how often a pod is synced anyway, against events that were lost. Milliseconds. */
  resyncMs: number;
}

export interface ContainerProbes extends Disposable {
  results(): ProbeResults;
}

const fields: Record<ContainerKind, string> = {
  init: "initContainers",
  main: "containers",
  ephemeral: "ephemeralContainers",
};

/** Tells an event about one container of a pod. */
export function tellContainer(kit: PodKit, pod: Pod, kind: ContainerKind, name: string): Tell {
  return (type, reason, message) =>
    kit.record({ object: pod, fieldPath: `spec.${fields[kind]}{${name}}` }, type, reason, message);
}
