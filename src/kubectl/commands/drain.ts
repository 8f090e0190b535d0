import { hasReason } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { BareError, CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, selectorFlags } from "../flag_sets.ts";
import { dryRunOf, dryRunSuffix } from "../writing.ts";
import { nodesOf, setUnschedulable } from "./cordon.ts";

export const drain = defineCommand({
  path: "drain",
  usage: "NODE [options]",
  summary: "Drain node in preparation for maintenance",
  flags: {
    "chunk-size": { type: "int", default: "500", help: "Return large lists in chunks rather than all at once." },
    "delete-emptydir-data": {
      type: "bool",
      help: "Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained).",
    },
    "disable-eviction": { type: "bool", help: "Force drain to use delete, even if eviction is supported." },
    "dry-run": dryRunFlag,
    force: { type: "bool", help: "Continue even if there are pods that do not declare a controller." },
    "grace-period": {
      type: "int",
      default: "-1",
      help: "Period of time in seconds given to each pod to terminate gracefully.",
    },
    "ignore-daemonsets": { type: "bool", help: "Ignore DaemonSet-managed pods." },
    "pod-selector": { type: "string", help: "Label selector to filter pods on the node" },
    selector: selectorFlags.selector!,
    "skip-wait-for-delete-timeout": {
      type: "int",
      default: "0",
      help: "If pod DeletionTimestamp older than N seconds, skip waiting for the pod.",
    },
    timeout: { type: "duration", help: "The length of time to wait before giving up, zero means infinite" },
  },
  async run(call) {
    const errors: unknown[] = [];
    const pending: string[] = [];
    for (const node of await nodesOf(call)) {
      try {
        await setUnschedulable(call, node, true);
        await emptyNode(call, node.name);
        call.print(`node/${node.name} drained${dryRunSuffix(call)}\n`);
      } catch (error) {
        pending.push(node.name);
        const why = (error as Error).message;
        call.printError(
          `error: unable to drain node ${JSON.stringify(node.name)} due to error: ${why}, continuing command...\n`,
        );
        errors.push(new BareError(why));
      }
    }
    if (pending.length > 0)
      call.printError(`There are pending nodes to be drained:\n${pending.map((name) => ` ${name}\n`).join("")}`);
    throwAll(errors);
  },
});

async function emptyNode(call: Call, node: string): Promise<void> {
  const { flags, machine } = call;
  const rest = await call.rest();
  const query = { fieldSelector: `spec.nodeName=${node}`, labelSelector: flags.string("pod-selector") };
  const { items = [] } = await rest.json({ path: "/api/v1/pods", query });
  const pods = choose(call, items);
  if (dryRunOf(call) !== "none") {
    for (const { metadata } of pods)
      call.print(`evicting pod ${metadata.namespace}/${metadata.name}${dryRunSuffix(call)}\n`);
    return;
  }
  const timeoutMs = flags.duration("timeout");
  const deadline = timeoutMs > 0 ? machine.clock.monotonicMs() + timeoutMs : Number.POSITIVE_INFINITY;
  await Promise.all(pods.map((pod) => evict(call, pod, deadline)));
}

/** The pods that go. Throws for those that may not, unless flags allow it. */
function choose(call: Call, items: readonly any[]): any[] {
  const { flags } = call;
  const chosen: any[] = [];
  const refused = new Map<string, string[]>();
  const ignored: string[] = [];
  const refuse = (why: string, name: string) => refused.set(why, [...(refused.get(why) ?? []), name]);
  for (const pod of items) {
    const { metadata, spec, status } = pod;
    const name = `${metadata.namespace}/${metadata.name}`;
    const owner = metadata.ownerReferences?.find((each: any) => each.controller);
    const ended = status?.phase === "Succeeded" || status?.phase === "Failed";
    if (metadata.annotations?.["kubernetes.io/config.mirror"]) continue;
    if (owner?.kind === "DaemonSet" && !ended) {
      if (flags.bool("ignore-daemonsets")) ignored.push(name);
      else refuse("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", name);
      continue;
    }
    const local = (spec.volumes ?? []).some((volume: any) => volume.emptyDir);
    if (local && !flags.bool("delete-emptydir-data") && !ended) {
      refuse("cannot delete Pods with local storage (use --delete-emptydir-data to override)", name);
    } else if (!owner && !flags.bool("force") && !ended) {
      refuse("cannot delete Pods that declare no controller (use --force to override)", name);
    } else chosen.push(pod);
  }
  if (refused.size > 0) {
    const why = [...refused].map(([message, names]) => `${message}: ${names.join(", ")}`);
    throw new CommandError(why.length === 1 ? why[0]! : `[${why.join(", ")}]`);
  }
  if (ignored.length > 0) call.printError(`Warning: ignoring DaemonSet-managed Pods: ${ignored.join(", ")}\n`);
  return chosen;
}

/** Evicts one pod, again and again while its budget forbids it, and waits for its end. */
async function evict(call: Call, pod: any, deadline: number): Promise<void> {
  const { flags, machine } = call;
  const rest = await call.rest();
  const { name, namespace, uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const grace = flags.int("grace-period");
  const deleteOptions = grace >= 0 ? { gracePeriodSeconds: grace } : {};
  call.printError(`evicting pod ${namespace}/${name}\n`);
  for (;;) {
    if (machine.clock.monotonicMs() > deadline)
      throw new CommandError(
        `error when waiting for pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} to terminate: global timeout reached`,
      );
    try {
      if (flags.bool("disable-eviction"))
        await rest.json({
          method: "DELETE",
          path,
          body: { kind: "DeleteOptions", apiVersion: "v1", ...deleteOptions },
        });
      else {
        const body = { kind: "Eviction", apiVersion: "policy/v1", metadata: { name, namespace }, deleteOptions };
        await rest.json({ method: "POST", path: `${path}/eviction`, body });
      }
      break;
    } catch (error) {
      if (hasReason(error, "NotFound")) break;
      if (!hasReason(error, "TooManyRequests")) throw error;
      call.printError(
        `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)} (will retry after 5s): ${(error as Error).message}\n`,
      );
      await machine.clock.sleep(5000);
    }
  }
  for (;;) {
    const now = await rest
      .json({ path })
      .catch((error) => (hasReason(error, "NotFound") ? undefined : Promise.reject(error)));
    if (!now || now.metadata.uid !== uid) break;
    if (machine.clock.monotonicMs() > deadline)
      throw new CommandError(
        `error when waiting for pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} to terminate: global timeout reached`,
      );
    await machine.clock.sleep(500);
  }
  call.print(`pod/${name} evicted\n`);
}
