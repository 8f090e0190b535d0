// What tests with real pods do again and again.
import assert from "node:assert/strict";
import type { TestCluster } from "./cluster.ts";

export const sleeper = { name: "c", command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"] };
export const said = async (cluster: TestCluster, name: string, text: string): Promise<void> => {
  // Events are written beside everything else.
  let events: string[] = [];
  for (let i = 0; i < 100 && !events.some((event) => event.startsWith(text)); i++) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    events = await cluster.api.events(name);
  }
  assert.ok(
    events.some((event) => event.startsWith(text)),
    `want the event ${JSON.stringify(text)} in\n${events.join("\n")}`,
  );
};

export async function end({ api }: TestCluster, name: string): Promise<void> {
  await api.client.delete("pods", { namespace: "default", name });
  await api.until("pods", name, (found) => found === undefined);
}

export async function runs({ api }: TestCluster, pod: object): Promise<any> {
  await api.client.create("pods", pod);
  const { name } = (pod as any).metadata;
  return api.until(
    "pods",
    name,
    (found) => found?.status?.conditions?.some((c: any) => c.type === "Ready" && c.status === "True") === true,
  );
}

export async function ends({ api }: TestCluster, pod: object): Promise<any> {
  await api.client.create("pods", pod);
  return api.until("pods", (pod as any).metadata.name, (found) => /Succeeded|Failed/.test(found?.status?.phase));
}

export const exec = async ({ node }: TestCluster, pod: any, command: string, container = 0): Promise<string> => {
  const id = pod.status.containerStatuses[container].containerID.slice("containerd://".length);
  const { stdout, stderr, exitCode } = await node.runtime.execSync(id, ["sh", "-c", command], 10);
  assert.equal(exitCode, 0, Buffer.from(stderr).toString());
  return Buffer.from(stdout).toString();
};

/** Waits until the runtime has no more sandboxes than this. */
export async function goneButFor({ node }: TestCluster, count: number): Promise<void> {
  const began = performance.now();
  while ((await node.runtime.listSandboxes()).length > count) {
    assert.ok(performance.now() - began < 20_000, "sandboxes are left");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
