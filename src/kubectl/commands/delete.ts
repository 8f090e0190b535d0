import { hasReason } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, prefixed, throwAll } from "../errors.ts";
import { dryRunFlag, fileFlags, selectorFlags } from "../flag_sets.ts";
import { watchEvents } from "../rest.ts";
import { listAll, type Target, targetsOf } from "../targets.ts";
import { dryRunOf, sendRaw } from "../writing.ts";

export const deleteCommand = defineCommand({
  path: "delete",
  usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]",
  summary: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
  examples: `
# What a file describes
kubectl delete -f pod.yaml

# Pods by label
kubectl delete pods -l app=web`,
  flags: {
    ...fileFlags,
    ...selectorFlags,
    all: { type: "bool", help: "Delete all resources, in the namespace of the specified resource types." },
    "all-namespaces": {
      type: "bool",
      short: "A",
      help: "If present, list the requested object(s) across all namespaces.",
    },
    cascade: {
      type: "string",
      default: "background",
      bare: "background",
      help: 'Must be "background", "orphan", or "foreground".',
    },
    "dry-run": dryRunFlag,
    force: { type: "bool", help: "If true, immediately remove resources from API and bypass graceful deletion." },
    "grace-period": {
      type: "int",
      default: "-1",
      help: "Period of time in seconds given to the resource to terminate gracefully.",
    },
    "ignore-not-found": { type: "bool", help: 'Treat "resource not found" as a successful delete.' },
    interactive: { type: "bool", short: "i", help: "If true, delete resource only when user confirms." },
    now: { type: "bool", help: "If true, resources are signaled for immediate shutdown (same as --grace-period=1)." },
    output: { type: "string", short: "o", help: 'Output mode. Use "-o name" for shorter output (resource/name).' },
    raw: { type: "string", help: "Raw URI to DELETE to the server." },
    timeout: {
      type: "duration",
      help: "The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object",
    },
    wait: { type: "bool", default: "true", help: "If true, wait for resources to be gone before returning." },
  },
  async run(call) {
    const { flags } = call;
    if (flags.string("raw")) return sendRaw(call, "DELETE");
    const output = flags.string("output");
    if (output && output !== "name")
      throw new CommandError(`unexpected -o output mode: ${output}. We only support '-o name'`);
    const grace = graceOf(call);
    const targets = await targetsOf(call);
    const errors: unknown[] = [];
    const gone: (Target & { uid?: string })[] = [];
    let found = 0;
    for (const target of await byName(call, targets)) {
      try {
        const uid = await deleteOne(call, target, grace);
        found++;
        gone.push({ ...target, uid });
      } catch (error) {
        if (hasReason(error, "NotFound") && flags.bool("ignore-not-found")) continue;
        errors.push(target.source ? prefixed(`error when deleting ${JSON.stringify(target.source)}`, error) : error);
      }
    }
    if (found === 0 && errors.length === 0 && !flags.bool("ignore-not-found")) call.print("No resources found\n");
    if (flags.bool("wait") && dryRunOf(call) === "none") for (const target of gone) await waitGone(call, target);
    throwAll(errors);
  },
});

/** Collections as the objects in them. */
async function byName(call: Call, targets: readonly Target[]): Promise<Target[]> {
  const named: Target[] = [];
  for (const target of targets) {
    if (target.name !== undefined) named.push(target);
    else {
      const { items } = await listAll(call, target);
      for (const { metadata } of items)
        named.push({ mapping: target.mapping, namespace: metadata.namespace, name: metadata.name });
    }
  }
  return named;
}

/** Seconds of grace, -1 for the objects' own. */
function graceOf(call: Call): number {
  const { flags } = call;
  let grace = flags.int("grace-period");
  if (flags.bool("now")) {
    if (grace !== -1) throw new CommandError("--now and --grace-period cannot be specified together");
    grace = 1;
  }
  if (flags.bool("force") && grace < 0) grace = 0;
  else if (grace === 0 && !flags.bool("force")) grace = 1;
  if (flags.bool("force") && grace > 0)
    throw new CommandError("--force and --grace-period greater than 0 cannot be specified together");
  if (flags.bool("force") && grace === 0) {
    call.printError(
      "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n",
    );
  }
  return grace;
}

const policies: Record<string, string> = {
  background: "Background",
  true: "Background",
  foreground: "Foreground",
  orphan: "Orphan",
  false: "Orphan",
};

async function deleteOne(call: Call, target: Target, grace: number): Promise<string | undefined> {
  const { flags } = call;
  const { mapping, namespace, name } = target;
  const rest = await call.rest();
  const dryRun = dryRunOf(call);
  const policy = policies[flags.string("cascade")];
  if (!policy)
    throw new CommandError(
      `invalid cascade value (${flags.string("cascade")}). Must be "background", "foreground", or "orphan"`,
    );
  const path = pathOf(mapping, namespace, name);
  const answer =
    dryRun === "client"
      ? await rest.json({ path })
      : await rest.json({
          method: "DELETE",
          path,
          body: {
            kind: "DeleteOptions",
            apiVersion: "v1",
            propagationPolicy: policy,
            ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
            ...(dryRun === "server" ? { dryRun: ["All"] } : {}),
          },
        });
  const kind = mapping.group ? `${mapping.kind.toLowerCase()}.${mapping.group}` : mapping.kind.toLowerCase();
  if (flags.string("output") === "name") call.print(`${kind}/${name}\n`);
  else {
    const suffix = dryRun === "client" ? " (dry run)" : dryRun === "server" ? " (server dry run)" : "";
    const where = mapping.namespaced && namespace ? ` from ${namespace} namespace` : "";
    call.print(`${kind} "${name}" ${grace === 0 ? "force deleted" : "deleted"}${suffix}${where}\n`);
  }
  return answer.metadata?.uid ?? answer.details?.uid;
}

/** Waits until an object is gone, or another one has its name. */
async function waitGone(call: Call, { mapping, namespace, name, uid }: Target & { uid?: string }): Promise<void> {
  const rest = await call.rest();
  const path = pathOf(mapping, namespace, name);
  const timeoutMs = call.flags.duration("timeout");
  const deadline = timeoutMs > 0 ? call.machine.clock.monotonicMs() + timeoutMs : Number.POSITIVE_INFINITY;
  for (;;) {
    const object = await rest.json({ path }).catch((error) => {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    });
    if (object === undefined || (uid && object.metadata.uid !== uid)) return;
    const leftMs = deadline - call.machine.clock.monotonicMs();
    if (leftMs <= 0) throw new CommandError(`timed out waiting for the condition on ${mapping.plural}/${name}`);
    const stop = new AbortController();
    using _timer =
      leftMs === Number.POSITIVE_INFINITY ? undefined : call.machine.clock.after(leftMs, () => stop.abort());
    try {
      const body = await rest.stream({
        path: pathOf(mapping, namespace),
        query: {
          watch: true,
          fieldSelector: `metadata.name=${name}`,
          resourceVersion: object.metadata.resourceVersion,
        },
        signal: stop.signal,
      });
      for await (const event of watchEvents(body)) if (event.type === "DELETED" || event.type === "ERROR") break;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  }
}
