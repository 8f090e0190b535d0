import { defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { patchTypes } from "../rest.ts";
import { fetchTargets, targetsOf } from "../targets.ts";
import { dryRunOf, eachGathered, printDone, writeQuery } from "../writing.ts";

export const scale = defineCommand({
  path: "scale",
  usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]",
  summary: "Set a new size for a deployment, replica set, or replication controller",
  examples: `
# Three replicas
kubectl scale --replicas=3 deployment/web`,
  flags: {
    ...fileFlags,
    ...printFlags,
    ...selectorFlags,
    all: { type: "bool", help: "Select all resources in the namespace of the specified resource types" },
    "current-replicas": {
      type: "int",
      default: "-1",
      help: "Precondition for current size. Requires that the current size of the resource match this value in order to scale.",
    },
    "dry-run": dryRunFlag,
    replicas: { type: "int", default: "-1", help: "The new desired number of replicas. Required." },
    "resource-version": { type: "string", help: "Precondition for resource version." },
    timeout: {
      type: "duration",
      help: "The length of time to wait before giving up on a scale operation, zero means don't wait.",
    },
  },
  async run(call) {
    const { flags } = call;
    if (!flags.given("replicas")) throw new CommandError('required flag(s) "replicas" not set');
    const replicas = flags.int("replicas");
    if (replicas < 0)
      throw new CommandError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
    const rest = await call.rest();
    const errors: unknown[] = [];
    const found = await fetchTargets(call, await targetsOf(call), errors);
    errors.push(
      ...(await eachGathered(found, async ({ mapping, namespace, name, object }) => {
        if (dryRunOf(call) === "client") return printDone(call, mapping, object, "scaled");
        const path = pathOf(mapping, namespace, name, "scale");
        const expected = flags.int("current-replicas");
        if (expected >= 0) {
          const now = (await rest.json({ path })).spec.replicas ?? 0;
          if (now !== expected) throw new CommandError(`Expected replicas to be ${expected}, was ${now}`);
        }
        const body = {
          spec: { replicas },
          ...(flags.string("resource-version")
            ? { metadata: { resourceVersion: flags.string("resource-version") } }
            : {}),
        };
        await rest.json({
          method: "PATCH",
          path,
          query: writeQuery(call),
          body,
          contentType: patchTypes.merge,
          raw: true,
        });
        await printDone(call, mapping, object, "scaled");
      })),
    );
    if (found.length === 0) {
      const why = errors.map((error) => ` ${(error as Error).message}`).join("");
      throw new CommandError(`no objects passed to scale${why}`);
    }
    throwAll(errors);
  },
});
