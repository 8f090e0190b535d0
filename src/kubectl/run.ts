import type { Call, Command } from "./command.ts";
import { commands, groupsOfCommands } from "./commands.ts";
import { CommandError, Exit, explainError } from "./errors.ts";
import { globalFlags } from "./flag_sets.ts";
import { bareValue, parseFlags } from "./flags.ts";
import { openCall } from "./session.ts";
import type { Machine, Self } from "./world.ts";

/** Runs kubectl with these arguments and resolves to its exit code. Never rejects for what a user or a server did. */
export async function runKubectl(args: string[], machine: Machine, self: Self): Promise<number> {
  const { words, rest, unknown } = findCommand(args);
  const path = words.join(" ");
  try {
    if (path === "" || path === "help") return await help(path === "help" ? rest : [], unknown, self);
    const entry = commands.find((each) => each.path === path);
    if (!entry) return await runGroup(path, rest, self);
    return await runCommand(await entry.load(), rest, machine, self);
  } catch (error) {
    const { text, code } = explainError(error, "");
    self.printError(text);
    return code;
  }
}

async function runCommand(command: Command, rest: readonly string[], machine: Machine, self: Self): Promise<number> {
  let call: Call | undefined;
  try {
    const parsed = parse(command, rest);
    if (parsed.help) {
      const { commandHelp } = await import("./help.ts");
      self.print(commandHelp(command));
      return 0;
    }
    call = openCall(command, parsed, machine, self);
    const result: unknown = await command.run(call);
    // Only a number is an exit code; what else a command resolves to is its own business.
    const code = typeof result === "number" ? result : 0;
    if (code === 0 && call.warnings.length > 0 && parsed.flags.bool("warnings-as-errors")) {
      const count = call.warnings.length;
      throw new CommandError(`${count} ${count === 1 ? "warning" : "warnings"} received`);
    }
    return code;
  } catch (error) {
    if (!isKnown(error) && call?.flags.int("v")) self.printError(`${(error as Error).stack}\n`);
    const server = await call
      ?.access()
      .then(({ url }) => url)
      .catch(() => "");
    const { text, code } = explainError(error, server ?? "");
    self.printError(text);
    return code;
  }
}

function isKnown(error: unknown): boolean {
  return error instanceof CommandError || error instanceof Exit;
}

function parse(command: Command, rest: readonly string[]) {
  try {
    return parseFlags(rest, { ...globalFlags, ...command.flags });
  } catch (error) {
    throw new CommandError(`${(error as Error).message}\nSee 'kubectl ${command.path} --help' for usage.`);
  }
}

/** Takes the words of a command out of the arguments, wherever flags stand between them. */
function findCommand(args: readonly string[]): { words: string[]; rest: string[]; unknown?: string } {
  let words: string[] = [];
  const rest: string[] = [];
  let unknown: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (word === "--") {
      rest.push(...args.slice(at));
      break;
    }
    if (word.startsWith("-") && word !== "-") {
      rest.push(word);
      if (takesNext(word) && at + 1 < args.length) rest.push(args[++at]!);
      continue;
    }
    const longer = resolveAlias([...words, word]);
    if (longer) words = longer;
    else {
      if (words.length === 0) unknown = word;
      rest.push(...args.slice(at));
      break;
    }
    if (words[0] === "help") {
      rest.push(...args.slice(at + 1));
      break;
    }
  }
  return { words, rest, unknown };
}

function takesNext(word: string): boolean {
  if (word.includes("=")) return false;
  const entries = Object.entries(globalFlags);
  const flag = word.startsWith("--")
    ? globalFlags[word.slice(2)]
    : word.length === 2
      ? entries.find(([, { short }]) => short === word[1])?.[1]
      : undefined;
  return flag !== undefined && bareValue(flag) === undefined;
}

/** The path that these words start, aliases replaced; undefined if none does. */
function resolveAlias(words: string[]): string[] | undefined {
  const path = words.join(" ");
  if (path === "help") return words;
  for (const { path: known, aliases = [] } of commands) {
    if (known === path || known.startsWith(`${path} `)) return words;
    if (aliases.includes(path)) return known.split(" ");
    if (aliases.some((alias) => alias.startsWith(`${path} `))) return words;
  }
  for (const [group, { aliases = [] }] of Object.entries(groupsOfCommands)) if (aliases.includes(path)) return [group];
  return undefined;
}

async function help(words: readonly string[], unknown: string | undefined, self: Self): Promise<number> {
  const { commandHelp, groupHelp, rootHelp } = await import("./help.ts");
  if (unknown !== undefined) {
    const known = [
      ...commands.map(({ path }) => path).filter((path) => !path.includes(" ")),
      ...Object.keys(groupsOfCommands),
    ];
    const near = known.filter((path) => isNear(path, unknown)).map((path) => `\t${path}\n`);
    const hint = near.length > 0 ? `\n\nDid you mean this?\n${near.join("")}` : "";
    throw new CommandError(`unknown command "${unknown}" for "kubectl"${hint}`);
  }
  const path = words.filter((word) => !word.startsWith("-")).join(" ");
  const entry = commands.find((each) => each.path === path);
  if (entry) self.print(commandHelp(await entry.load()));
  else self.print(path === "" ? rootHelp() : groupHelp(path));
  return 0;
}

/** A group such as `rollout` does nothing itself. */
async function runGroup(path: string, rest: readonly string[], self: Self): Promise<number> {
  const { groupHelp } = await import("./help.ts");
  const args = rest.filter((word) => !word.startsWith("-"));
  if (args.length > 0 && !rest.includes("--help") && !rest.includes("-h")) {
    throw new CommandError(`unknown command "${args.join(" ")}"\nSee 'kubectl ${path} -h' for help and examples`);
  }
  self.print(groupHelp(path));
  return 0;
}

/** Whether two words are at most two slips apart, or one begins with the other (cobra's rule for suggestions). */
function isNear(known: string, given: string): boolean {
  if (known.startsWith(given.toLowerCase())) return true;
  const row = Array.from({ length: given.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...known].entries()) {
    let diagonal = row[0]!;
    row[0] = i + 1;
    for (let j = 1; j <= given.length; j++) {
      const cost = letter.toLowerCase() === given[j - 1]!.toLowerCase() ? diagonal : diagonal + 1;
      diagonal = row[j]!;
      row[j] = Math.min(cost, row[j]! + 1, row[j - 1]! + 1);
    }
  }
  return row[given.length]! <= 2;
}
