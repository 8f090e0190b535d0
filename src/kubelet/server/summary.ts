import type { ContainerStats } from "../cri/types.ts";
import { labels } from "../pods/state.ts";
import type { HandlerOptions } from "./handler.ts";
import { nodeUsage } from "./usage.ts";

/** What /stats/summary tells of the node and of its pods' containers. */
export async function statsSummary(world: HandlerOptions): Promise<object> {
  const { runtime, manager, facts, clock } = world;
  const now = new Date(clock.now()).toISOString();
  const stats = await runtime.containerStats();
  const byPod = Map.groupBy(stats, ({ attributes }) => attributes.labels[labels.podUid] ?? "");
  const pods = [...manager.workers()].map(({ view }) => {
    const { pod, status } = view();
    const own = byPod.get(pod.metadata.uid) ?? [];
    const sum = (read: (one: ContainerStats) => number | undefined) =>
      own.reduce((total, one) => total + (read(one) ?? 0), 0);
    return {
      podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
      startTime: status.startTime,
      containers: own.map((one) => containerSummary(one, now)),
      cpu: {
        time: now,
        usageNanoCores: sum(({ cpu }) => cpu?.usageNanoCores?.value),
        usageCoreNanoSeconds: sum(({ cpu }) => cpu?.usageCoreNanoSeconds?.value),
      },
      memory: {
        time: now,
        workingSetBytes: sum(({ memory }) => memory?.workingSetBytes?.value),
        usageBytes: sum(({ memory }) => memory?.usageBytes?.value),
        rssBytes: sum(({ memory }) => memory?.rssBytes?.value),
      },
    };
  });
  return { node: { nodeName: facts.name, ...(await nodeUsage(world, now)) }, pods };
}

function containerSummary({ attributes, cpu, memory, writableLayer }: ContainerStats, now: string): object {
  return {
    name: attributes.labels[labels.containerName] ?? attributes.metadata.name,
    startTime: now,
    cpu: {
      time: now,
      usageNanoCores: cpu?.usageNanoCores?.value ?? 0,
      usageCoreNanoSeconds: cpu?.usageCoreNanoSeconds?.value ?? 0,
    },
    memory: {
      time: now,
      workingSetBytes: memory?.workingSetBytes?.value ?? 0,
      usageBytes: memory?.usageBytes?.value ?? 0,
      rssBytes: memory?.rssBytes?.value ?? 0,
      pageFaults: memory?.pageFaults?.value ?? 0,
      majorPageFaults: memory?.majorPageFaults?.value ?? 0,
    },
    rootfs: {
      time: now,
      usedBytes: writableLayer?.usedBytes?.value ?? 0,
      inodesUsed: writableLayer?.inodesUsed?.value ?? 0,
    },
  };
}
