import { hasReason } from "../../api/machinery/status.ts";
import { defineCommand } from "../command.ts";
import { apiVersionOf, pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, fieldManagerFlag, fileFlags, printFlags } from "../flag_sets.ts";
import { absolute } from "../kubeconfig.ts";
import { patchTypes } from "../rest.ts";
import { targetsOf } from "../targets.ts";
import { dryRunOf, eachGathered, printDone, writeQuery } from "../writing.ts";

export const patch = defineCommand({
  path: "patch",
  usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]",
  summary: "Update fields of a resource",
  examples: `
# A strategic merge patch
kubectl patch node k8s-node-1 -p '{"spec":{"unschedulable":true}}'

# A JSON patch
kubectl patch pod web --type=json -p='[{"op": "replace", "path": "/spec/containers/0/image", "value":"new image"}]'`,
  flags: {
    ...fileFlags,
    ...printFlags,
    "dry-run": dryRunFlag,
    "field-manager": fieldManagerFlag("kubectl-patch"),
    local: {
      type: "bool",
      help: "If true, patch will operate on the content of the file, not the server-side resource.",
    },
    patch: { type: "string", short: "p", help: "The patch to be applied to the resource JSON file." },
    "patch-file": { type: "string", help: "A file containing a patch to be applied to the resource." },
    subresource: {
      type: "string",
      help: "If specified, patch will operate on the subresource of the requested object.",
    },
    type: {
      type: "string",
      default: "strategic",
      help: "The type of patch being provided; one of [json merge strategic]",
    },
  },
  async run(call) {
    const { flags, machine, self } = call;
    const type = flags.string("type").toLowerCase();
    if (!["json", "merge", "strategic"].includes(type))
      throw new CommandError(`--type must be one of [json merge strategic], not ${JSON.stringify(type)}`);
    const given = flags.string("patch-file")
      ? await machine.disk.readText(absolute(flags.string("patch-file"), self.cwd()))
      : flags.string("patch");
    if (!given) throw new CommandError("must specify --patch or --patch-file containing the contents of the patch");
    if (flags.bool("local")) throw new CommandError("not supported yet: patch --local");
    const { parseYaml } = await import("../../api/machinery/yaml.ts");
    let body: unknown;
    try {
      body = parseYaml(given).value;
    } catch (error) {
      throw new CommandError(`unable to parse ${JSON.stringify(given)}: ${(error as Error).message}`);
    }
    const rest = await call.rest();
    const errors = await eachGathered(await targetsOf(call), async ({ mapping, namespace, name }) => {
      const path = pathOf(mapping, namespace, name, flags.string("subresource") || undefined);
      const before = await rest.json({ path });
      if (dryRunOf(call) === "client") return printDone(call, mapping, before, "patched");
      const contentType = patchTypes[type as keyof typeof patchTypes];
      const after = await rest
        .json({ method: "PATCH", path, query: writeQuery(call), body: JSON.stringify(body), contentType })
        .catch((error) => {
          if (!hasReason(error, "UnsupportedMediaType")) throw error;
          const kind = `${apiVersionOf(mapping)}, Kind=${mapping.kind}`;
          throw new CommandError(`${contentType} is not supported by ${kind}: ${(error as Error).message}`);
        });
      const changed =
        after.metadata?.resourceVersion !== before.metadata?.resourceVersion || dryRunOf(call) === "server";
      await printDone(call, mapping, after, changed ? "patched" : "patched (no change)");
    });
    throwAll(errors);
  },
});
