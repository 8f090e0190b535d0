import { parseGoDuration } from "../api/machinery/duration.ts";
import type { Call, Command } from "./command.ts";
import { openDiscovery } from "./discovery.ts";
import { CommandError } from "./errors.ts";
import { globalFlags } from "./flag_sets.ts";
import type { Flags, Parsed } from "./flags.ts";
import { findAccess, loadConfig } from "./kubeconfig.ts";
import { openRest } from "./rest.ts";
import type { Machine, Self } from "./world.ts";

/** What one run of a command is given. Config, connection and discovery are opened when first asked for, and once. */
export function openCall(command: Command, { flags, args, dashAt }: Parsed, machine: Machine, self: Self): Call {
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  const warnings: string[] = [];
  const warn = (message: string) => {
    if (warnings.includes(message)) return;
    warnings.push(message);
    self.printError(`Warning: ${message}\n`);
  };
  const own = withoutOverridden(flags, command);
  const config = once(() => loadConfig(own, machine, self));
  const access = once(async () => findAccess(await config(), own, machine, self));
  const rest = once(async () =>
    openRest({
      net: machine.net,
      access: await access(),
      userAgent: `kubectl/v1.36.0 (typernetes) ${command.path.replaceAll(" ", "-")}`,
      timeoutMs: timeoutOf(flags.string("request-timeout")),
      warn,
      log: (level, message) => {
        if (flags.int("v") >= level) self.printError(`${message()}\n`);
      },
    }),
  );
  const discovery = once(async () => {
    const host = (await access()).url.replace(/^https?:\/\//, "").replace(/[^\w.-]/g, "_");
    const directory = flags.string("cache-dir") || `${self.env.HOME ?? "/root"}/.kube/cache`;
    return openDiscovery(await rest(), machine, `${directory}/typernetes/${host}.json`);
  });
  return {
    command,
    args,
    dashAt,
    flags,
    machine,
    self,
    print: self.print,
    printError: self.printError,
    config,
    access,
    rest,
    discovery,
    discovered: async () => (await discovery()).all(),
    warnings,
    signal: new AbortController().signal,
  };
}

/** Flags without those that a command gave another meaning: `create rolebinding --user`. */
function withoutOverridden(flags: Flags, command: Command): Flags {
  const isOwn = (name: string) => name in globalFlags && name in command.flags;
  return {
    ...flags,
    string: (name) => (isOwn(name) ? "" : flags.string(name)),
    given: (name) => !isOwn(name) && flags.given(name),
  };
}

/** `--request-timeout`: a duration, or whole seconds. */
function timeoutOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const ms = parseGoDuration(text);
  if (ms === undefined)
    throw new CommandError(
      `Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)`,
    );
  return ms;
}
