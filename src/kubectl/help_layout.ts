import type { Flag, FlagTable } from "./flags.ts";

/** Flags as `Options:` lists them: `-f, --filename=[]:` and their meaning below. */
export function describe(flags: FlagTable): string {
  return Object.entries(flags)
    .filter(([, { hidden }]) => !hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => {
      const short = flag.short ? `-${flag.short}, ` : "    ";
      return `    ${short}--${name}=${defaultText(flag)}:\n\t${flag.help}\n`;
    })
    .join("\n");
}

function defaultText(flag: Flag): string {
  if (flag.type === "bool") return flag.default ?? "false";
  if (flag.type === "strings" || flag.type === "array") return "[]";
  if (flag.type === "int") return flag.default ?? "0";
  if (flag.type === "duration") return flag.default ?? "0s";
  return `'${flag.default ?? ""}'`;
}
