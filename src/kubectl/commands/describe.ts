import { hasReason } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { type DescribeContext, type Lines, openLines } from "../describers/writer.ts";
import { qualifiedName } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { fileFlags, selectorFlags } from "../flag_sets.ts";
import { type Found, fetchTargets, listAll, type Target, targetsOf } from "../targets.ts";

type Describer = (out: Lines, object: any, context: DescribeContext) => Promise<void>;

/** Describers by resource; any other kind is described by its fields. */
const describers: Record<string, () => Promise<Describer>> = {
  pods: () => import("../describers/pod.ts").then((m) => m.describePod),
  "deployments.apps": () => import("../describers/workloads.ts").then((m) => m.describeDeployment),
  "replicasets.apps": () => import("../describers/workloads.ts").then((m) => m.describeReplicaSet),
  replicationcontrollers: () => import("../describers/workloads.ts").then((m) => m.describeReplicaSet),
  "statefulsets.apps": () => import("../describers/workloads.ts").then((m) => m.describeStatefulSet),
  "daemonsets.apps": () => import("../describers/workloads.ts").then((m) => m.describeDaemonSet),
  "jobs.batch": () => import("../describers/workloads.ts").then((m) => m.describeJob),
  "cronjobs.batch": () => import("../describers/workloads.ts").then((m) => m.describeCronJob),
  services: () => import("../describers/network.ts").then((m) => m.describeService),
  endpoints: () => import("../describers/network.ts").then((m) => m.describeEndpoints),
  "ingresses.networking.k8s.io": () => import("../describers/network.ts").then((m) => m.describeIngress),
  nodes: () => import("../describers/node.ts").then((m) => m.describeNode),
  namespaces: () => import("../describers/core.ts").then((m) => m.describeNamespace),
  configmaps: () => import("../describers/core.ts").then((m) => m.describeConfigMap),
  secrets: () => import("../describers/core.ts").then((m) => m.describeSecret),
  serviceaccounts: () => import("../describers/core.ts").then((m) => m.describeServiceAccount),
  resourcequotas: () => import("../describers/core.ts").then((m) => m.describeQuota),
  limitranges: () => import("../describers/core.ts").then((m) => m.describeLimitRange),
  persistentvolumeclaims: () => import("../describers/core.ts").then((m) => m.describeClaim),
  persistentvolumes: () => import("../describers/core.ts").then((m) => m.describeVolume),
  "storageclasses.storage.k8s.io": () => import("../describers/core.ts").then((m) => m.describeStorageClass),
  "certificatesigningrequests.certificates.k8s.io": () =>
    import("../describers/certificate.ts").then((m) => m.describeCertificateRequest),
  "roles.rbac.authorization.k8s.io": () => import("../describers/core.ts").then((m) => m.describeRole),
  "clusterroles.rbac.authorization.k8s.io": () => import("../describers/core.ts").then((m) => m.describeRole),
  "rolebindings.rbac.authorization.k8s.io": () => import("../describers/core.ts").then((m) => m.describeBinding),
  "clusterrolebindings.rbac.authorization.k8s.io": () => import("../describers/core.ts").then((m) => m.describeBinding),
};

export const describe = defineCommand({
  path: "describe",
  usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]",
  summary: "Show details of a specific resource or group of resources",
  examples: `
# A node
kubectl describe nodes k8s-node-1

# Pods by label
kubectl describe pods -l app=web`,
  flags: {
    ...fileFlags,
    ...selectorFlags,
    "all-namespaces": {
      type: "bool",
      short: "A",
      help: "If present, list the requested object(s) across all namespaces.",
    },
    "chunk-size": { type: "int", default: "500", help: "Return large lists in chunks rather than all at once." },
    "show-events": { type: "bool", default: "true", help: "If true, display events related to the described object." },
  },
  async run(call) {
    if (call.args.length === 0 && call.flags.list("filename").length === 0) {
      throw new CommandError(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
      );
    }
    const targets = await targetsOf(call, call.args, { allowLists: true });
    const context = await openContext(call);
    const errors: unknown[] = [];
    let count = 0;
    for (const target of targets) {
      for (const { mapping, object } of await find(call, target, errors)) {
        const describer = await (describers[qualifiedName(mapping)]?.() ??
          import("../describers/generic.ts").then((m) => m.describeGeneric));
        const out = openLines();
        await describer(out, object, context);
        call.print(`${count++ > 0 ? "\n\n" : ""}${out.text()}`);
      }
    }
    if (count === 0 && errors.length === 0) {
      const namespaced = targets.some(({ mapping }) => mapping.namespaced) && !call.flags.bool("all-namespaces");
      call.printError(
        namespaced ? `No resources found in ${(await call.access()).namespace} namespace.\n` : "No resources found\n",
      );
    }
    throwAll(errors);
  },
});

/** A name that isn't there may be the beginning of others. */
async function find(call: Call, target: Target, errors: unknown[]): Promise<Found[]> {
  const failed: unknown[] = [];
  const found = await fetchTargets(call, [target], failed);
  if (target.name !== undefined && failed.length > 0 && hasReason(failed[0], "NotFound")) {
    const { items } = await listAll(call, { ...target, name: undefined }, {});
    const near = items.filter(({ metadata }) => metadata.name.startsWith(target.name));
    if (near.length > 0) {
      return near.map((object) => ({
        mapping: target.mapping,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        object,
      }));
    }
  }
  errors.push(...failed);
  return found;
}

async function openContext(call: Call): Promise<DescribeContext> {
  const rest = await call.rest();
  const read = (path: string) => rest.json({ path }).catch(() => undefined);
  return {
    now: call.machine.clock.now(),
    formatTime: rfc1123,
    read,
    async events(object) {
      if (!call.flags.bool("show-events")) return undefined;
      const { name, namespace, uid } = object.metadata;
      const selector = [
        `involvedObject.name=${name}`,
        ...(namespace ? [`involvedObject.namespace=${namespace}`] : []),
        ...(object.kind ? [`involvedObject.kind=${object.kind}`] : []),
        ...(uid ? [`involvedObject.uid=${uid}`] : []),
      ].join(",");
      const list = await read(
        `/api/v1${namespace ? `/namespaces/${namespace}` : ""}/events?fieldSelector=${encodeURIComponent(selector)}&limit=500`,
      );
      const when = (event: any) =>
        Date.parse(
          event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp,
        );
      return (list?.items ?? []).toSorted((a: any, b: any) => when(a) - when(b));
    },
  };
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Tue, 20 Feb 2024 02:47:51 -0500` in this machine's time zone. */
function rfc1123(time: string | undefined): string {
  if (!time) return "Mon, 01 Jan 0001 00:00:00 +0000";
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  return `${days[date.getDay()]}, ${two(date.getDate())} ${months[date.getMonth()]} ${date.getFullYear()} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}
