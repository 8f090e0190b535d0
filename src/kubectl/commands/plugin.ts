import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";

export const pluginList = defineCommand({
  path: "plugin list",
  usage: "[flags] [options]",
  summary: "List all visible plugin executables on a user's PATH",
  flags: {
    "name-only": {
      type: "bool",
      help: "If true, display only the binary name of each plugin, rather than its full path",
    },
  },
  async run(call) {
    const { disk } = call.machine;
    const found: string[] = [];
    for (const directory of [...new Set((call.self.env.PATH ?? "").split(":").filter(Boolean))]) {
      for (const entry of (await disk.list(directory).catch(() => [])).sort()) {
        if (entry.startsWith("kubectl-")) found.push(call.flags.bool("name-only") ? entry : `${directory}/${entry}`);
      }
    }
    if (found.length === 0) throw new CommandError("unable to find any kubectl plugins in your PATH");
    call.print(`The following compatible plugins are available:\n\n${found.join("\n")}\n`);
  },
});
