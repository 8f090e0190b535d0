import { defineCommand } from "../command.ts";
import { CommandError, prefixed, throwAll } from "../errors.ts";
import { readFileObjects } from "../files.ts";
import { dryRunFlag, fieldManagerFlag, fileFlags, printFlags, validateFlag } from "../flag_sets.ts";
import { dryRunOf, eachGathered, postObject, printDone, sendRaw, withLastApplied, writeQuery } from "../writing.ts";

export const create = defineCommand({
  path: "create",
  usage: "-f FILENAME [options]",
  summary: "Create a resource from a file or from stdin",
  examples: `
# What a file describes
kubectl create -f pod.yaml

# What another program writes
cat pod.json | kubectl create -f -`,
  flags: {
    ...fileFlags,
    ...printFlags,
    "dry-run": dryRunFlag,
    edit: { type: "bool", help: "Edit the API resource before creating" },
    "field-manager": fieldManagerFlag("kubectl-create"),
    raw: { type: "string", help: "Raw URI to POST to the server." },
    "save-config": {
      type: "bool",
      help: "If true, the configuration of current object will be saved in its annotation.",
    },
    selector: { type: "string", short: "l", help: "Selector (label query) to filter on." },
    validate: validateFlag,
  },
  async run(call) {
    const { flags, args } = call;
    if (flags.string("raw")) return sendRaw(call, "POST");
    if (flags.list("filename").length === 0 && !flags.string("kustomize")) {
      if (args.length > 0)
        throw new CommandError(`Unexpected args: [${args.join(" ")}]\nSee 'kubectl create -h' for help and examples`);
      throw new CommandError("must specify one of -f and -k");
    }
    if (args.length > 0)
      throw new CommandError(`Unexpected args: [${args.join(" ")}]\nSee 'kubectl create -h' for help and examples`);
    if (flags.bool("edit")) throw new CommandError("not supported yet: create --edit");
    writeQuery(call); // Refuses flags before anything is read.
    const errors = await eachGathered(await readFileObjects(call), async ({ object, mapping, namespace, source }) => {
      const given = flags.bool("save-config") ? await withLastApplied(object) : object;
      if (dryRunOf(call) === "client") return printDone(call, mapping, given, "created");
      try {
        await printDone(call, mapping, await postObject(call, mapping, namespace, given), "created");
      } catch (error) {
        throw prefixed(`error when creating ${JSON.stringify(source)}`, error);
      }
    });
    throwAll(errors);
  },
});
