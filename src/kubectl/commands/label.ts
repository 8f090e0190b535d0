// `label` and `annotate`: the same command on two maps.

import { type Call, type Command, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, fieldManagerFlag, fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { patchTypes } from "../rest.ts";
import { fetchTargets, targetsOf } from "../targets.ts";
import { dryRunOf, eachGathered, printDone, writeQuery } from "../writing.ts";

interface Change {
  /** Undefined takes the key away. */
  values: Map<string, string | undefined>;
}

function metadataCommand(
  word: "label" | "annotate",
  field: "labels" | "annotations",
  done: string,
  summary: string,
): Command {
  const noun = word === "label" ? "label" : "annotation";
  return defineCommand({
    path: word,
    usage: `[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]`,
    summary,
    flags: {
      ...fileFlags,
      ...printFlags,
      ...selectorFlags,
      all: { type: "bool", help: "Select all resources, in the namespace of the specified resource types" },
      "all-namespaces": { type: "bool", short: "A", help: "If true, check the specified action in all namespaces." },
      "dry-run": dryRunFlag,
      "field-manager": fieldManagerFlag(`kubectl-${word}`),
      list: { type: "bool", help: `If true, display the ${field} for a given resource.` },
      local: { type: "bool", help: "If true, the command will NOT contact api-server but run locally." },
      overwrite: {
        type: "bool",
        help: `If true, allow ${field} to be overwritten, otherwise reject ${noun} updates that overwrite existing ${field}.`,
      },
      "resource-version": {
        type: "string",
        help: `If non-empty, the ${noun} update will only succeed if this is the current resource-version for the object.`,
      },
    },
    async run(call) {
      const { resources, change } = split(call, noun);
      const list = call.flags.bool("list");
      if (change.values.size === 0 && !list) throw new CommandError(`at least one ${noun} update is required`);
      const errors: unknown[] = [];
      const found = await fetchTargets(call, await targetsOf(call, resources), errors);
      errors.push(...(await eachGathered(found, (each) => changeOne(call, each, change, { field, noun, done }))));
      throwAll(errors);
    },
  });
}

/** Arguments with `=`, or with `-` at the end, are changes; the others come first and are resources. */
function split({ args }: Call, noun: string): { resources: string[]; change: Change } {
  const first = args.findIndex((word) => /^[^=]+=/.test(word) || (word.endsWith("-") && word.length > 1));
  const resources = first < 0 ? args : args.slice(0, first);
  const values = new Map<string, string | undefined>();
  for (const word of first < 0 ? [] : args.slice(first)) {
    const equals = word.indexOf("=");
    if (equals > 0) values.set(word.slice(0, equals), word.slice(equals + 1));
    else if (word.endsWith("-")) values.set(word.slice(0, -1), undefined);
    else throw new CommandError(`unknown ${noun} spec: ${word}`);
  }
  return { resources, change: { values } };
}

async function changeOne(
  call: Call,
  { mapping, namespace, name, object }: { mapping: any; namespace?: string; name: string; object: any },
  { values }: Change,
  { field, noun, done }: { field: string; noun: string; done: string },
): Promise<void> {
  const { flags } = call;
  const now: Record<string, string> = object.metadata[field] ?? {};
  if (flags.bool("list")) {
    for (const key of Object.keys(now).sort()) call.print(`${key}=${now[key]}\n`);
    return;
  }
  if (!flags.bool("overwrite")) {
    const taken = [...values].filter(([key, value]) => value !== undefined && key in now && now[key] !== value);
    if (taken.length > 0 && noun === "label") {
      throw new CommandError(
        taken.map(([key]) => `'${key}' already has a value (${now[key]}), and --overwrite is false`).join("\n"),
      );
    }
    if (taken.length > 0)
      throw new CommandError(
        `--overwrite is false but found the following declared annotation(s): ${taken.map(([key]) => `'${key}' already has a value (${now[key]})`).join("; ")}`,
      );
  }
  for (const [key, value] of values)
    if (value === undefined && !(key in now)) call.print(`${noun} ${JSON.stringify(key)} not found.\n`);
  const changed = [...values].filter(([key, value]) => (value === undefined ? key in now : now[key] !== value));
  const operation =
    changed.length === 0
      ? noun === "label"
        ? "not labeled"
        : done
      : changed.every(([, value]) => value === undefined) && noun === "label"
        ? "unlabeled"
        : done;
  const after = {
    ...object,
    metadata: {
      ...object.metadata,
      [field]: Object.fromEntries(
        Object.entries({ ...now, ...Object.fromEntries(values) }).filter(([, value]) => value !== undefined),
      ),
    },
  };
  if (dryRunOf(call) === "client" || changed.length === 0) return printDone(call, mapping, after, operation);
  const version = flags.string("resource-version");
  const rest = await call.rest();
  const patched = await rest.json({
    method: "PATCH",
    path: pathOf(mapping, namespace, name),
    query: writeQuery(call),
    contentType: patchTypes.merge,
    body: {
      metadata: {
        [field]: Object.fromEntries(changed.map(([key, value]) => [key, value ?? null])),
        ...(version ? { resourceVersion: version } : {}),
      },
    },
  });
  await printDone(call, mapping, patched, operation);
}

export const label = metadataCommand("label", "labels", "labeled", "Update the labels on a resource");
export const annotate = metadataCommand("annotate", "annotations", "annotated", "Update the annotations on a resource");
