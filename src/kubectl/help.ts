// `kubectl help`, and `--help` of every command.

import type { Command } from "./command.ts";
import { commands, groupsOfCommands, helpSections } from "./commands.ts";
import { describe } from "./help_layout.ts";

function summaryOf(word: string): string | undefined {
  return groupsOfCommands[word]?.summary ?? commands.find(({ path }) => path === word)?.summary;
}

/** What `kubectl` without a command says. */
export function rootHelp(): string {
  let text =
    "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n";
  for (const [title, words] of helpSections) {
    text += `\n${title}:\n`;
    for (const word of words) {
      const summary = summaryOf(word);
      if (summary) text += `  ${word.padEnd(15)} ${summary}\n`;
    }
  }
  return `${text}\nUsage:\n  kubectl [flags] [options]\n\nUse "kubectl <command> --help" for more information about a given command.\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}

/** The commands below a group. */
export function groupHelp(group: string): string {
  const inner = commands.filter(({ path }) => path.startsWith(`${group} `));
  const width = Math.max(...inner.map(({ path }) => path.length - group.length - 1), 10);
  const lines = inner.map(({ path, summary }) => `  ${path.slice(group.length + 1).padEnd(width + 1)} ${summary}\n`);
  const usage = `Usage:\n  kubectl ${group} SUBCOMMAND [options]\n`;
  return `${groupsOfCommands[group]?.summary ?? group}.\n\nAvailable Commands:\n${lines.join("")}\n${usage}\nUse "kubectl ${group} <command> --help" for more information about a given command.\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}

/** One command's help. */
export function commandHelp(command: Command): string {
  const inner = commands.filter(({ path }) => path.startsWith(`${command.path} `));
  const examples = command.examples
    ? `\nExamples:\n${command.examples
        .trim()
        .split("\n")
        .map((line) => (line === "" ? "" : `  ${line}`))
        .join("\n")}\n`
    : "";
  const width = Math.max(0, ...inner.map(({ path }) => path.length - command.path.length - 1));
  const available =
    inner.length === 0
      ? ""
      : `\nAvailable Commands:\n${inner.map(({ path, summary }) => `  ${path.slice(command.path.length + 1).padEnd(width + 1)} ${summary}\n`).join("")}`;
  const options = Object.keys(command.flags).length > 0 ? `\nOptions:\n${describe(command.flags)}` : "";
  return `${command.summary}.\n${examples}${available}${options}\nUsage:\n  kubectl ${command.path} ${command.usage}\n\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}
