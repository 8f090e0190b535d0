import type { KubeObject } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import type { Clock, Disk } from "../../base/world.ts";
import type { Client, Recorder } from "../../client/mod.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runtimeMessage } from "../cri/runtime.ts";
import type { RuntimeCondition } from "../cri/types.ts";
import type { NodeCondition, NodeFacts, NodePressure } from "./status.ts";
import { nodeConditions, nodeLabels, nodeResources, nodeStatus } from "./status.ts";

/** How often the node looks at itself, how often it says so without a change, and how long its lease is. */
const lookMs = 10_000;
const reportMs = 300_000;
const leaseSeconds = 40;
const leaseRenewMs = 10_000;
const retryMs = 200;

export interface NodeOptions {
  client: Client;
  clock: Clock;
  runtime: Runtime;
  disk?: Disk;
  dataDir: string;
  facts: NodeFacts;
  record: Recorder;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
  signal: AbortSignal;
}

/** Registers the node, then keeps its status and its lease fresh until the signal is aborted. */
export async function runNode(options: NodeOptions): Promise<void> {
  const { clock, signal } = options;
  const node = await insist(options, () => register(options));
  if (!node) return;
  options.record({ object: node }, "Normal", "Starting", "Starting kubelet.");
  await Promise.all([repeat(clock, signal, leaseRenewMs, () => renewLease(options, node)), reportLoop(options, node)]);
}

async function insist<Result>({ clock, signal }: NodeOptions, run: () => Promise<Result>): Promise<Result | undefined> {
  for (let delayMs = retryMs; !signal.aborted; delayMs = Math.min(delayMs * 2, 7000)) {
    try {
      return await run();
    } catch {
      await clock.sleep(delayMs, signal).catch(() => {});
    }
  }
  return undefined;
}

async function repeat(clock: Clock, signal: AbortSignal, everyMs: number, run: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    // What fails is tried again at the next turn.
    await run().catch(() => {});
    await clock.sleep(everyMs, signal).catch(() => {});
  }
}

async function register(options: NodeOptions): Promise<KubeObject> {
  const { client, facts } = options;
  const labels = { ...nodeLabels(facts), ...options.labels };
  const annotations = { "volumes.kubernetes.io/controller-managed-attach-detach": "true", ...options.annotations };
  const { capacity, allocatable } = nodeResources(facts);
  try {
    return await client.create("nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: facts.name, labels, annotations },
      spec: options.taints?.length ? { taints: options.taints } : {},
      status: { capacity, allocatable },
    });
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
    const patch = { metadata: { labels, annotations } };
    return await client.patch("nodes", { name: facts.name }, "merge", patch);
  }
}

async function reportLoop(options: NodeOptions, node: KubeObject): Promise<void> {
  const { client, clock, facts, signal } = options;
  let known = await client.get("nodes", { name: facts.name }).catch(() => node);
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  let sent = "";
  await repeat(clock, signal, lookMs, async () => {
    const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const before: NodeCondition[] = known.status?.conditions ?? [];
    const [runtime, images, pressure] = await Promise.all([
      options.runtime.conditions().catch((error: unknown): { error: string } => ({ error: runtimeMessage(error) })),
      options.runtime.listImages().catch(() => []),
      pressureOf(options),
    ]);
    const conditions = nodeConditions(runtime as RuntimeCondition[] | { error: string }, pressure, before, now);
    const status = nodeStatus(facts, conditions, images);
    const text = JSON.stringify({
      ...status,
      conditions: conditions.map(({ type, status: is, message }) => [type, is, message]),
    });
    if (text === sent && clock.monotonicMs() - reportedAtMs < reportMs) return;
    known = await client.patch("nodes", { name: facts.name }, "strategic", { status }, { subresource: "status" });
    tellChanges(options, known, before, conditions);
    reportedAtMs = clock.monotonicMs();
    sent = text;
  });
}

function tellChanges(options: NodeOptions, node: KubeObject, before: NodeCondition[], after: NodeCondition[]): void {
  const name = node.metadata.name;
  for (const { type, status, reason } of after) {
    const was = before.find((one) => one.type === type)?.status;
    if (was === status) continue;
    const event =
      type === "Ready"
        ? status === "True"
          ? "NodeReady"
          : "NodeNotReady"
        : was === undefined && status === "True"
          ? undefined
          : reason;
    if (event) options.record({ object: node }, "Normal", event, `Node ${name} status is now: ${event}`);
  }
}

/** Thresholds of the kubelet's own eviction defaults (memory.available, nodefs.available, nodefs.inodesFree). */
const memoryBytesMin = 100 * 1024 * 1024;
const diskShareMin = 0.1;
const inodeShareMin = 0.05;

async function pressureOf({ disk, dataDir }: NodeOptions): Promise<NodePressure> {
  if (!disk) return { memory: false, disk: false, pids: false };
  const meminfo = await disk.readText("/proc/meminfo").catch(() => "");
  const availableKi = Number(/^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1] ?? Number.POSITIVE_INFINITY);
  const usage = await disk.usage(dataDir);
  return {
    memory: availableKi * 1024 < memoryBytesMin,
    disk:
      usage.availableBytes < usage.totalBytes * diskShareMin ||
      (usage.inodes > 0 && usage.inodesFree < usage.inodes * inodeShareMin),
    pids: false,
  };
}

async function renewLease({ client, clock, facts }: NodeOptions, node: KubeObject): Promise<void> {
  const namespace = "kube-node-lease";
  const renewTime = `${new Date(clock.now()).toISOString().slice(0, 23)}000Z`;
  const spec = { holderIdentity: facts.name, leaseDurationSeconds: leaseSeconds, renewTime };
  const where = { namespace, name: facts.name };
  try {
    await client.patch("leases.coordination.k8s.io", where, "merge", { spec });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
    const owner = { apiVersion: "v1", kind: "Node", name: facts.name, uid: node.metadata.uid };
    await client.create("leases.coordination.k8s.io", {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { ...where, ownerReferences: [owner] },
      spec,
    });
  }
}
