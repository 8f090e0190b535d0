import { type Call, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { byPreference, containerOf, defaultedNotice, objectOf, podSelectorOf, podsBySelector } from "../pods.ts";

export const logs = defineCommand({
  path: "logs",
  usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]",
  summary: "Print the logs for a container in a pod",
  examples: `
# What a pod wrote
kubectl logs nginx

# What it writes, as it writes it
kubectl logs -f nginx`,
  flags: {
    "all-containers": { type: "bool", help: "Get all containers' logs in the pod(s)." },
    "all-pods": { type: "bool", help: "Get logs from all pod(s). Sets prefix to true." },
    container: { type: "string", short: "c", help: "Print the logs of this container" },
    follow: { type: "bool", short: "f", help: "Specify if the logs should be streamed." },
    "ignore-errors": {
      type: "bool",
      help: "If watching / following pod logs, allow for any errors that occur to be non-fatal",
    },
    "insecure-skip-tls-verify-backend": {
      type: "bool",
      help: "Skip verifying the identity of the kubelet that logs are requested from.",
    },
    "limit-bytes": { type: "int", default: "0", help: "Maximum bytes of logs to return. Defaults to no limit." },
    "max-log-requests": {
      type: "int",
      default: "5",
      help: "Specify maximum number of concurrent logs to follow when using by a selector.",
    },
    "pod-running-timeout": {
      type: "duration",
      default: "20s",
      help: "The length of time to wait until at least one pod is running",
    },
    prefix: { type: "bool", help: "Prefix each log line with the log source (pod name and container name)" },
    previous: {
      type: "bool",
      short: "p",
      help: "If true, print the logs for the previous instance of the container in a pod if it exists.",
    },
    selector: { type: "string", short: "l", help: "Selector (label query) to filter on." },
    since: { type: "duration", help: "Only return logs newer than a relative duration like 5s, 2m, or 3h." },
    "since-time": { type: "string", help: "Only return logs after a specific date (RFC3339)." },
    tail: { type: "int", default: "-1", help: "Lines of recent log file to display." },
    timestamps: { type: "bool", help: "Include timestamps on each line in the log output" },
  },
  async run(call) {
    const { flags } = call;
    const pods = await podsOf(call);
    const sources = pods.flatMap((pod) => sourcesOf(call, pod));
    const parallelMax = flags.int("max-log-requests");
    if (flags.bool("follow") && sources.length > parallelMax) {
      throw new CommandError(
        `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${parallelMax}, use --max-log-requests to increase the limit`,
      );
    }
    const run = async (source: Source) => {
      try {
        await copyLog(call, source);
      } catch (error) {
        if (!flags.bool("ignore-errors")) throw error;
        call.printError(`error: ${(error as Error).message}\n`);
      }
    };
    if (flags.bool("follow")) await Promise.all(sources.map(run));
    else for (const source of sources) await run(source);
  },
});

interface Source {
  pod: any;
  container: string;
}

async function podsOf(call: Call): Promise<any[]> {
  const { flags, args } = call;
  const { namespace } = await call.access();
  const selector = flags.string("selector");
  if (selector) {
    if (args.length > 0) throw new CommandError("only a selector (-l) or a POD name is allowed");
    const pods = await podsBySelector(call, namespace, selector);
    if (pods.length === 0) call.printError(`No resources found in ${namespace} namespace.\n`);
    return pods;
  }
  if (args.length === 0)
    throw new CommandError(
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
    );
  if (args.length > 2)
    throw new CommandError(
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
    );
  const { resource, object } = await objectOf(call, args[0]!);
  if (resource === "pods") return [object];
  const podSelector = podSelectorOf(resource, object);
  if (podSelector === undefined)
    throw new CommandError(`cannot get the logs from *${object.kind}: selector for ${object.kind} not implemented`);
  const pods = (await podsBySelector(call, namespace, podSelector)).sort(byPreference);
  if (pods.length === 0) throw new CommandError("timed out waiting for the condition");
  if (flags.bool("all-pods")) return pods;
  if (pods.length > 1) call.printError(`Found ${pods.length} pods, using pod/${pods[0].metadata.name}\n`);
  return pods.slice(0, 1);
}

function sourcesOf(call: Call, pod: any): Source[] {
  const { flags, args } = call;
  const { spec } = pod;
  if (flags.bool("all-containers")) {
    return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])].map(
      ({ name }: any) => ({ pod, container: name }),
    );
  }
  const named = flags.string("container") || args[1] || "";
  const names = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  if (named && !names.some(({ name }: any) => name === named)) {
    throw new CommandError(`container ${named} is not valid for pod ${pod.metadata.name}`);
  }
  const { container, chosen } = containerOf(pod, named);
  if (chosen !== "flag" && !pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"]) {
    const notice = defaultedNotice(pod, container.name);
    if (notice) call.printError(`${notice}\n`);
  }
  return [{ pod, container: container.name }];
}

async function copyLog(call: Call, { pod, container }: Source): Promise<void> {
  const { flags } = call;
  const rest = await call.rest();
  const { name, namespace } = pod.metadata;
  const bySelector = flags.string("selector") !== "";
  const tail = flags.int("tail") >= 0 ? flags.int("tail") : bySelector && !flags.given("tail") ? 10 : undefined;
  if (flags.given("since") && flags.string("since-time"))
    throw new CommandError("at most one of `sinceTime` or `sinceSeconds` may be specified");
  const body = await rest.stream({
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
    accept: "*/*",
    query: {
      container,
      follow: flags.bool("follow"),
      previous: flags.bool("previous"),
      timestamps: flags.bool("timestamps"),
      tailLines: tail === undefined ? undefined : String(tail),
      sinceSeconds: flags.duration("since") > 0 ? Math.ceil(flags.duration("since") / 1000) : undefined,
      sinceTime: flags.string("since-time"),
      limitBytes: flags.int("limit-bytes") || undefined,
    },
  });
  if (!flags.bool("prefix") && !flags.bool("all-pods")) {
    for await (const chunk of body) call.self.printBytes(chunk, "stdout");
    return;
  }
  const prefix = `[pod/${name}/${container}] `;
  const decoder = new TextDecoder();
  let partial = "";
  for await (const chunk of body) {
    const lines = (partial + decoder.decode(chunk, { stream: true })).split("\n");
    partial = lines.pop()!;
    for (const line of lines) call.print(`${prefix}${line}\n`);
  }
  if (partial !== "") call.print(`${prefix}${partial}\n`);
}
