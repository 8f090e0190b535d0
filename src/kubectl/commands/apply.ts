import { hasReason } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { apiVersionOf, pathOf } from "../discovery.ts";
import { CommandError, prefixed, throwAll } from "../errors.ts";
import { type FileObject, readFileObjects } from "../files.ts";
import { dryRunFlag, fieldManagerFlag, fileFlags, printFlags, validateFlag } from "../flag_sets.ts";
import { printerOf } from "../printers/printer.ts";
import { patchTypes } from "../rest.ts";
import { dryRunOf, eachGathered, lastAppliedAnnotation, printDone, withLastApplied, writeQuery } from "../writing.ts";
import { planApply } from "./apply_patch.ts";
import { applyOnServer } from "./apply_server.ts";

const cascades = {
  type: "string",
  default: "background",
  bare: "background",
  help: 'Must be "background", "orphan", or "foreground".',
} as const;

export const apply = defineCommand({
  path: "apply",
  usage: "(-f FILENAME | -k DIRECTORY) [options]",
  summary: "Apply a configuration to a resource by file name or stdin",
  examples: `
# Makes or changes what a file describes
kubectl apply -f pod.yaml

# A whole directory
kubectl apply -R -f deploy/`,
  flags: {
    ...fileFlags,
    ...printFlags,
    all: { type: "bool", help: "Select all resources in the namespace of the specified resource types." },
    cascade: cascades,
    "dry-run": dryRunFlag,
    "field-manager": fieldManagerFlag(""),
    force: { type: "bool", help: "If true, immediately remove resources from API and bypass graceful deletion." },
    "force-conflicts": { type: "bool", help: "If true, server-side apply will force the changes against conflicts." },
    "grace-period": {
      type: "int",
      default: "-1",
      help: "Period of time in seconds given to the resource to terminate gracefully.",
    },
    "openapi-patch": {
      type: "bool",
      default: "true",
      help: "If true, use openapi to calculate diff when the openapi presents and the resource can be found in the openapi spec.",
    },
    overwrite: {
      type: "bool",
      default: "true",
      help: "Automatically resolve conflicts between the modified and live configuration by using values from the modified configuration",
    },
    prune: { type: "bool", help: "Automatically delete resource objects that do not appear in the configs." },
    "prune-allowlist": { type: "array", help: "Overwrite the default allowlist with <group/version/kind> for --prune" },
    selector: { type: "string", short: "l", help: "Selector (label query) to filter on." },
    "server-side": { type: "bool", help: "If true, apply runs in the server instead of the client." },
    subresource: {
      type: "string",
      help: "If specified, apply will operate on the subresource of the requested object.",
    },
    timeout: { type: "duration", help: "The length of time to wait before giving up on a delete." },
    validate: validateFlag,
    wait: { type: "bool", help: "If true, wait for resources to be gone before returning." },
  },
  async run(call) {
    const { flags, args } = call;
    if (args.length > 0)
      throw new CommandError(`Unexpected args: [${args.join(" ")}]\nSee 'kubectl apply -h' for help and examples`);
    if (flags.bool("prune")) throw new CommandError("not supported yet: apply --prune");
    if (flags.list("filename").length === 0 && !flags.string("kustomize"))
      throw new CommandError("must specify one of -f and -k");
    if (flags.bool("force") && flags.bool("server-side"))
      throw new CommandError("--force cannot be used with --server-side");
    if (flags.bool("force") && dryRunOf(call) === "server")
      throw new CommandError("--dry-run=server cannot be used with --force");
    if (flags.bool("force-conflicts") && !flags.bool("server-side")) {
      throw new CommandError("--force-conflicts only works with --server-side");
    }
    if (flags.bool("server-side") && dryRunOf(call) === "client") {
      throw new CommandError(
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
      );
    }
    writeQuery(call); // Refuses flags before anything is read.
    const objects = await readFileObjects(call);
    const output = flags.string("output");
    const listed: any[] = [];
    const done: Done = async (file, object, operation) => {
      if (output && output !== "name") listed.push(object);
      else await printDone(call, file.mapping, object, operation);
    };
    const errors = await eachGathered(objects, async (file) =>
      flags.bool("server-side")
        ? done(file, await applyOnServer(call, file), "serverside-applied")
        : applyHere(call, file, done),
    );
    if (listed.length > 0) {
      const print = (await printerOf(call))!;
      call.print(
        print(
          listed.length === 1
            ? listed[0]
            : { apiVersion: "v1", items: listed, kind: "List", metadata: { resourceVersion: "" } },
        ),
      );
    }
    throwAll(errors);
  },
});

type Done = (file: FileObject, object: any, operation: string) => Promise<void>;

async function applyHere(call: Call, file: FileObject, done: Done): Promise<void> {
  const { object, mapping, namespace, name, source } = file;
  const rest = await call.rest();
  const path = pathOf(mapping, namespace, name);
  const modified = await withLastApplied(object);
  const manager = call.flags.string("field-manager") || "kubectl-client-side-apply";
  const current = await rest.json({ path }).catch((error) => {
    if (hasReason(error, "NotFound")) return undefined;
    throw prefixed(
      `error when retrieving current configuration of:\n${resourceText(file)}\nfrom server for: ${JSON.stringify(source)}`,
      error,
    );
  });
  if (current === undefined) {
    if (dryRunOf(call) === "client") return done(file, modified, "created");
    const query = { ...writeQuery(call), fieldManager: manager };
    const made = await rest
      .json({ method: "POST", path: pathOf(mapping, namespace), query, body: modified })
      .catch((error) => {
        throw prefixed(`error when creating ${JSON.stringify(source)}`, error);
      });
    return done(file, made, "created");
  }
  if (!current.metadata.annotations?.[lastAppliedAnnotation]) {
    call.printError(
      `Warning: resource ${mapping.plural}/${name} is missing the ${lastAppliedAnnotation} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  const { patch, type } = await planApply(current, modified, mapping);
  if (dryRunOf(call) === "client")
    return done(file, current, Object.keys(patch).length === 0 ? "unchanged" : "configured");
  if (Object.keys(patch).length === 0) return done(file, current, "unchanged");
  const patched = await rest
    .json({
      method: "PATCH",
      path,
      query: { ...writeQuery(call), fieldManager: manager },
      body: patch,
      contentType: patchTypes[type],
    })
    .catch((error) => {
      throw prefixed(
        `error when applying patch:\n${JSON.stringify(patch)}\nto:\n${resourceText(file)}\nfor: ${JSON.stringify(source)}: error when patching ${JSON.stringify(source)}`,
        error,
      );
    });
  await done(file, patched, "configured");
}

function resourceText({ mapping, name, namespace }: FileObject): string {
  const version = apiVersionOf(mapping);
  return `Resource: "${version}, Resource=${mapping.plural}", GroupVersionKind: "${version}, Kind=${mapping.kind}"\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace ?? "")}`;
}
