import { isRuntimeNotFound, runtimeMessage } from "../cri/runtime.ts";
import type { SandboxConfig } from "../cri/types.ts";
import { StartFailure } from "../images/images.ts";
import type { PodKit } from "./kit.ts";
import { tellContainer } from "./kit.ts";
import type { ContainerKind, Pod } from "./pod.ts";
import { containersOf } from "./pod.ts";
import type { ContainerState, PodRuntime, SandboxState } from "./state.ts";
import { newest, sandboxState } from "./state.ts";

const lookAgainMs = 10_000;

/** Creates a pod's sandbox, after giving back what older ones hold. Rejects with the runtime's error. */
export async function startSandbox(
  kit: PodKit,
  pod: Pod,
  { attempt, replaces }: { attempt: number; replaces: readonly string[] },
  signal: AbortSignal,
): Promise<{ sandbox: SandboxState; config: SandboxConfig }> {
  const { runtime, machine } = kit;
  for (const id of replaces) await runtime.stopSandbox(id);
  const config = await machine.sandbox(pod, attempt);
  const handler = await kit.runtimeHandler(pod);
  return kit.turn(async () => {
    signal.throwIfAborted();
    const id = await runtime.runSandbox(config, handler, signal);
    return { sandbox: sandboxState(await runtime.sandboxStatus(id)), config };
  });
}

export interface StartRequest {
  pod: Pod;
  name: string;
  kind: ContainerKind;
  attempt: number;
  sandbox: SandboxState;
  runtime: PodRuntime;
  signal: AbortSignal;
  /** Told as soon as the container exists, so that it can be stopped whatever comes. */
  created(id: string): void;
}

/**
 * Starts one container: image, description, creation, start, postStart hook. Rejects with a StartFailure that has the
 * waiting reason; a container that the hook failed was stopped then.
 */
export async function startContainer(kit: PodKit, request: StartRequest): Promise<void> {
  const { pod, name, kind, attempt, sandbox, signal } = request;
  const { runtime, machine } = kit;
  const { container } = containersOf(pod).find(({ container: one }) => one.name === name)!;
  const tell = tellContainer(kit, pod, kind, name);
  const sandboxConfig = await machine.sandbox(pod, sandbox.attempt);
  try {
    const secrets = () => kit.pullSecrets(pod);
    const image = await kit.images.ensure({ pod, container, sandbox: sandboxConfig, secrets, tell, signal });
    signal.throwIfAborted();
    const ips = pod.spec.hostNetwork ? kit.hostIps() : sandbox.ips;
    const config = await machine.container(withAddresses(pod, ips, kit.hostIps()), container, {
      attempt,
      image,
      ips,
      targetId: targetOf(pod, name, request.runtime),
    });
    const leftover = newest(request.runtime, name);
    if (leftover?.state === "created") await runtime.removeContainer(leftover.id);
    const id = await kit.turn(async () => {
      const created = await create();
      request.created(created);
      tell("Normal", "Created", "Container created");
      await started(created);
      return created;
    });
    tell("Normal", "Started", "Container started");
    if (container.lifecycle?.postStart) await postStart(id);

    async function create(): Promise<string> {
      try {
        return await runtime.createContainer(sandbox.id, config, sandboxConfig);
      } catch (error) {
        throw new StartFailure("CreateContainerError", runtimeMessage(error), {
          untilMs: kit.clock.now() + lookAgainMs,
        });
      }
    }
    async function started(created: string): Promise<void> {
      try {
        await runtime.startContainer(created);
      } catch (error) {
        // The runtime keeps it as ended: what comes next is up to the restart policy, not to a retry.
        throw new StartFailure("RunContainerError", runtimeMessage(error), { untilMs: 0 });
      }
    }
  } catch (error) {
    if (error instanceof StartFailure && error.reason !== "ErrImageNeverPull" && error.reason !== "InvalidImageName")
      tell("Warning", "Failed", `Error: ${error.reason === "ErrImagePull" ? error.reason : error.message}`);
    else if (error instanceof StartFailure) tell("Warning", "Failed", `Error: ${error.reason}`);
    throw error;
  }

  async function postStart(id: string): Promise<void> {
    try {
      await kit.hooks.postStart(pod, container, id, sandbox.ips, signal);
    } catch (error) {
      if (signal.aborted) return;
      tell("Warning", "FailedPostStartHook", (error as Error).message);
      tell("Normal", "Killing", "FailedPostStartHook");
      await runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30);
    }
  }
}

/** The pod with the addresses that its variables may ask for, which the API need not have yet. */
function withAddresses(pod: Pod, ips: readonly string[], hostIps: readonly string[]): Pod {
  const status = {
    ...pod.status,
    podIP: ips[0],
    podIPs: ips.map((ip) => ({ ip })),
    hostIP: hostIps[0],
    hostIPs: hostIps.map((ip) => ({ ip })),
  };
  return { ...pod, status };
}

/** The container whose processes a debug container sees. */
function targetOf(pod: Pod, name: string, runtime: PodRuntime): string | undefined {
  const target = pod.spec.ephemeralContainers?.find((one) => one.name === name)?.targetContainerName;
  return target ? newest(runtime, target)?.id : undefined;
}

/** Stops a container: preStop hook first, then the signal with what is left of the grace. */
export async function killContainer(
  kit: PodKit,
  pod: Pod,
  container: ContainerState,
  options: { graceSeconds: number; message: string; ips: readonly string[]; hook: boolean },
): Promise<void> {
  const found = containersOf(pod).find(({ container: { name } }) => name === container.name);
  const tell = tellContainer(kit, pod, found?.kind ?? "main", container.name);
  tell("Normal", "Killing", options.message);
  let graceSeconds = options.graceSeconds;
  const preStop = found?.container.lifecycle?.preStop;
  if (options.hook && preStop && graceSeconds > 0) {
    const beganMs = kit.clock.monotonicMs();
    await kit.hooks.preStop(pod, found.container, container.id, options.ips, graceSeconds).catch((error: Error) => {
      tell("Warning", "FailedPreStopHook", error.message);
    });
    const spentSeconds = Math.floor((kit.clock.monotonicMs() - beganMs) / 1000);
    graceSeconds = Math.max(2, graceSeconds - spentSeconds);
  }
  await kit.runtime.stopContainer(container.id, graceSeconds).catch((error: unknown) => {
    if (!isRuntimeNotFound(error)) throw error;
  });
}
