import { type Call, defineCommand } from "../command.ts";
import { findKind, pathOf } from "../discovery.ts";
import { CommandError, explainError, throwAll } from "../errors.ts";
import { fieldManagerFlag, fileFlags, printFlags, validateFlag } from "../flag_sets.ts";
import { withoutManagedFields } from "../printers/printer.ts";
import { fetchTargets, targetsOf } from "../targets.ts";
import { printDone, writeQuery } from "../writing.ts";

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
    const found = await fetchTargets(call, await targetsOf(call), errors);
    throwAll(errors);
    if (found.length === 0) throw new CommandError("edit cancelled, no objects found");
    const { dumpYaml, parseYamlDocuments } = await import("../../api/machinery/yaml.ts");
    const original = found.map(({ object }) => dumpYaml(withoutManagedFields(object))).join("---\n");
    const path = `/tmp/kubectl-edit-${Math.trunc(call.machine.random.next() * 1e10)}.yaml`;
    let note = "";
    let content = original;
    for (;;) {
      await call.machine.disk.write(path, comment + note + content, { mode: 0o600 });
      await openEditor(call, path);
      const edited = (await call.machine.disk.readText(path)).replace(/^#.*\n/gm, "");
      const done = async (message: string) => {
        await call.machine.disk.remove(path);
        call.printError(`${message}\n`);
      };
      if (edited.trim() === "") return done("Edit cancelled, saved file was empty.");
      if (edited === original) return done("Edit cancelled, no changes made.");
      if (edited === content && note) {
        call.printError(`A copy of your changes has been stored to ${JSON.stringify(path)}\n`);
        throw new CommandError("Edit cancelled, no valid changes were saved.");
      }
      try {
        for (const object of parseYamlDocuments(edited) as any[]) if (object) await save(call, object);
        await call.machine.disk.remove(path);
        return;
      } catch (error) {
        const { text } = explainError(error, "");
        call.printError(text);
        note = `${text
          .trimEnd()
          .split("\n")
          .map((line) => `# ${line}`)
          .join("\n")}\n#\n`;
        content = edited;
      }
    }
  },
});

async function openEditor({ self }: Call, path: string): Promise<void> {
  const editor = self.env.KUBE_EDITOR || self.env.EDITOR || "vi";
  const code = await self.runInTerminal("/bin/sh", ["-c", `${editor} "$0"`, path]);
  if (code !== 0) throw new CommandError(`there was a problem with the editor ${JSON.stringify(editor)}`);
}

async function save(call: Call, object: any): Promise<void> {
  const mapping = findKind(await call.discovered(), object.apiVersion, object.kind);
  if (!mapping) throw new CommandError(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
  const rest = await call.rest();
  const { namespace, name } = object.metadata;
  const path = pathOf(mapping, namespace, name, call.flags.string("subresource") || undefined);
  const after = await rest.json({ method: "PUT", path, query: writeQuery(call), body: object });
  const same = after.metadata.resourceVersion === object.metadata.resourceVersion;
  if (!same) await printDone(call, mapping, after, "edited");
}
