import type { KubeObject } from "../api/machinery/object.ts";
import { notFound } from "../api/machinery/status.ts";
import type { Net } from "../base/http.ts";

/** Says how a component is: `ok`, or why not. */
export type ComponentProbe = () => Promise<{ healthy: boolean; message: string }>;

/** The components that are asked, by name. */
export type ComponentProbes = Record<string, ComponentProbe>;

/** How long a component may take to answer, in milliseconds. */
const probeMs = 1_000;

/** The ports that the scheduler and the controller manager serve their health on, where they run beside the server. */
const neighbours: Record<string, number> = { scheduler: 10_259, "controller-manager": 10_257 };

/** Asks the store, and the components at their usual ports on this machine. `local` ones live and die with this process. */
export function componentProbes(net: Net, storeFailed: () => boolean, local: readonly string[] = []): ComponentProbes {
  const probes: ComponentProbes = {
    "etcd-0": async () =>
      storeFailed() ? { healthy: false, message: "store is closed" } : { healthy: true, message: "ok" },
  };
  for (const [name, port] of Object.entries(neighbours)) {
    if (local.includes(name)) {
      probes[name] = async () => ({ healthy: true, message: "ok" });
      continue;
    }
    probes[name] = async () => {
      const url = `https://127.0.0.1:${port}`;
      const client = net.httpClient({ url, insecureSkipVerify: true });
      try {
        const signal = AbortSignal.timeout(probeMs);
        const { status } = await client.request({ method: "GET", url: "/healthz", headers: {}, signal });
        return { healthy: status === 200, message: status === 200 ? "ok" : `unhealthy http status code: ${status}` };
      } catch {
        const why = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
        return { healthy: false, message: `Get "${url}/healthz": ${why}` };
      } finally {
        client.close();
      }
    };
  }
  return probes;
}

/** All components' statuses, in the order of their names. */
export async function componentStatuses(probes: ComponentProbes): Promise<KubeObject[]> {
  const names = Object.keys(probes).sort();
  return Promise.all(names.map((name) => statusOf(probes, name)));
}

/** One component's status. Throws NotFound. */
export async function componentStatus(probes: ComponentProbes, name: string): Promise<KubeObject> {
  if (!Object.hasOwn(probes, name)) throw notFound({ group: "", plural: "componentstatus" }, name);
  return statusOf(probes, name);
}

async function statusOf(probes: ComponentProbes, name: string): Promise<KubeObject> {
  const { healthy, message } = await probes[name]!();
  const condition = { type: "Healthy", status: healthy ? "True" : "False", message };
  return {
    kind: "ComponentStatus",
    apiVersion: "v1",
    metadata: { name } as KubeObject["metadata"],
    conditions: [condition],
  };
}
