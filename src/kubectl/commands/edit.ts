import { goJson } from "../../api/machinery/go_json.ts";
import { StatusError } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { pathOf, qualifiedName } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { fieldManagerFlag, fileFlags, printFlags, validateFlag } from "../flag_sets.ts";
import { withoutManagedFields } from "../printers/printer.ts";
import { patchTypes } from "../rest.ts";
import { type Found, fetchTargets, targetsOf } from "../targets.ts";
import { printDone, withLastApplied, writeQuery } from "../writing.ts";
import { planPatch } from "./apply_patch.ts";

const comment = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

export const edit = defineCommand({
  path: "edit",
  usage: "(RESOURCE/NAME | -f FILENAME) [options]",
  summary: "Edit a resource on the server",
  flags: {
    ...fileFlags,
    ...printFlags,
    "field-manager": fieldManagerFlag("kubectl-edit"),
    "output-patch": { type: "bool", help: "Output the patch if the resource is edited." },
    "save-config": {
      type: "bool",
      help: "If true, the configuration of current object will be saved in its annotation.",
    },
    subresource: {
      type: "string",
      help: "If specified, edit will operate on the subresource of the requested object.",
    },
    validate: validateFlag,
    "windows-line-endings": { type: "bool", help: "Defaults to the line ending native to your platform." },
  },
  async run(call) {
    const errors: unknown[] = [];
    const found = await fetchTargets(call, await targetsOf(call, call.args, { allowLists: true }), errors);
    throwAll(errors);
    if (found.length === 0) throw new CommandError("edit cancelled, no objects found");
    const subresource = call.flags.string("subresource");
    const rest = await call.rest();
    if (subresource)
      for (const each of found)
        each.object = await rest.json({ path: pathOf(each.mapping, each.namespace, each.name, subresource) });
    return editUntilSaved(call, found);
  },
});

async function editUntilSaved(call: Call, found: readonly Found[]): Promise<void> {
  const { dumpYaml, parseYamlDocuments } = await import("../../api/machinery/yaml.ts");
  const { disk, random } = call.machine;
  const shown = found.map(({ object }) => withoutManagedFields(object));
  const original = shown.map((object) => dumpYaml(object)).join("---\n");
  const path = `/tmp/kubectl-edit-${Math.trunc(random.next() * 1e10)}.yaml`;
  let note = "";
  let content = original;
  for (;;) {
    await disk.write(path, comment + note + content, { mode: 0o600 });
    await openEditor(call, path);
    const edited = (await disk.readText(path)).replace(/^#.*\n?/gm, "");
    if (note && edited === content) {
      call.printError(`A copy of your changes has been stored to ${JSON.stringify(path)}\n`);
      throw new CommandError("Edit cancelled, no valid changes were saved.");
    }
    if (edited === original || edited.trim() === "") {
      await disk.remove(path);
      const why = edited === original ? "no changes made" : "saved file was empty";
      call.printError(`Edit cancelled, ${why}.\n`);
      return;
    }
    const failures = await saveAll(call, found, shown, () => parseYamlDocuments(edited) as any[]);
    if (failures.length === 0) return disk.remove(path);
    for (const failure of failures) call.printError(`${failure}\n`);
    note = `${failures
      .join("\n")
      .split("\n")
      .map((line) => `# ${line}\n`)
      .join("")}#\n`;
    content = edited;
  }
}

async function openEditor({ self }: Call, path: string): Promise<void> {
  const editor = self.env.KUBE_EDITOR || self.env.EDITOR || "vi";
  const code = await self.runInTerminal("/bin/sh", ["-c", `${editor} "$0"`, path]);
  if (code !== 0) throw new CommandError(`there was a problem with the editor ${JSON.stringify(editor)}`);
}

/** Saves what changed. Resolves to why some could not be. */
async function saveAll(
  call: Call,
  found: readonly Found[],
  shown: readonly any[],
  parse: () => any[],
): Promise<string[]> {
  let edited: any[];
  try {
    edited = parse().filter(Boolean);
  } catch (error) {
    return [`error: the edited file had a syntax error: ${(error as Error).message}`];
  }
  const failures: string[] = [];
  for (const [index, object] of edited.entries()) {
    const one = found[index];
    if (!one || !isSame(one.object, object)) return ["error: At least one of apiVersion, kind and name was changed"];
    try {
      await save(call, one, shown[index], object);
    } catch (error) {
      failures.push(failureText(one, error));
    }
  }
  return failures;
}

function isSame(a: any, b: any): boolean {
  return a.apiVersion === b.apiVersion && a.kind === b.kind && a.metadata?.name === b.metadata?.name;
}

function failureText({ mapping, name }: Found, error: unknown): string {
  const what = `${qualifiedName(mapping)} ${JSON.stringify(name)}`;
  if (!(error instanceof StatusError)) throw error;
  if (error.reason === "NotFound") return `error: ${what} could not be found on the server`;
  if (error.reason !== "Invalid") return `error: ${what} could not be patched: ${error.message}`;
  const causes = (error.status.details?.causes ?? []).map((cause) => `\n* ${cause.field ?? ""}: ${cause.message}`);
  return `error: ${what} is invalid${causes.join("")}`;
}

async function save(call: Call, { mapping, namespace, name }: Found, before: any, edited: any): Promise<void> {
  const { flags } = call;
  const modified = flags.bool("save-config") ? await withLastApplied(edited) : edited;
  const { patch, type } = await planPatch(before, modified, before, mapping);
  if (Object.keys(patch).length === 0) return printDone(call, mapping, before, "skipped");
  if (flags.bool("output-patch")) call.print(`Patch: ${goJson(patch)}\n`);
  const path = pathOf(mapping, namespace, name, flags.string("subresource") || undefined);
  const rest = await call.rest();
  const asked = { method: "PATCH", path, query: writeQuery(call), body: patch, contentType: patchTypes[type] };
  await printDone(call, mapping, await rest.json(asked), "edited");
}
