// The functions of Go templates, and Go's way to print JSON values.

import { TemplateError } from "./template_parse.ts";

/** Whether Go's templates take a value for true: neither zero nor empty nor absent. */
export function isTrue(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** Go's `%v`. Numbers are floats there: a million is `1e+06`. */
export function goPrint(value: unknown): string {
  if (value === undefined || value === null) return "<nil>";
  if (typeof value === "number") return goNumber(value);
  if (Array.isArray(value)) return `[${value.map(goPrint).join(" ")}]`;
  if (typeof value === "object") {
    const map = value as Record<string, unknown>;
    const keys = Object.keys(map).sort();
    return `map[${keys.map((key) => `${key}:${goPrint(map[key])}`).join(" ")}]`;
  }
  return String(value);
}

function goNumber(value: number): string {
  const [mantissa, power] = value.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** Go's `Sprintf` for the verbs that templates use. */
export function goPrintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    /%([-+ 0#]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_whole, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const shown = verbText(verb, values[next++], precision === undefined ? undefined : Number(precision));
      if (width === undefined) return shown;
      if (flags.includes("-")) return shown.padEnd(Number(width));
      return shown.padStart(Number(width), flags.includes("0") ? "0" : " ");
    },
  );
  return next < values.length ? `${text}%!(EXTRA ${values.slice(next).map(goPrint).join(", ")})` : text;
}

function verbText(verb: string, value: unknown, precision: number | undefined): string {
  if (verb === "q") return JSON.stringify(String(value ?? ""));
  if (verb === "d")
    return typeof value === "number"
      ? Number.isInteger(value)
        ? String(value)
        : `%!d(float64=${value})`
      : `%!d(string=${goPrint(value)})`;
  if (verb === "f") return Number(value).toFixed(precision ?? 6);
  if (verb === "x")
    return typeof value === "number"
      ? value.toString(16)
      : Array.from(new TextEncoder().encode(String(value)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (verb === "T") return typeof value;
  const text = goPrint(value);
  return verb === "s" && precision !== undefined ? text.slice(0, precision) : text;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) throw new TemplateError("incompatible types for comparison");
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

/** Follows keys and indexes into a value. */
function index(value: unknown, ...keys: unknown[]): unknown {
  let found = value;
  for (const key of keys) {
    if (found === undefined || found === null) throw new TemplateError("error calling index: index of untyped nil");
    if (Array.isArray(found)) {
      const at = Number(key);
      if (at < 0 || at >= found.length) throw new TemplateError(`error calling index: index out of range: ${at}`);
      found = found[at];
    } else
      found = Object.hasOwn(found as object, String(key)) ? (found as Record<string, unknown>)[String(key)] : undefined;
  }
  return found;
}

function exists(value: unknown, ...keys: unknown[]): boolean {
  try {
    return index(value, ...keys) !== undefined;
  } catch {
    return false;
  }
}

function escapeHtml(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (letter) => names[letter]!);
}

function decodeBase64(text: unknown): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(String(text)), (letter) => letter.charCodeAt(0)));
  } catch {
    throw new TemplateError("error calling base64decode: base64 decode: illegal base64 data");
  }
}

/** `print` puts spaces between operands when neither is a string. */
function print(values: readonly unknown[]): string {
  return values.reduce<string>((text, value, at) => {
    const apart = at > 0 && typeof value !== "string" && typeof values[at - 1] !== "string";
    return text + (apart ? " " : "") + goPrint(value);
  }, "");
}

/** Functions by name, all but `and`, `or` (which stop early) and `printf`. */
export const templateFunctions: Record<string, (...values: any[]) => unknown> = {
  not: (value) => !isTrue(value),
  eq: (a, ...others) => others.some((b) => a === b),
  ne: (a, b) => a !== b,
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  len(value) {
    if (typeof value === "string") return new TextEncoder().encode(value).length;
    if (Array.isArray(value)) return value.length;
    if (value !== null && typeof value === "object") return Object.keys(value).length;
    throw new TemplateError("error calling len: len of nil pointer");
  },
  index,
  slice: (value: string | unknown[], from?: number, to?: number) => value.slice(from, to),
  print: (...values) => print(values),
  println: (...values) => `${values.map(goPrint).join(" ")}\n`,
  html: (...values) => escapeHtml(print(values)),
  js: (...values) => JSON.stringify(print(values)).slice(1, -1),
  urlquery: (...values) => encodeURIComponent(print(values)).replaceAll("%20", "+"),
  exists,
  base64decode: decodeBase64,
};
