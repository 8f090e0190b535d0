// `-o`: what turns objects into text, but for the server's tables.

import { goJsonIndented } from "../../api/machinery/go_json.ts";
import type { Call } from "../command.ts";
import { shownKind } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { absolute } from "../kubeconfig.ts";

/** An object or a List → its text. */
export type Printer = (object: any) => string;

const templateFormats = [
  "go-template",
  "template",
  "go-template-file",
  "templatefile",
  "jsonpath",
  "jsonpath-as-json",
  "jsonpath-file",
];
const objectFormats = ["json", "yaml", "name", ...templateFormats];

/** Whether a format is one that works on objects (all but tables). */
export function splitFormat(output: string): { format: string; argument: string } {
  const equals = output.indexOf("=");
  return equals < 0
    ? { format: output, argument: "" }
    : { format: output.slice(0, equals), argument: output.slice(equals + 1) };
}

/** Go's library's message for a format that there is none of. */
export function unknownFormat(output: string, more: readonly string[] = []): CommandError {
  const formats = [...objectFormats, ...more].sort();
  return new CommandError(
    `unable to match a printer suitable for the output format "${output}", allowed formats are: ${formats.join(",")}`,
  );
}

/** The printer that `-o` asks for; undefined without `-o`. Throws a CommandError for formats that there are none of. */
export async function printerOf(
  call: Call,
  kindOf: (object: any) => string = kindFromObject,
): Promise<Printer | undefined> {
  const { flags } = call;
  const template = "template" in call.command.flags ? flags.string("template") : "";
  const output = flags.string("output") || (template ? "go-template" : "");
  if (output === "") return undefined;
  const { format, argument } = splitFormat(output);
  const keepManaged = "show-managed-fields" in call.command.flags && flags.bool("show-managed-fields");
  const clean = (object: any) => (keepManaged ? object : withoutManagedFields(object));
  switch (format) {
    case "json":
      return (object) => `${goJsonIndented(clean(object))}\n`;
    case "yaml":
      return yamlPrinter(clean);
    case "name":
      return (object) =>
        isList(object)
          ? object.items.map((item: any) => `${kindOf(item)}/${item.metadata?.name}\n`).join("")
          : `${kindOf(object)}/${object.metadata?.name}\n`;
    case "jsonpath":
    case "jsonpath-as-json":
    case "jsonpath-file":
      return jsonPathPrinter(call, format, argument || template);
    case "go-template":
    case "template":
    case "go-template-file":
    case "templatefile":
      return templatePrinter(call, format, argument || template);
    default:
      throw unknownFormat(output);
  }
}

async function yamlPrinter(clean: Printer): Promise<Printer> {
  const { dumpYaml } = await import("../../api/machinery/yaml.ts");
  let count = 0;
  return (object) => `${count++ > 0 ? "---\n" : ""}${dumpYaml(clean(object))}`;
}

async function readText(call: Call, path: string): Promise<string> {
  return call.machine.disk.readText(absolute(path, call.self.cwd())).catch(() => {
    throw new CommandError(`error reading --template ${path}, open ${path}: no such file or directory`);
  });
}

async function jsonPathPrinter(call: Call, format: string, given: string): Promise<Printer> {
  const { parseJsonPath, JsonPathError } = await import("../../api/machinery/jsonpath.ts");
  if (given === "") throw new CommandError(`template format specified but no template given`);
  const template = format === "jsonpath-file" ? await readText(call, given) : given;
  const guard = <T>(run: () => T, words: (why: string) => string): T => {
    try {
      return run();
    } catch (error) {
      if (error instanceof JsonPathError) throw new CommandError(words(error.message));
      throw error;
    }
  };
  const path = guard(
    () => parseJsonPath(template, { allowMissing: call.flags.bool("allow-missing-template-keys") }),
    (why) => `error parsing jsonpath ${template}, ${why}`,
  );
  return (object) =>
    guard(
      () => (format === "jsonpath-as-json" ? `${goJsonIndented(path.find(object).flat())}\n` : path.print(object)),
      (why) =>
        `error executing jsonpath ${JSON.stringify(template)}: Error executing template: ${why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${JSON.stringify(object)}\n\n`,
    );
}

async function templatePrinter(call: Call, format: string, given: string): Promise<Printer> {
  const [{ compileTemplate }, { TemplateError }] = await Promise.all([
    import("./template.ts"),
    import("./template_parse.ts"),
  ]);
  if (given === "") throw new CommandError("template format specified but no template given");
  const source = format.endsWith("file") ? await readText(call, given) : given;
  try {
    const run = compileTemplate(source, { allowMissing: call.flags.bool("allow-missing-template-keys") });
    return (object) => {
      try {
        return run(object);
      } catch (error) {
        if (error instanceof TemplateError)
          throw new CommandError(`error executing template ${JSON.stringify(source)}: ${error.message}`);
        throw error;
      }
    };
  } catch (error) {
    if (error instanceof TemplateError)
      throw new CommandError(`error parsing template ${source}, template: output:1: ${error.message}`);
    throw error;
  }
}

/** Whether an object is a list of objects. */
export function isList(object: any): object is { items: any[]; kind: string } {
  return Array.isArray(object?.items) && String(object.kind ?? "").endsWith("List");
}

/** The same without `metadata.managedFields`, in lists too. */
export function withoutManagedFields(object: any): any {
  if (isList(object)) return { ...object, items: object.items.map(withoutManagedFields) };
  if (!object?.metadata?.managedFields) return object;
  const { managedFields: _gone, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** `deployment.apps` from the object alone. */
export function kindFromObject(object: any): string {
  const group = String(object.apiVersion ?? "").includes("/") ? object.apiVersion.split("/")[0] : "";
  return shownKind({ kind: object.kind ?? "", group });
}
