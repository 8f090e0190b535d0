import { containerConfig, podLogName } from "../config/container.ts";
import { sandboxConfig } from "../config/sandbox.ts";
import type { PodMachine } from "../pods/machine.ts";

/** A machine that has nothing: pods get neither volumes nor files nor cgroups. */
export function hollowMachine(): PodMachine {
  const dns = { servers: [], searches: [], options: [] };
  return {
    mount: async () => {},
    refresh: async () => undefined,
    sandbox: async (pod, attempt) =>
      sandboxConfig(pod, {
        attempt,
        hostname: pod.metadata.name,
        dns,
        logDirectory: `/var/log/pods/${podLogName(pod)}`,
        seccompRoot: "/",
      }),
    container: async (pod, container, { attempt, image }) =>
      containerConfig(pod, container, {
        attempt,
        imageRef: image.id,
        env: new Map((container.env ?? []).map(({ name, value }) => [name, value ?? ""])),
        mounts: [],
        resources: {},
        security: {},
      }),
    resize: async () => {},
    terminationMessage: async () => "",
    removeLog: async () => {},
    release: async () => {},
    forget: async () => {},
    remains: async () => [],
  };
}
