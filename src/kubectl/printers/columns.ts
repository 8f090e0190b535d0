// `-o custom-columns=NAME:.metadata.name,…`.

import { type JsonPath, parseJsonPath, printValue, relaxedPath } from "../../api/machinery/jsonpath.ts";
import { CommandError } from "../errors.ts";
import { alignTabs } from "./tabwriter.ts";

interface CustomColumn {
  header: string;
  path: JsonPath;
}

/** Reads `HEADER:PATH,…`. Throws a CommandError with kubectl's message. */
export function parseCustomColumns(spec: string): CustomColumn[] {
  if (spec === "") throw new CommandError("custom-columns format specified but no custom columns given");
  return spec.split(",").map((part) => {
    const colon = part.indexOf(":");
    if (colon < 0)
      throw new CommandError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return { header: part.slice(0, colon), path: parseJsonPath(relaxedPath(part.slice(colon + 1))) };
  });
}

/** Reads a file of two lines: headers, and a path below each. */
export function parseColumnsFile(text: string): CustomColumn[] {
  const [headers = "", paths = ""] = text.split("\n");
  const names = headers.trim().split(/\s+/);
  const specs = paths.trim().split(/\s+/);
  if (names.length !== specs.length) {
    throw new CommandError(
      `number of headers (${names.length}) and field specifications (${specs.length}) don't match`,
    );
  }
  return names.map((header, index) => ({ header, path: parseJsonPath(relaxedPath(specs[index]!)) }));
}

/** The table of custom columns; `<none>` where an object has nothing. */
export function printCustomColumns(
  columns: readonly CustomColumn[],
  objects: readonly unknown[],
  noHeaders: boolean,
): string {
  const lines = noHeaders ? [] : [columns.map(({ header }) => header).join("\t")];
  for (const object of objects) lines.push(columns.map(({ path }) => cell(path, object)).join("\t"));
  return lines.length === 0 ? "" : alignTabs(`${lines.join("\n")}\n`, { minWidth: 6, padding: 3 });
}

function cell(path: JsonPath, object: unknown): string {
  const values = path.find(object).flat();
  if (values.length === 0) return "<none>";
  return values.map((value) => (value === null || value === undefined ? "<nil>" : shown(value))).join(",");
}

/** Go's `%v`: `map[a:1]`, `[a b]`. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(" ")}]`;
  if (typeof value === "object" && value !== null) {
    const map = value as Record<string, unknown>;
    return `map[${Object.keys(map)
      .sort()
      .map((key) => `${key}:${shown(map[key])}`)
      .join(" ")}]`;
  }
  return printValue(value);
}
