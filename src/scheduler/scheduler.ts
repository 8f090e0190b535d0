import type { KubeObject } from "../api/machinery/object.ts";
import { hasReason } from "../api/machinery/status.ts";
import { formatTime } from "../api/machinery/time.ts";
import type { Clock, Random } from "../base/world.ts";
import { type Client, eventRecorder, type Recorder, sharedInformers } from "../client/mod.ts";
import { type NodeInfo, nodeTable, type PodInfo } from "./cache/nodes.ts";
import { followNodes, followPods } from "./follow.ts";
import { type CycleContext, schedulePod } from "./framework/cycle.ts";
import { type SchedulingQueue, schedulingQueue, type Waiting } from "./queue/queue.ts";
import { plugins } from "./registry.ts";

export interface SchedulerOptions {
  client: Client;
  clock: Clock;
  random: Random;
  /** Pods that ask for this scheduler are ours; `default-scheduler` if absent. */
  schedulerName?: string;
  /** Told of failures that are tried again. */
  report?(error: unknown): void;
}

/** Bindings under way at once; the next decision waits for one of them beyond that. */
const bindingsMax = 200;
/** After so many decisions in a row, everything else in the process gets its turn. */
const decisionsPerTurn = 64;

interface Means extends SchedulerOptions {
  context: CycleContext;
  queue: SchedulingQueue;
  record: Recorder;
}

/** Starts to give pods their nodes; dispose to end it, after the bindings under way. */
export function startScheduler(options: SchedulerOptions): AsyncDisposable {
  const { client, clock, random, schedulerName = "default-scheduler" } = options;
  const informers = sharedInformers({ client, clock, report: options.report });
  const record = eventRecorder({ client, clock, random, source: { component: schedulerName } });
  const nodes = nodeTable();
  const gated = (info: PodInfo, reason: string) => void tellUnscheduled(means, info.pod, "SchedulingGated", reason);
  const queue = schedulingQueue({ clock, plugins, gated });
  const context: CycleContext = { plugins, nodes, random: () => random.next(), start: { index: 0 } };
  const means: Means = { ...options, context, queue, record };
  const abort = new AbortController();
  const stack = new DisposableStack();
  let synced = false;
  const running = (async () => {
    const [nodeInformer, podInformer] = [informers.of("nodes"), informers.of("pods")];
    await informers.synced();
    synced = true;
    if (abort.signal.aborted) return;
    const followed = { nodes, queue, schedulerName };
    stack.use(followNodes(nodeInformer, followed));
    stack.use(followPods(podInformer, followed));
    await decide(means);
  })();
  return {
    async [Symbol.asyncDispose]() {
      abort.abort();
      stack.dispose();
      queue[Symbol.dispose]();
      if (synced) await running;
      await informers[Symbol.asyncDispose]();
    },
  };
}

/** One decision after the other; what they lead to happens beside them. */
async function decide(means: Means): Promise<void> {
  const { queue, clock } = means;
  const under = new Set<Promise<void>>();
  for (let count = 1; ; count++) {
    const waiting = await queue.take();
    if (!waiting) break;
    try {
      const done = decideOne(waiting, means).finally(() => under.delete(done));
      under.add(done);
    } catch (error) {
      means.report?.(error);
      queue.failed(waiting, new Set());
    }
    while (under.size >= bindingsMax) await Promise.race(under);
    if (count % decisionsPerTurn === 0) await clock.sleep(0);
  }
  await Promise.all(under);
}

/** Decides at once; resolves when the decision is written. Never rejects. */
async function decideOne(waiting: Waiting, means: Means): Promise<void> {
  const { context, queue, record } = means;
  const { info } = waiting;
  const decision = schedulePod(info, context);
  if ("message" in decision) {
    // Without nodes there is nobody to have turned it down: a node wakes it all the same.
    const by = decision.plugins.size > 0 ? decision.plugins : new Set(["NodeResourcesFit"]);
    queue.failed(waiting, by);
    record({ object: info.pod }, "Warning", "FailedScheduling", decision.message);
    await tellUnscheduled(means, info.pod, "Unschedulable", decision.message);
    return;
  }
  const { node } = decision;
  const refused = reserve(info, node, context);
  if (refused !== undefined) {
    queue.failed(waiting, new Set([refused.plugin]));
    record({ object: info.pod }, "Warning", "FailedScheduling", refused.message);
    return;
  }
  // Assumed: the next decision counts the pod in, long before the API tells of it.
  context.nodes.setPod(info, node.name);
  await bind(waiting, node, means);
}

function reserve(
  info: PodInfo,
  node: NodeInfo,
  { plugins: all }: CycleContext,
): { plugin: string; message: string } | undefined {
  const reserved: (typeof plugins)[number][] = [];
  for (const plugin of all) {
    const message = plugin.reserve?.(info, node);
    reserved.push(plugin);
    if (message === undefined) continue;
    for (const each of reserved.reverse()) each.unreserve?.(info, node);
    return { plugin: plugin.name, message };
  }
  return undefined;
}

async function bind(waiting: Waiting, node: NodeInfo, means: Means): Promise<void> {
  const { client, context, queue, record } = means;
  const { info } = waiting;
  const { namespace, name } = info.pod.metadata;
  try {
    for (const plugin of context.plugins) {
      const refused = await plugin.permit?.(info, node);
      if (refused !== undefined) throw new Error(refused);
    }
    await context.plugins.find((plugin) => plugin.bind)!.bind!(info, node.name, client);
    queue.remove(info.uid);
    const message = `Successfully assigned ${namespace}/${name} to ${node.name}`;
    record({ object: info.pod }, "Normal", "Scheduled", message);
  } catch (error) {
    for (const plugin of context.plugins) plugin.unreserve?.(info, node);
    if (context.nodes.removePod(info.uid)) queue.tell({ type: "podLeft" });
    // Gone, or bound by somebody else: the informer tells the rest.
    if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) {
      queue.failed(waiting, new Set());
      return;
    }
    means.report?.(error);
    queue.failed(waiting, new Set());
    const text = error instanceof Error ? error.message : String(error);
    record({ object: info.pod }, "Warning", "FailedScheduling", `binding rejected: ${text}`);
    await tellUnscheduled(means, info.pod, "SchedulerError", `binding rejected: ${text}`);
  }
}

/** Writes the condition `PodScheduled`, if it says anything new. Never rejects. */
async function tellUnscheduled(
  { client, clock, report }: Means,
  pod: KubeObject,
  reason: string,
  message: string,
): Promise<void> {
  const before = pod.status?.conditions?.find(({ type }: any) => type === "PodScheduled");
  if (before?.status === "False" && before.reason === reason && before.message === message) return;
  const lastTransitionTime = before?.status === "False" ? before.lastTransitionTime : formatTime(clock.now());
  const condition = { type: "PodScheduled", status: "False", reason, message, lastProbeTime: null, lastTransitionTime };
  const patch = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
  try {
    await client.patch("pods", pod.metadata, "strategic", patch, { subresource: "status" });
  } catch (error) {
    if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) report?.(error);
  }
}
