// `config use-context`, `current-context`, `rename-context`, `delete-…`.

import { type Command, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { fileWith, readConfigFiles, type Section, writeConfigFile } from "../kubeconfig_edit.ts";

export const configCurrentContext = defineCommand({
  path: "config current-context",
  usage: "[options]",
  summary: "Display the current-context",
  flags: {},
  async run(call) {
    const { currentContext } = await call.config();
    if (!currentContext) throw new CommandError("current-context is not set");
    call.print(`${currentContext}\n`);
  },
});

export const configUseContext = defineCommand({
  path: "config use-context",
  usage: "CONTEXT_NAME [options]",
  summary: "Set the current-context in a kubeconfig file",
  flags: {},
  async run(call) {
    const [name] = call.args;
    if (call.args.length !== 1 || !name)
      throw new CommandError(
        `unexpected args: [${call.args.join(" ")}]\nSee 'kubectl config use-context -h' for help and examples`,
      );
    const { files, target } = await readConfigFiles(call);
    if (!fileWith(files, "contexts", name))
      throw new CommandError(`no context exists with the name: ${JSON.stringify(name)}`);
    const file = files.find(({ value }) => value["current-context"]) ?? target;
    file.value["current-context"] = name;
    await writeConfigFile(call, file);
    call.print(`Switched to context ${JSON.stringify(name)}.\n`);
  },
});

export const configRenameContext = defineCommand({
  path: "config rename-context",
  usage: "CONTEXT_NAME NEW_NAME [options]",
  summary: "Rename a context from the kubeconfig file",
  flags: {},
  async run(call) {
    const [from, to] = call.args;
    if (call.args.length !== 2 || !from || !to)
      throw new CommandError(
        `unexpected args: [${call.args.join(" ")}]\nSee 'kubectl config rename-context -h' for help and examples`,
      );
    const { files } = await readConfigFiles(call);
    const file = fileWith(files, "contexts", from);
    if (!file)
      throw new CommandError(`cannot rename the context ${JSON.stringify(from)}, it's not in ${files[0]?.path ?? ""}`);
    if (fileWith(files, "contexts", to))
      throw new CommandError(
        `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${files[0]?.path ?? ""}`,
      );
    for (const entry of file.value.contexts) if (entry.name === from) entry.name = to;
    if (file.value["current-context"] === from) file.value["current-context"] = to;
    await writeConfigFile(call, file);
    call.print(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`);
  },
});

function deleteCommand(word: string, section: Section): Command {
  return defineCommand({
    path: `config delete-${word}`,
    usage: "NAME [options]",
    summary: `Delete the specified ${word} from the kubeconfig`,
    flags: {},
    async run(call) {
      const [name = ""] = call.args;
      const { files, target } = await readConfigFiles(call);
      const file = fileWith(files, section, name);
      if (!file) throw new CommandError(`cannot delete ${word} ${name}, not in ${target.path}`);
      const wasCurrent = word === "context" && (await call.config()).currentContext === name;
      if (wasCurrent)
        call.printError(
          'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
        );
      file.value[section] = file.value[section].filter((entry: any) => entry.name !== name);
      await writeConfigFile(call, file);
      call.print(`deleted ${word} ${name} from ${target.path}\n`);
    },
  });
}

export const configDeleteCluster = deleteCommand("cluster", "clusters");
export const configDeleteContext = deleteCommand("context", "contexts");
export const configDeleteUser = deleteCommand("user", "users");
