import { defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, fieldManagerFlag, printFlags, selectorFlags } from "../flag_sets.ts";
import { patchTypes } from "../rest.ts";
import { fetchTargets, resourceOf, type Target } from "../targets.ts";
import { dryRunOf, eachGathered, printDone, writeQuery } from "../writing.ts";

interface Taint {
  key: string;
  value?: string;
  effect?: string;
}

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** `key=value:effect`, `key:effect`; with `-` at the end the taint goes. */
function parse(word: string): { taint: Taint; removes: boolean } {
  const removes = word.endsWith("-");
  const [left = "", effect] = (removes ? word.slice(0, -1) : word).split(":");
  const [key = "", value] = left.split("=");
  if (!removes && !effect) throw new CommandError(`invalid taint spec: ${word}`);
  if (effect && !effects.includes(effect))
    throw new CommandError(`invalid taint effect: ${effect}, unsupported taint effect`);
  return { taint: { key, ...(value ? { value } : {}), ...(effect ? { effect } : {}) }, removes };
}

export const taint = defineCommand({
  path: "taint",
  usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
  summary: "Update the taints on one or more nodes",
  flags: {
    ...printFlags,
    all: { type: "bool", help: "Select all nodes in the cluster" },
    "dry-run": dryRunFlag,
    "field-manager": fieldManagerFlag("kubectl-taint"),
    overwrite: {
      type: "bool",
      help: "If true, allow taints to be overwritten, otherwise reject taint updates that overwrite existing taints.",
    },
    selector: selectorFlags.selector!,
    validate: {
      type: "string",
      default: "strict",
      bare: "strict",
      help: "Must be one of: strict (or true), warn, ignore (or false).",
    },
  },
  async run(call) {
    const { flags, args } = call;
    const isSpec = (word: string) => word.includes(":") || word.includes("=") || word.endsWith("-");
    const [type = "", ...names] = args.filter((word) => !isSpec(word));
    const changes = args.filter(isSpec).map(parse);
    if (!/^(no|node|nodes)$/.test(type))
      throw new CommandError(`invalid resource type ${type}, only node types are supported`);
    if (changes.length === 0) throw new CommandError("at least one taint update is required");
    const mapping = await resourceOf(call, "nodes");
    const all = flags.bool("all") || flags.string("selector") !== "";
    if (!all && names.length === 0)
      throw new CommandError("at least one resource name must be specified since 'all' parameter is not set");
    const targets: Target[] = all
      ? [{ mapping, namespace: undefined }]
      : names.map((name) => ({ mapping, namespace: undefined, name }));
    const rest = await call.rest();
    const errors: unknown[] = [];
    const found = await fetchTargets(call, targets, errors);
    errors.push(
      ...(await eachGathered(found, async ({ name, object }) => {
        const { taints, operation } = plan(object.spec?.taints ?? [], changes, name, flags.bool("overwrite"));
        if (dryRunOf(call) === "client") return printDone(call, mapping, object, operation);
        const body = { spec: { taints: taints.length > 0 ? taints : null } };
        const after = await rest.json({
          method: "PATCH",
          path: pathOf(mapping, undefined, name),
          query: writeQuery(call),
          body,
          contentType: patchTypes.merge,
        });
        await printDone(call, mapping, after, operation);
      })),
    );
    throwAll(errors);
  },
});

function plan(
  now: Taint[],
  changes: { taint: Taint; removes: boolean }[],
  node: string,
  overwrite: boolean,
): { taints: Taint[]; operation: string } {
  const added = changes.filter(({ removes }) => !removes).map(({ taint }) => taint);
  const removed = changes.filter(({ removes }) => removes).map(({ taint }) => taint);
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const fits = (each: Taint, spec: Taint) => each.key === spec.key && (!spec.effect || each.effect === spec.effect);
  for (const spec of removed)
    if (!now.some((each) => fits(each, spec))) throw new CommandError(`taint ${JSON.stringify(spec.key)} not found`);
  const clash = added.find((spec) => now.some((each) => same(each, spec)));
  if (clash && !overwrite)
    throw new CommandError(
      `node ${node} already has ${clash.key} taint(s) with same effect(s) and --overwrite is false`,
    );
  const kept = now.filter(
    (each) => !removed.some((spec) => fits(each, spec)) && !added.some((spec) => same(spec, each)),
  );
  const words = [clash ? "modified" : added.length > 0 ? "tainted" : "", removed.length > 0 ? "untainted" : ""].filter(
    Boolean,
  );
  return { taints: [...added, ...kept], operation: words.length === 2 ? "modified" : words[0]! };
}
