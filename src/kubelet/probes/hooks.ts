import type { Net } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runtimeMessage } from "../cri/runtime.ts";
import type { Container, LifecycleHandler, Pod } from "../pods/pod.ts";
import { textOf } from "../support/bytes.ts";
import { actionUrl, httpGet } from "./http.ts";

export interface Hooks {
  /** Rejects with FailedPostStartHook's message. */
  postStart(pod: Pod, container: Container, id: string, ips: readonly string[], signal: AbortSignal): Promise<void>;
  /** Gives up after `graceSeconds`. Rejects with FailedPreStopHook's message. */
  preStop(pod: Pod, container: Container, id: string, ips: readonly string[], graceSeconds: number): Promise<void>;
}

/** A hook's request has no limit of its own; this one only keeps it from hanging for ever. */
const httpLimitMs = 3_600_000;

/** Runs lifecycle hooks: a command in the container, a request to it, or a pause. */
export function hookRunner(runtime: Pick<Runtime, "execSync">, net: Net, clock: Clock): Hooks {
  async function run(
    handler: LifecycleHandler,
    pod: Pod,
    container: Container,
    id: string,
    ips: readonly string[],
    options: { signal?: AbortSignal; limitMs?: number },
  ): Promise<void> {
    const where = `for Container ${JSON.stringify(container.name)} in Pod ${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`)}`;
    if (handler.exec) {
      const command = handler.exec.command ?? [];
      const failed = (why: string, output: string) =>
        new Error(
          `Exec lifecycle hook ([${command.join(" ")}]) ${where} failed - error: ${why}, message: ${JSON.stringify(output)}`,
        );
      const outcome = await runtime.execSync(id, command, 0).catch((error: unknown) => {
        throw failed(runtimeMessage(error), "");
      });
      if (outcome.exitCode !== 0)
        throw failed(
          `command '${command.join(" ")}' exited with ${outcome.exitCode}: ${textOf(outcome.stderr)}`,
          textOf(outcome.stdout) + textOf(outcome.stderr),
        );
    } else if (handler.httpGet) {
      const { httpHeaders = [], path } = handler.httpGet;
      const url = actionUrl(handler.httpGet, container, ips[0] ?? "127.0.0.1");
      const limitMs = options.limitMs ?? httpLimitMs;
      const failed = (why: string) =>
        new Error(`HTTP lifecycle hook (${path ?? "/"}) ${where} failed - error: ${why}, message: ""`);
      const outcome = await httpGet({ net, clock }, url, httpHeaders, limitMs).catch((error: Error) => {
        throw failed(error.message);
      });
      if (outcome.status >= 400) throw failed(`HTTP probe failed with statuscode: ${outcome.status}`);
    } else if (handler.sleep) {
      await clock.sleep(handler.sleep.seconds * 1000, options.signal);
    }
  }

  return {
    postStart: (pod, container, id, ips, signal) =>
      Promise.race([run(container.lifecycle!.postStart!, pod, container, id, ips, { signal }), aborted(signal)]),
    async preStop(pod, container, id, ips, graceSeconds) {
      const limit = new AbortController();
      const limitMs = graceSeconds * 1000;
      const hook = run(container.lifecycle!.preStop!, pod, container, id, ips, { limitMs, signal: limit.signal });
      // A hook that is late does not hold the stop up; what it still does is nobody's business.
      hook.catch(() => {});
      try {
        await Promise.race([hook, clock.sleep(limitMs, limit.signal)]);
      } finally {
        limit.abort();
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
