// `apply view-last-applied` and `apply set-last-applied`: the annotation in which client-side apply remembers.

import { goJson, goJsonIndented } from "../../api/machinery/go_json.ts";
import { dumpYaml } from "../../api/machinery/yaml.ts";
import { defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { readFileObjects } from "../files.ts";
import { dryRunFlag, fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { patchTypes } from "../rest.ts";
import { fetchTargets, targetsOf } from "../targets.ts";
import { dryRunOf, eachGathered, lastAppliedAnnotation, printDone, writeQuery } from "../writing.ts";

export const applyViewLastApplied = defineCommand({
  path: "apply view-last-applied",
  usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]",
  summary: "View the latest last-applied-configuration annotations of a resource/object",
  flags: {
    ...fileFlags,
    selector: selectorFlags.selector!,
    all: { type: "bool", help: "Select all resources in the namespace of the specified resource types" },
    output: { type: "string", short: "o", default: "yaml", help: "Output format. Must be one of (yaml, json)" },
  },
  async run(call) {
    const output = call.flags.string("output");
    if (output !== "yaml" && output !== "json") {
      const help = "See 'view-last-applied -h' for help and examples";
      throw new CommandError(
        `Unexpected -o output mode: ${output}, the flag 'output' must be one of yaml|json\n${help}`,
      );
    }
    const errors: unknown[] = [];
    for (const { object } of await fetchTargets(call, await targetsOf(call, call.args, { allowLists: true }), errors)) {
      const text: string | undefined = object.metadata.annotations?.[lastAppliedAnnotation];
      // Without the annotation kubectl prints nothing.
      if (text === undefined) continue;
      call.print(output === "json" ? `${goJsonIndented(JSON.parse(text), 2)}\n` : dumpYaml(JSON.parse(text)));
    }
    throwAll(errors);
  },
});

export const applySetLastApplied = defineCommand({
  path: "apply set-last-applied",
  usage: "-f FILENAME [options]",
  summary: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
  flags: {
    ...fileFlags,
    ...printFlags,
    "create-annotation": {
      type: "bool",
      help: "Will create 'last-applied-configuration' annotations if current objects doesn't have one",
    },
    "dry-run": dryRunFlag,
  },
  async run(call) {
    const rest = await call.rest();
    const files = await readFileObjects(call);
    const errors = await eachGathered(files, async ({ object, mapping, namespace, name }) => {
      const path = pathOf(mapping, namespace, name);
      const live = await rest.json({ path });
      const known: string | undefined = live.metadata.annotations?.[lastAppliedAnnotation];
      if (known === undefined && !call.flags.bool("create-annotation"))
        throw new CommandError(
          `no last-applied-configuration annotation found on resource: ${name}, to create the annotation, run the command with --create-annotation`,
        );
      const { [lastAppliedAnnotation]: _old, ...annotations } = object.metadata.annotations ?? {};
      const metadata = object.metadata.annotations ? { ...object.metadata, annotations } : object.metadata;
      const text = `${goJson({ ...object, metadata })}\n`;
      if (known !== undefined && goJson(JSON.parse(known)) === text.trimEnd())
        return call.print(`set-last-applied ${name}: no changes required.\n`);
      if (dryRunOf(call) === "client") return printDone(call, mapping, live, "configured");
      const body = { metadata: { annotations: { [lastAppliedAnnotation]: text } } };
      const asked = { method: "PATCH", path, query: writeQuery(call), body, contentType: patchTypes.merge };
      await printDone(call, mapping, await rest.json(asked), "configured");
    });
    throwAll(errors);
  },
});
