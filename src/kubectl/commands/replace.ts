import { hasReason } from "../../api/machinery/status.ts";
import { defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, prefixed, throwAll } from "../errors.ts";
import { readFileObjects } from "../files.ts";
import { dryRunFlag, fieldManagerFlag, fileFlags, printFlags, validateFlag } from "../flag_sets.ts";
import {
  dryRunOf,
  eachGathered,
  lastAppliedAnnotation,
  postObject,
  printDone,
  sendRaw,
  withLastApplied,
  writeQuery,
} from "../writing.ts";

export const replace = defineCommand({
  path: "replace",
  usage: "-f FILENAME [options]",
  summary: "Replace a resource by file name or stdin",
  flags: {
    ...fileFlags,
    ...printFlags,
    "dry-run": dryRunFlag,
    "field-manager": fieldManagerFlag("kubectl-replace"),
    force: { type: "bool", help: "If true, immediately remove resources from API and bypass graceful deletion." },
    "grace-period": {
      type: "int",
      default: "-1",
      help: "Period of time in seconds given to the resource to terminate gracefully.",
    },
    raw: { type: "string", help: "Raw URI to PUT to the server." },
    "save-config": {
      type: "bool",
      help: "If true, the configuration of current object will be saved in its annotation.",
    },
    subresource: {
      type: "string",
      help: "If specified, replace will operate on the subresource of the requested object.",
    },
    validate: validateFlag,
  },
  async run(call) {
    const { flags } = call;
    if (flags.string("raw")) return sendRaw(call, "PUT");
    if (flags.list("filename").length === 0) throw new CommandError("must specify one of -f and -k");
    const rest = await call.rest();
    const errors = await eachGathered(
      await readFileObjects(call),
      async ({ object, mapping, namespace, name, source }) => {
        const path = pathOf(mapping, namespace, name, flags.string("subresource") || undefined);
        try {
          if (flags.bool("force")) {
            const body = {
              kind: "DeleteOptions",
              apiVersion: "v1",
              gracePeriodSeconds: Math.max(0, flags.int("grace-period")),
            };
            await rest.json({ method: "DELETE", path, body }).catch((error) => {
              if (!hasReason(error, "NotFound")) throw error;
            });
            call.print(`${mapping.kind.toLowerCase()} ${JSON.stringify(name)} deleted\n`);
            while (
              await rest.json({ path }).then(
                () => true,
                () => false,
              )
            )
              await call.machine.clock.sleep(200);
            return printDone(call, mapping, await postObject(call, mapping, namespace, object), "replaced");
          }
          if (dryRunOf(call) === "client") return printDone(call, mapping, object, "replaced");
          // What cannot be read may still be written: the PUT says what is wrong.
          const current = await rest.json({ path }).catch(() => ({ metadata: {} as any }));
          const keep = flags.bool("save-config") || current.metadata.annotations?.[lastAppliedAnnotation];
          const given = keep ? await withLastApplied(object) : object;
          const resourceVersion = given.metadata.resourceVersion ?? current.metadata.resourceVersion;
          const body = { ...given, metadata: { ...given.metadata, resourceVersion } };
          await printDone(
            call,
            mapping,
            await rest.json({ method: "PUT", path, query: writeQuery(call), body }),
            "replaced",
          );
        } catch (error) {
          throw prefixed(`error when replacing ${JSON.stringify(source)}`, error);
        }
      },
    );
    throwAll(errors);
  },
});
