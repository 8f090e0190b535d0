// Flags as pflag has them: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-abc`, `--` ends them.

import { parseGoDuration } from "../api/machinery/duration.ts";
import { CommandError } from "./errors.ts";

export interface Flag {
  /** `strings` splits at commas, `array` does not; both may be repeated. `duration` is Go's. */
  type: "bool" | "string" | "int" | "strings" | "array" | "duration";
  short?: string;
  default?: string;
  /** What a bare `--name` means; a value then needs `=`. */
  bare?: string;
  help: string;
  hidden?: boolean;
}

/** Long name without dashes → the flag. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** What was given, with defaults. Asking for a flag that isn't in the table is a bug and throws. */
export interface Flags {
  string(name: string): string;
  bool(name: string): boolean;
  int(name: string): number;
  list(name: string): string[];
  /** Milliseconds. */
  duration(name: string): number;
  given(name: string): boolean;
}

export interface Parsed {
  flags: Flags;
  args: string[];
  /** How many arguments stood before `--`; -1 without one. */
  dashAt: number;
  help: boolean;
}

/** Parses arguments. Throws a CommandError with pflag's message. */
export function parseFlags(words: readonly string[], table: FlagTable): Parsed {
  const values = new Map<string, string[]>();
  const byShort = new Map(
    Object.entries(table).flatMap(([name, flag]) => (flag.short ? [[flag.short, name] as const] : [])),
  );
  const args: string[] = [];
  let dashAt = -1;
  let help = false;

  function set(name: string, value: string): void {
    check(name, table[name]!, value);
    values.set(name, [...(values.get(name) ?? []), value]);
  }

  /** Reads `-abc`; gives how many further words it took. */
  function readShort(word: string, next: string | undefined): number {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      const name = byShort.get(letter);
      if (name === undefined) {
        if (letter === "h") {
          help = true;
          return 0;
        }
        throw new CommandError(`unknown shorthand flag: '${letter}' in -${word.slice(1)}`);
      }
      if (word[at + 1] === "=") {
        set(name, word.slice(at + 2));
        return 0;
      }
      const bare = bareValue(table[name]!);
      if (bare !== undefined) {
        set(name, bare);
        continue;
      }
      if (at + 1 < word.length) {
        set(name, word.slice(at + 1));
        return 0;
      }
      if (next === undefined) throw new CommandError(`flag needs an argument: '${letter}' in -${word.slice(1)}`);
      set(name, next);
      return 1;
    }
    return 0;
  }

  /** Reads `--name` or `--name=value`; gives how many further words it took. */
  function readLong(word: string, next: string | undefined): number {
    const equals = word.indexOf("=");
    const name = (equals < 0 ? word.slice(2) : word.slice(2, equals)).replaceAll("_", "-");
    if (name === "" || name.startsWith("-")) throw new CommandError(`bad flag syntax: ${word}`);
    if (name === "help" && !table.help) {
      help = true;
      return 0;
    }
    const flag = table[name];
    if (!flag) throw new CommandError(`unknown flag: --${name}`);
    if (equals >= 0) {
      set(name, word.slice(equals + 1));
      return 0;
    }
    const bare = bareValue(flag);
    if (bare === undefined && next === undefined) throw new CommandError(`flag needs an argument: --${name}`);
    set(name, bare ?? next!);
    return bare === undefined ? 1 : 0;
  }

  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      dashAt = args.length;
      args.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") args.push(word);
    else at += word.startsWith("--") ? readLong(word, words[at + 1]) : readShort(word, words[at + 1]);
  }
  return { flags: reader(values, table), args, dashAt, help };
}

/** What a flag means without a value; undefined if it needs one. */
export function bareValue(flag: Flag): string | undefined {
  return flag.bare ?? (flag.type === "bool" ? "true" : undefined);
}

const truths = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const untruths = new Set(["0", "f", "F", "false", "FALSE", "False"]);

function check(name: string, flag: Flag, value: string): void {
  const fail = (why: string): never => {
    const shown = flag.short ? `-${flag.short}, --${name}` : `--${name}`;
    throw new CommandError(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${why}`);
  };
  const quoted = JSON.stringify(value);
  if (flag.type === "bool" && !truths.has(value) && !untruths.has(value))
    fail(`strconv.ParseBool: parsing ${quoted}: invalid syntax`);
  if (flag.type === "int" && !/^[+-]?\d+$/.test(value)) fail(`strconv.ParseInt: parsing ${quoted}: invalid syntax`);
  if (flag.type === "duration" && parseGoDuration(value) === undefined) {
    fail(/\d$/.test(value) ? `time: missing unit in duration ${quoted}` : `time: invalid duration ${quoted}`);
  }
}

function reader(values: ReadonlyMap<string, string[]>, table: FlagTable): Flags {
  const last = (name: string): string | undefined => {
    if (!table[name]) throw new Error(`flag --${name} is asked for but not declared`);
    return values.get(name)?.at(-1) ?? table[name].default;
  };
  return {
    string: (name) => last(name) ?? "",
    bool: (name) => truths.has(last(name) ?? "false"),
    int: (name) => Number(last(name) ?? 0),
    duration: (name) => parseGoDuration(last(name) ?? "0") ?? 0,
    given: (name) => values.has(name),
    list(name) {
      const given = values.get(name) ?? (table[name]?.default ? [table[name].default] : []);
      if (table[name]?.type === "array") return given;
      return given.flatMap((value) => (value === "" ? [] : value.split(",")));
    },
  };
}
