import { type Call, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { absolute } from "../kubeconfig.ts";
import { parseColumnsFile, parseCustomColumns, printCustomColumns } from "../printers/columns.ts";
import { isList, printerOf, splitFormat, unknownFormat } from "../printers/printer.ts";
import { listAll, type Target, targetsOf } from "../targets.ts";
import { rawPath } from "../writing.ts";
import { printTables } from "./get_tables.ts";

export const get = defineCommand({
  path: "get",
  usage:
    "[(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]",
  summary: "Display one or many resources",
  examples: `
# The pods of this namespace
kubectl get pods

# With nodes and addresses
kubectl get pods -o wide

# One deployment as YAML
kubectl get deployment web -o yaml

# What changes, as it changes
kubectl get pods --watch`,
  flags: {
    ...fileFlags,
    ...printFlags,
    ...selectorFlags,
    output: {
      ...printFlags.output!,
      help: "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file, custom-columns, custom-columns-file, wide).",
    },
    "all-namespaces": {
      type: "bool",
      short: "A",
      help: "If present, list the requested object(s) across all namespaces.",
    },
    "chunk-size": {
      type: "int",
      default: "500",
      help: "Return large lists in chunks rather than all at once. Pass 0 to disable.",
    },
    "ignore-not-found": {
      type: "bool",
      help: "If set to true, suppresses NotFound error for specific objects that do not exist.",
    },
    "label-columns": {
      type: "strings",
      short: "L",
      help: "Accepts a comma separated list of labels that are going to be presented as columns.",
    },
    "no-headers": {
      type: "bool",
      help: "When using the default or custom-column output format, don't print headers (default print headers).",
    },
    "output-watch-events": { type: "bool", help: "Output watch event objects when --watch or --watch-only is used." },
    raw: { type: "string", help: "Raw URI to request from the server." },
    "server-print": {
      type: "bool",
      default: "true",
      help: "If true, have the server return the appropriate table output.",
    },
    "show-kind": { type: "bool", help: "If present, list the resource type for the requested object(s)." },
    "show-labels": {
      type: "bool",
      help: "When printing, show all labels as the last column (default hide labels column)",
    },
    "sort-by": { type: "string", help: "If non-empty, sort list types using this field specification." },
    subresource: { type: "string", help: "If specified, gets the subresource of the requested object." },
    watch: { type: "bool", short: "w", help: "After listing/getting the requested object, watch for changes." },
    "watch-only": {
      type: "bool",
      help: "Watch for changes to the requested object(s), without listing/getting first.",
    },
  },
  async run(call) {
    const { flags, args } = call;
    if (flags.string("raw")) return raw(call);
    if (args.length === 0 && flags.list("filename").length === 0 && !flags.string("kustomize")) {
      call.printError(
        'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
      );
      throw new CommandError(
        "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples",
      );
    }
    const { format } = splitFormat(flags.string("output"));
    checkFormat(flags.string("output"));
    const targets = await targetsOf(call, args, { allowLists: true });
    if (flags.string("subresource") && targets.some(({ name }) => name === undefined))
      throw new CommandError("subresource cannot be used when bulk resources are specified");
    const isTable = !flags.string("template") && (format === "" || format === "wide");
    if (flags.bool("watch") || flags.bool("watch-only")) {
      const { watchTargets } = await import("./get_watch.ts");
      return watchTargets(call, targets, isTable);
    }
    return isTable ? printTables(call, targets) : printObjects(call, targets);
  },
});

function checkFormat(output: string): void {
  const { format } = splitFormat(output);
  const known = [
    "",
    "wide",
    "json",
    "yaml",
    "name",
    "go-template",
    "template",
    "go-template-file",
    "templatefile",
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "custom-columns",
    "custom-columns-file",
  ];
  if (!known.includes(format)) throw unknownFormat(output, ["custom-columns", "custom-columns-file", "wide"]);
}

async function raw(call: Call): Promise<void> {
  const rest = await call.rest();
  for await (const chunk of await rest.stream({ path: rawPath(call.flags.string("raw")), accept: "*/*", raw: true }))
    call.self.printBytes(chunk, "stdout");
}

/** Everything but tables: one object as it is, several as a List. */
async function printObjects(call: Call, targets: readonly Target[]): Promise<void> {
  const { flags } = call;
  const errors: unknown[] = [];
  const objects: any[] = [];
  for (const target of targets) {
    try {
      if (target.name === undefined)
        objects.push(...(await listAll(call, target, undefined, flags.int("chunk-size"))).items);
      else objects.push(await getOne(call, target));
    } catch (error) {
      if (!(flags.bool("ignore-not-found") && (error as { reason?: string }).reason === "NotFound")) errors.push(error);
    }
  }
  const single = targets.length === 1 && targets[0]!.name !== undefined;
  const ordered = await sortObjects(objects, flags.string("sort-by"));
  const { format, argument } = splitFormat(flags.string("output"));
  if (format.startsWith("custom-columns")) await printColumns(call, ordered, format, argument);
  else if (!(single && objects.length === 0)) {
    const print = (await printerOf(call))!;
    if (format === "name") call.print(ordered.map(print).join(""));
    else
      call.print(
        print(
          single ? ordered[0] : { apiVersion: "v1", items: ordered, kind: "List", metadata: { resourceVersion: "" } },
        ),
      );
  }
  throwAll(errors);
}

async function getOne(call: Call, { mapping, namespace, name }: Target): Promise<any> {
  const rest = await call.rest();
  return rest.json({ path: pathOf(mapping, namespace, name, call.flags.string("subresource") || undefined) });
}

async function printColumns(call: Call, objects: any[], format: string, argument: string): Promise<void> {
  const { flags, self, machine } = call;
  const columns =
    format === "custom-columns"
      ? parseCustomColumns(argument)
      : parseColumnsFile(await machine.disk.readText(absolute(argument, self.cwd())));
  const items = objects.flatMap((object) => (isList(object) ? object.items : [object]));
  call.print(printCustomColumns(columns, items, flags.bool("no-headers")));
}

async function sortObjects(objects: any[], sortBy: string): Promise<any[]> {
  if (sortBy === "") return objects;
  const { sorterBy } = await import("../printers/sort.ts");
  return sorterBy(sortBy)(objects, (object) => object);
}
