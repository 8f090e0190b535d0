// `cordon` and `uncordon`.

import { type Call, type Command, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, selectorFlags } from "../flag_sets.ts";
import { patchTypes } from "../rest.ts";
import { type Found, fetchTargets, resourceOf, type Target } from "../targets.ts";
import { dryRunOf, dryRunSuffix, eachGathered } from "../writing.ts";

/** The nodes that the arguments or the selector name. */
export async function nodesOf(call: Call): Promise<Found[]> {
  const { args, flags, command } = call;
  const mapping = await resourceOf(call, "nodes");
  const selector = flags.string("selector");
  if (args.length === 0 && !selector)
    throw new CommandError(
      `USAGE: ${command.path} ${command.usage.replace(" [options]", "")} [flags]\nSee 'kubectl ${command.path} -h' for help and examples`,
    );
  if (args.length > 0 && selector) throw new CommandError("cannot specify both a node name and a --selector option");
  const names = args.map((word) => word.replace(/^(node|nodes|no)\//, ""));
  const targets: Target[] = selector
    ? [{ mapping, namespace: undefined }]
    : names.map((name) => ({ mapping, namespace: undefined, name }));
  const errors: unknown[] = [];
  const found = await fetchTargets(call, targets, errors);
  throwAll(errors);
  return found;
}

/** Makes a node (un)schedulable and says so. */
export async function setUnschedulable(call: Call, { mapping, name, object }: Found, wanted: boolean): Promise<void> {
  const rest = await call.rest();
  const word = wanted ? "cordoned" : "uncordoned";
  if (Boolean(object.spec?.unschedulable) === wanted) {
    call.print(`node/${name} already ${word}${dryRunSuffix(call)}\n`);
    return;
  }
  if (dryRunOf(call) !== "client") {
    const query = { dryRun: dryRunOf(call) === "server" ? "All" : undefined };
    await rest.json({
      method: "PATCH",
      path: pathOf(mapping, undefined, name),
      query,
      body: { spec: { unschedulable: wanted || null } },
      contentType: patchTypes.strategic,
    });
  }
  call.print(`node/${name} ${word}${dryRunSuffix(call)}\n`);
}

function cordonCommand(word: string, summary: string, wanted: boolean): Command {
  return defineCommand({
    path: word,
    usage: "NODE [options]",
    summary,
    flags: { "dry-run": dryRunFlag, selector: selectorFlags.selector! },
    run: async (call) =>
      throwAll(await eachGathered(await nodesOf(call), (node) => setUnschedulable(call, node, wanted))),
  });
}

export const cordon = cordonCommand("cordon", "Mark node as unschedulable", true);
export const uncordon = cordonCommand("uncordon", "Mark node as schedulable", false);
