import type { Clock } from "../../base/world.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runtimeMessage } from "../cri/runtime.ts";
import type { CriImage, ImageAuth, SandboxConfig } from "../cri/types.ts";
import type { Backoff } from "../pods/backoff.ts";
import { backoffUntilMs, nextBackoff } from "../pods/backoff.ts";
import type { Retry } from "../pods/plan.ts";
import type { Container, Pod } from "../pods/pod.ts";
import { semaphore } from "../support/semaphore.ts";
import { credentialsFor } from "./credentials.ts";
import { withDefaultTag } from "./names.ts";

export type Tell = (type: "Normal" | "Warning", reason: string, message: string) => void;

/** A start that failed in a way that users are told of by a waiting reason. */
export class StartFailure extends Error {
  readonly reason: string;
  readonly retry: Omit<Retry, "reason" | "message">;
  constructor(reason: string, message: string, retry: Omit<Retry, "reason" | "message">) {
    super(message);
    this.name = "StartFailure";
    this.reason = reason;
    this.retry = retry;
  }
}

export interface Images {
  /**
   * Makes sure that a container's image is here, by its pull policy, and gives it. Rejects with a StartFailure. `pull
   * secrets` are asked for only if it must be pulled.
   */
  ensure(request: {
    pod: Pod;
    container: Container;
    sandbox?: SandboxConfig;
    secrets(): Promise<readonly Record<string, any>[]>;
    tell: Tell;
    signal: AbortSignal;
  }): Promise<CriImage>;
}

/** Pulls at once; the rest wait their turn. */
const pullsAtOnce = 3;
/** How soon after a failure that is not a pull's the kubelet looks again. */
const lookAgainMs = 10_000;

/** The node's image manager. */
export function imageManager(runtime: Runtime, clock: Clock): Images {
  const backoffs = new Map<string, Backoff>();
  const turn = semaphore(pullsAtOnce);

  return {
    async ensure({ pod, container, sandbox, secrets, tell, signal }) {
      const given = container.image ?? "";
      const image = withDefaultTag(given);
      if (image === undefined) {
        const why = `couldn't parse image name ${JSON.stringify(given)}: invalid reference format`;
        const message = `Failed to apply default image tag ${JSON.stringify(given)}: ${why}`;
        tell("Warning", "InspectFailed", message);
        throw new StartFailure("InvalidImageName", message, { untilMs: clock.now() + lookAgainMs });
      }
      const policy = container.imagePullPolicy ?? (image.endsWith(":latest") ? "Always" : "IfNotPresent");
      const present = policy === "Always" ? undefined : await runtime.imageStatus(image);
      if (present) {
        tell(
          "Normal",
          "Pulled",
          `Container image "${given}" already present on machine and can be accessed by the pod`,
        );
        return present;
      }
      if (policy === "Never") {
        const message = `Container image "${given}" is not present with pull policy of Never`;
        tell("Warning", "ErrImageNeverPull", message);
        throw new StartFailure("ErrImageNeverPull", message, { untilMs: clock.now() + lookAgainMs });
      }
      const auths = credentialsFor(image, await secrets());
      const began = clock.monotonicMs();
      tell("Normal", "Pulling", `Pulling image "${given}"`);
      const key = `${pod.metadata.uid}_${given}`;
      try {
        let pullBegan = began;
        const found = await turn(() => {
          pullBegan = clock.monotonicMs();
          return pullWithAny(runtime, image, auths, sandbox, signal);
        });
        const ended = clock.monotonicMs();
        const took = `${goDuration(ended - pullBegan)} (${goDuration(ended - began)} including waiting)`;
        tell("Normal", "Pulled", `Successfully pulled image "${given}" in ${took}. Image size: ${found.size} bytes.`);
        backoffs.delete(key);
        return found;
      } catch (error) {
        if (signal.aborted) throw error;
        const now = clock.now();
        const backoff = nextBackoff(backoffs.get(key), now, now);
        backoffs.set(key, backoff);
        throw pullFailure(given, runtimeMessage(error), backoffUntilMs(backoff, now), tell);
      }
    },
  };
}

function pullFailure(image: string, why: string, untilMs: number, tell: Tell): StartFailure {
  const message = `failed to pull image "${image}": ${why}`;
  tell("Warning", "Failed", `Failed to pull image "${image}": ${why}`);
  const backingOff = {
    reason: "ImagePullBackOff",
    message: `Back-off pulling image "${image}": ErrImagePull: ${message}`,
  };
  return new StartFailure("ErrImagePull", message, { untilMs, backingOff });
}

/** Tries each credential, and none if there is none, until one is accepted. */
async function pullWithAny(
  runtime: Runtime,
  image: string,
  auths: readonly ImageAuth[],
  sandbox: SandboxConfig | undefined,
  signal: AbortSignal,
): Promise<CriImage> {
  let failure: unknown;
  for (const auth of auths.length > 0 ? auths : [undefined]) {
    try {
      const ref = await runtime.pullImage(image, auth, sandbox, signal);
      const found = await runtime.imageStatus(ref);
      if (found) return found;
      failure = new Error(`image ${ref} is gone after it was pulled`);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Milliseconds as Go prints a duration, to the millisecond: `77ms`, `2.5s`, `1m0.25s`. */
export function goDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  if (whole < 60_000) return `${whole / 1000}s`;
  return `${Math.floor(whole / 60_000)}m${(whole % 60_000) / 1000}s`;
}
