import { type Call, defineCommand } from "../command.ts";
import { pathOf, qualifiedName } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { fileFlags, selectorFlags } from "../flag_sets.ts";
import { watchEvents } from "../rest.ts";
import { fetchTargets, targetsOf } from "../targets.ts";

/** What is to be said of a rollout, and whether it is over. */
interface Report {
  text: string;
  done: boolean;
}

export const rolloutStatus = defineCommand({
  path: "rollout status",
  usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
  summary: "Show the status of the rollout",
  flags: {
    ...fileFlags,
    selector: selectorFlags.selector!,
    revision: {
      type: "int",
      default: "0",
      help: "Pin to a specific revision for showing its status. Defaults to 0 (last revision).",
    },
    timeout: { type: "duration", help: "The length of time to wait before ending watch, zero means never." },
    watch: { type: "bool", short: "w", default: "true", help: "Watch the status of the rollout until it's done." },
  },
  async run(call) {
    const errors: unknown[] = [];
    if (call.args.length === 0 && call.flags.list("filename").length === 0)
      throw new CommandError("required resource not specified");
    const found = await fetchTargets(call, await targetsOf(call, call.args, { allowLists: true }), errors);
    if (errors.length > 0) throw errors[0];
    for (const { mapping, namespace, name, object } of found) {
      const report = reports[qualifiedName(mapping)];
      if (!report) throw new CommandError(`no status viewer has been implemented for ${mapping.kind}`);
      await follow(call, { path: pathOf(mapping, namespace), name, object }, (each) =>
        report(each, call.flags.int("revision")),
      );
    }
  },
});

async function follow(
  call: Call,
  { path, name, object }: { path: string; name: string; object: any },
  report: (object: any) => Report,
): Promise<void> {
  const { flags, machine } = call;
  const rest = await call.rest();
  const stop = new AbortController();
  const timeoutMs = flags.duration("timeout");
  using _timer = timeoutMs > 0 ? machine.clock.after(timeoutMs, () => stop.abort()) : undefined;
  let { text, done } = report(object);
  call.print(text);
  if (!flags.bool("watch")) return;
  let version = object.metadata.resourceVersion;
  try {
    while (!done) {
      const body = await rest.stream({
        path,
        query: { watch: true, fieldSelector: `metadata.name=${name}`, resourceVersion: version },
        signal: stop.signal,
      });
      for await (const event of watchEvents(body)) {
        if (event.type === "DELETED") throw new CommandError("object has been deleted");
        if (event.type === "ERROR") {
          version = (await rest.json({ path: `${path}/${name}` })).metadata.resourceVersion;
          break;
        }
        version = event.object.metadata.resourceVersion;
        if (event.type === "BOOKMARK") continue;
        const next = report(event.object);
        if (next.text !== text) call.print(next.text);
        ({ text, done } = next);
        if (done) break;
      }
      if (stop.signal.aborted) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  if (!done) throw new CommandError("timed out waiting for the condition");
}

const reports: Record<string, (object: any, revision: number) => Report> = {
  "deployments.apps": deploymentReport,
  "daemonsets.apps": daemonSetReport,
  "statefulsets.apps": statefulSetReport,
};

function deploymentReport({ metadata, spec, status = {} }: any, revision: number): Report {
  const waiting = (text: string) => ({
    text: `Waiting for deployment ${JSON.stringify(metadata.name)} rollout to finish: ${text}...\n`,
    done: false,
  });
  const own = Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  if (revision > 0 && revision !== own)
    throw new CommandError(`desired revision (${revision}) is different from the running revision (${own})`);
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0))
    return { text: "Waiting for deployment spec update to be observed...\n", done: false };
  const progressing = (status.conditions ?? []).find(({ type }: any) => type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded")
    throw new CommandError(`deployment ${JSON.stringify(metadata.name)} exceeded its progress deadline`);
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  const wanted = spec.replicas ?? 1;
  if (updatedReplicas < wanted) return waiting(`${updatedReplicas} out of ${wanted} new replicas have been updated`);
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are pending termination`);
  if (availableReplicas < updatedReplicas)
    return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  return { text: `deployment ${JSON.stringify(metadata.name)} successfully rolled out\n`, done: true };
}

function daemonSetReport({ metadata, spec, status = {} }: any): Report {
  if (spec.updateStrategy?.type !== "RollingUpdate")
    throw new CommandError(`rollout status is only available for RollingUpdate strategy type`);
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0))
    return { text: "Waiting for daemon set spec update to be observed...\n", done: false };
  const waiting = (text: string) => ({
    text: `Waiting for daemon set ${JSON.stringify(metadata.name)} rollout to finish: ${text}...\n`,
    done: false,
  });
  const { updatedNumberScheduled = 0, desiredNumberScheduled = 0, numberAvailable = 0 } = status;
  if (updatedNumberScheduled < desiredNumberScheduled)
    return waiting(`${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated`);
  if (numberAvailable < desiredNumberScheduled)
    return waiting(`${numberAvailable} of ${desiredNumberScheduled} updated pods are available`);
  return { text: `daemon set ${JSON.stringify(metadata.name)} successfully rolled out\n`, done: true };
}

function statefulSetReport({ metadata, spec, status = {} }: any): Report {
  if (spec.updateStrategy?.type !== "RollingUpdate")
    throw new CommandError("rollout status is only available for RollingUpdate strategy type");
  if ((status.observedGeneration ?? 0) === 0 || (metadata.generation ?? 0) > status.observedGeneration)
    return { text: "Waiting for statefulset spec update to be observed...\n", done: false };
  const wanted = spec.replicas ?? 1;
  const { readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0, updateRevision, currentRevision } = status;
  if (readyReplicas < wanted)
    return { text: `Waiting for ${wanted - readyReplicas} pods to be ready...\n`, done: false };
  const partition = spec.updateStrategy.rollingUpdate?.partition ?? 0;
  if (partition > 0) {
    if (updatedReplicas < wanted - partition)
      return {
        text: `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted - partition} new pods have been updated...\n`,
        done: false,
      };
    return { text: `partitioned roll out complete: ${updatedReplicas} new pods have been updated...\n`, done: true };
  }
  if (updateRevision !== currentRevision)
    return {
      text: `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...\n`,
      done: false,
    };
  return {
    text: `statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...\n`,
    done: true,
  };
}
