// Recorded requests and the answers of a real API server of v1.36: what a case is, and where one finds values in answers.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Step {
  method: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: any;
  /** The body as it is, instead of `body`. */
  raw?: string;
  auth?: "none";
  bearer?: string;
  /** Values of the answer for later steps: a name to where it is. */
  save?: Record<string, string>;
  /** The request is repeated until its answer is so. */
  until?: { status?: number; path?: string; equals?: unknown; absent?: boolean; limitMs?: number };
  /** Only the status counts. */
  quiet?: boolean;
  /** What of the answer counts: names to where it is. */
  pick?: Record<string, string>;
  /** Only the types of values count. */
  shape?: boolean;
  /** The answer is text whatever it looks like. */
  text?: boolean;
  /** A watch: how many of its events are awaited while `during` runs. */
  events?: number;
  during?: Step[];
  limitMs?: number;
}

export interface Case {
  name: string;
  steps: Step[];
  answers: Record<string, any>[];
  /** False: the case needs no namespace of its own. */
  namespace?: boolean;
  namespaceLabels?: Record<string, string>;
}

export interface Area {
  area: string;
  cases: Case[];
}

/** All areas, in their order. */
export function readAreas(): Area[] {
  const folder = join(import.meta.dirname, "corpus");
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Area);
}

/**
 * The value at a dotted path: `a.b`, `a.0`, `items[*].x` (of every item), `items[metadata.name=x].y` (of the first that
 * matches), `[keys]`. A backslash takes a dot for a letter.
 */
export function valueAt(value: any, path: string): any {
  const parts = path.match(/\[[^\]]*\]|\\.|[^.[\]\\]+(?:\\.[^.[\]\\]*)*/g) ?? [];
  let current = value;
  for (const [index, raw] of parts.entries()) {
    if (current === undefined || current === null) return undefined;
    const part = raw.replace(/\\(.)/g, "$1");
    if (part === "[*]") {
      const rest = parts
        .slice(index + 1)
        .map((each) => (each.startsWith("[") ? each : `.${each}`))
        .join("")
        .replace(/^\./, "");
      const items: any[] = Array.isArray(current) ? current : Object.values(current);
      return rest === "" ? items : items.map((item) => valueAt(item, rest));
    }
    if (part === "[keys]") current = Object.keys(current).sort();
    else if (part.startsWith("[")) {
      const [, key, wanted] = /^\[([^=]*)=(.*)\]$/.exec(part)!;
      current = current.find?.((each: any) => String(valueAt(each, key!)) === wanted);
    } else current = current[part];
  }
  return current;
}

/** Every difference between two JSON values, a line each. */
export function differences(expected: any, got: any, where = "$"): string[] {
  if (isObject(expected) && isObject(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    return [...keys].flatMap((key) => differences(expected[key], got[key], `${where}.${key}`));
  }
  if (Array.isArray(expected) && Array.isArray(got)) {
    const length = Math.max(expected.length, got.length);
    return Array.from({ length }, (_, index) => differences(expected[index], got[index], `${where}[${index}]`)).flat();
  }
  return expected === got ? [] : [`${where}: expected ${shown(expected)}, got ${shown(got)}`];
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

export function isObject(value: unknown): value is Record<string, any> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A copy with every text, keys too, put through a function. */
export function mapTexts(value: any, change: (text: string) => string): any {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [change(key), mapTexts(each, change)]));
}
