import { kubeletVersion } from "../node/status.ts";
import { labels } from "../pods/state.ts";
import type { HandlerOptions } from "./handler.ts";

/** The kubelet's own metrics, in Prometheus' text format. */
export function kubeletMetrics({ manager, facts }: HandlerOptions): string {
  let running = 0;
  const states = { created: 0, running: 0, exited: 0, unknown: 0 };
  for (const { view } of manager.workers()) {
    const { runtime } = view();
    if (runtime.sandboxes[0]?.ready) running++;
    for (const { state } of runtime.containers) states[state]++;
  }
  return [
    metric("kubelet_node_name", "gauge", [[{ node: facts.name }, 1]]),
    metric("kubelet_running_pods", "gauge", [[{}, running]]),
    metric(
      "kubelet_running_containers",
      "gauge",
      Object.entries(states).map(([state, count]) => [{ container_state: state }, count]),
    ),
    metric("kubernetes_build_info", "gauge", [[{ git_version: kubeletVersion, major: "1", minor: "36" }, 1]]),
  ].join("");
}

/** Use of CPU and memory by container and by pod: what metrics-server reads. */
export async function resourceMetrics({ runtime }: HandlerOptions): Promise<string> {
  const stats = await runtime.containerStats();
  const label = (one: (typeof stats)[number]) => {
    const own = one.attributes.labels;
    return {
      container: own[labels.containerName] ?? "",
      namespace: own[labels.podNamespace] ?? "",
      pod: own[labels.podName] ?? "",
    };
  };
  const each = (read: (one: (typeof stats)[number]) => number): Sample[] => stats.map((one) => [label(one), read(one)]);
  const cpu = each(({ cpu: used }) => (used?.usageCoreNanoSeconds?.value ?? 0) / 1e9);
  const memory = each(({ memory: used }) => used?.workingSetBytes?.value ?? 0);
  return [
    metric("container_cpu_usage_seconds_total", "counter", cpu),
    metric("container_memory_working_set_bytes", "gauge", memory),
    metric("pod_cpu_usage_seconds_total", "counter", byPod(cpu)),
    metric("pod_memory_working_set_bytes", "gauge", byPod(memory)),
    metric("resource_scrape_error", "gauge", [[{}, 0]]),
  ].join("");
}

type Sample = [labels: Record<string, string>, value: number];

function byPod(samples: Sample[]): Sample[] {
  const groups = Map.groupBy(samples, ([{ namespace, pod }]) => `${namespace}/${pod}`);
  return [...groups.values()].map((group) => {
    const [{ namespace = "", pod = "" }] = group[0]!;
    return [{ namespace, pod }, group.reduce((total, [, value]) => total + value, 0)];
  });
}

function metric(name: string, type: string, samples: Sample[]): string {
  const lines = samples.map(([own, value]) => {
    const pairs = Object.entries(own).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
  });
  return `# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
}
