/** A component's flags: name without dashes → what it takes. */
export type FlagTable = Record<
  string,
  { type: "string" | "boolean" | "number" | "strings"; default?: string | boolean | number; help: string }
>;

export interface ParsedFlags {
  string(name: string): string | undefined;
  number(name: string): number | undefined;
  boolean(name: string): boolean;
  strings(name: string): string[];
  /** What is no flag. */
  rest: string[];
}

/** Thrown where `--help` was given instead of work to do: the flags, a line each. */
export class HelpWanted extends Error {
  constructor(table: FlagTable) {
    super(flagLines(table).join("\n"));
  }
}

function flagLines(table: FlagTable): string[] {
  const entries = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
  const heads = entries.map(([name, { type }]) => `  --${name}${type === "boolean" ? "" : ` ${type}`}`);
  const width = Math.max(...heads.map((head) => head.length)) + 3;
  return entries.map(([, flag], index) => {
    const standard = flag.default === undefined || flag.default === "" ? "" : ` (default ${flag.default})`;
    return `${heads[index]!.padEnd(width)}${flag.help}${standard}`;
  });
}

const shorthands: Record<string, string> = { "-o": "output", "-t": "tag", "-f": "file" };

/**
 * Reads `--name value`, `--name=value` and `--switch`. Throws for unknown flags, naming them as Kubernetes'
 * programs do, and `HelpWanted` for `--help`.
 */
export function parseFlags(args: readonly string[], table: FlagTable): ParsedFlags {
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--help" || arg === "-h") throw new HelpWanted(table);
    const long = shorthands[arg];
    if (long !== undefined) {
      values.set(long, [args[++at] ?? ""]);
      continue;
    }
    if (!arg.startsWith("--")) {
      rest.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
    const flag = table[name];
    if (!flag) throw new Error(`unknown flag: --${name}`);
    let value = equals < 0 ? undefined : arg.slice(equals + 1);
    if (value === undefined && flag.type === "boolean") value = "true";
    if (value === undefined) value = args[++at];
    if (value === undefined) throw new Error(`flag needs an argument: --${name}`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const last = (name: string): string | undefined => {
    const given = values.get(name)?.at(-1);
    const standard = table[name]?.default;
    return given ?? (standard === undefined ? undefined : String(standard));
  };
  return {
    string: last,
    number(name) {
      const text = last(name);
      if (text === undefined) return undefined;
      if (!/^-?\d+$/.test(text))
        throw new Error(`invalid argument ${JSON.stringify(text)} for "--${name}" flag: wanted a number`);
      return Number(text);
    },
    boolean: (name) => last(name) === "true",
    strings: (name) => (values.get(name) ?? []).flatMap((value) => value.split(",")),
    rest,
  };
}
