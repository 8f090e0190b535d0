// Nodes.

import {
  addQuantities,
  canonicalQuantity,
  formatQuantity,
  milliValue,
  parseQuantity,
  quantityValue,
} from "../../api/machinery/quantity.ts";
import { age, type DescribeContext, eventLines, type Lines, metadataLines } from "./writer.ts";

/** `kubectl describe node`. */
export async function describeNode(out: Lines, node: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = node;
  const pods = await context.read(
    `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${metadata.name},status.phase!=Succeeded,status.phase!=Failed`)}`,
  );
  out.raw(`Name:\t${metadata.name}\n`);
  const roles = Object.keys(metadata.labels ?? {})
    .filter((key) => key.startsWith("node-role.kubernetes.io/"))
    .map((key) => key.slice(key.indexOf("/") + 1))
    .sort();
  out.raw(`Roles:\t${roles.length === 0 ? "<none>" : roles.join(",")}\n`);
  metadataLines(out, node);
  out.raw(`CreationTimestamp:\t${context.formatTime(metadata.creationTimestamp)}\n`);
  const taints: string[] = (spec.taints ?? [])
    .map(({ key, value, effect }: any) => `${key}${value ? `=${value}` : ""}:${effect}`)
    .sort();
  out.raw(`Taints:\t${taints.length === 0 ? "<none>" : taints.join("\n\t")}\n`);
  out.raw(`Unschedulable:\t${spec.unschedulable ?? false}\n`);
  await leaseLines(out, metadata.name, context);
  conditionLines(out, status.conditions ?? [], context);
  out.raw("Addresses:\n");
  for (const { type, address } of status.addresses ?? []) out.line(1, `${type}:\t${address}`);
  amountLines(out, "Capacity", status.capacity);
  amountLines(out, "Allocatable", status.allocatable);
  out.raw("System Info:\n");
  const info = status.nodeInfo ?? {};
  for (const [title, field] of [
    ["Machine ID", "machineID"],
    ["System UUID", "systemUUID"],
    ["Boot ID", "bootID"],
    ["Kernel Version", "kernelVersion"],
    ["OS Image", "osImage"],
    ["Operating System", "operatingSystem"],
    ["Architecture", "architecture"],
    ["Container Runtime Version", "containerRuntimeVersion"],
    ["Kubelet Version", "kubeletVersion"],
    ["Kube-Proxy Version", "kubeProxyVersion"],
  ] as const)
    out.line(1, `${title}:\t${info[field] ?? ""}`);
  if (spec.podCIDR) out.raw(`PodCIDR:\t${spec.podCIDR}\n`);
  if (spec.podCIDRs?.length > 0) out.raw(`PodCIDRs:\t${spec.podCIDRs.join(",")}\n`);
  if (spec.providerID) out.raw(`ProviderID:\t${spec.providerID}\n`);
  podLines(out, pods?.items ?? [], status.allocatable ?? status.capacity ?? {}, context);
  eventLines(out, await context.events({ ...node, metadata: { ...metadata, uid: metadata.name } }), context.now);
}

async function leaseLines(out: Lines, name: string, context: DescribeContext): Promise<void> {
  const lease = await context.read(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`);
  if (!lease) {
    out.raw(`Lease:\tFailed to get lease: leases.coordination.k8s.io ${JSON.stringify(name)} not found\n`);
    return;
  }
  out.raw("Lease:\n");
  out.line(1, `HolderIdentity:\t${lease?.spec?.holderIdentity ?? "<unset>"}`);
  out.line(1, `AcquireTime:\t${lease?.spec?.acquireTime ? context.formatTime(lease.spec.acquireTime) : "<unset>"}`);
  out.line(1, `RenewTime:\t${lease?.spec?.renewTime ? context.formatTime(lease.spec.renewTime) : "<unset>"}`);
}

function conditionLines(out: Lines, conditions: readonly any[], context: DescribeContext): void {
  if (conditions.length === 0) return;
  out.raw(
    "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------\n",
  );
  for (const { type, status, lastHeartbeatTime, lastTransitionTime, reason = "", message = "" } of conditions) {
    out.line(
      1,
      `${type} \t${status} \t${context.formatTime(lastHeartbeatTime)} \t${context.formatTime(lastTransitionTime)} \t${reason} \t${message}`,
    );
  }
}

function amountLines(out: Lines, title: string, amounts: Record<string, string> | undefined): void {
  if (!amounts || Object.keys(amounts).length === 0) return;
  out.raw(`${title}:\n`);
  for (const name of Object.keys(amounts).sort()) out.line(1, `${name}:\t${amounts[name]}`);
}

/** Requests and limits of a pod: containers together, and at least what the greediest init container asks. */
function podAmounts(pod: any, list: "requests" | "limits"): Record<string, string> {
  const total: Record<string, string> = {};
  const amounts = (container: any): Record<string, string> => container.resources?.[list] ?? {};
  const add = (name: string, amount: string) => {
    total[name] =
      total[name] === undefined ? canonicalQuantity(amount) : formatQuantity(addQuantities(total[name], amount));
  };
  for (const container of pod.spec.containers)
    for (const [name, amount] of Object.entries(amounts(container))) add(name, amount);
  for (const container of pod.spec.initContainers ?? []) {
    for (const [name, amount] of Object.entries(amounts(container))) {
      if (container.restartPolicy === "Always") add(name, amount);
      else if (total[name] === undefined || quantityValue(amount) > quantityValue(total[name])) total[name] = amount;
    }
  }
  for (const [name, amount] of Object.entries<string>(pod.spec.overhead ?? {})) add(name, amount);
  return total;
}

function share(amount: string, of: string | undefined, cpu: boolean): string {
  const whole = of ? (cpu ? milliValue(of) : quantityValue(of)) : 0;
  const part = cpu ? milliValue(amount) : quantityValue(amount);
  return `${whole === 0 ? 0 : Math.trunc((part / whole) * 100)}%`;
}

function podLines(
  out: Lines,
  pods: readonly any[],
  allocatable: Record<string, string>,
  context: DescribeContext,
): void {
  out.raw(`Non-terminated Pods:\t(${pods.length} in total)\n`);
  out.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
  out.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
  const totals = { requests: {} as Record<string, string>, limits: {} as Record<string, string> };
  for (const pod of pods) {
    const amounts = { requests: podAmounts(pod, "requests"), limits: podAmounts(pod, "limits") };
    for (const list of ["requests", "limits"] as const) {
      for (const [name, amount] of Object.entries(amounts[list])) {
        totals[list][name] =
          totals[list][name] === undefined ? amount : formatQuantity(addQuantities(totals[list][name], amount));
      }
    }
    const cell = (list: "requests" | "limits", name: string) => {
      const amount = amounts[list][name] ?? "0";
      return `${canonicalQuantity(amount)} (${share(amount, allocatable[name], name === "cpu")})`;
    };
    out.line(
      1,
      `${pod.metadata.namespace}\t${pod.metadata.name}\t\t${cell("requests", "cpu")}\t${cell("limits", "cpu")}\t${cell("requests", "memory")}\t${cell("limits", "memory")}\t${age(pod.metadata.creationTimestamp, context.now)}`,
    );
  }
  out.raw("Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
  out.line(1, "Resource\tRequests\tLimits");
  out.line(1, "--------\t--------\t------");
  const standard = ["cpu", "memory", "ephemeral-storage"];
  const others = Object.keys(allocatable)
    .filter((name) => !standard.includes(name) && (name.startsWith("hugepages-") || name.includes("/")))
    .sort();
  for (const name of [...standard, ...others]) {
    const cell = (list: "requests" | "limits") => {
      const amount = totals[list][name] ?? "0";
      if (name.includes("/")) return formatQuantity(parseQuantity(amount));
      return `${formatQuantity(parseQuantity(amount))} (${share(amount, allocatable[name], name === "cpu")})`;
    };
    out.line(1, `${name}\t${cell("requests")}\t${cell("limits")}`);
  }
}
