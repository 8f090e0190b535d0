import { asMap } from "../equal.ts";
import { CelError } from "../errors.ts";
import type { Meter } from "../overload.ts";
import { formatDuration, formatTimestamp } from "../time.ts";
import { type MapValue, typeName, type UintValue, type Value } from "../values.ts";
import { formatDouble } from "./conversions.ts";

/** The most digits after the point that a format may ask for. */
const precisionMax = 100;

/** `'%d of %s'.format([1, 'x'])` (cel-go's strings extension). */
export function formatText(pattern: string, values: readonly Value[], meter: Meter): string {
  let next = 0;
  const result = pattern.replace(
    /%(?:%|(?:\.(\d+))?([a-zA-Z])|(.?))/gs,
    (whole, precision?: string, verb?: string, other?: string) => {
      if (whole === "%%") return "%";
      if (verb === undefined)
        throw new CelError(other ? `unrecognized formatting clause "${other}"` : "unexpected end of string");
      if (next >= values.length) throw new CelError(`index ${next} out of range`);
      const digits = precision === undefined ? 6 : Number(precision);
      if (digits > precisionMax) throw new CelError(`precision ${digits} exceeds maximum of ${precisionMax}`);
      const text = formatOne(verb, values[next++]!, digits);
      meter.work(text.length);
      return text;
    },
  );
  if (next < values.length)
    throw new CelError(`too many arguments supplied to string.format (expected ${next}, got ${values.length})`);
  return result;
}

function formatOne(verb: string, value: Value, digits: number): string {
  switch (verb) {
    case "s":
      return show(value);
    case "d":
      return decimal(value);
    case "f":
    case "e":
      return float(verb, value, digits);
    case "b":
      if (typeof value === "boolean") return value ? "1" : "0";
      return wholeOf(value, "binary").toString(2);
    case "o":
      return wholeOf(value, "octal").toString(8);
    case "x":
    case "X": {
      const text = hex(value);
      return verb === "X" ? text.toUpperCase() : text;
    }
  }
  throw new CelError(`unrecognized formatting clause "${verb}"`);
}

function hex(value: Value): string {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return wholeOf(value, "hex").toString(16);
}

function wholeOf(value: Value, clause: string): bigint {
  if (typeof value === "bigint") return value;
  if (value !== null && typeof value === "object" && "tag" in value && value.tag === "uint")
    return (value as UintValue).value;
  throw new CelError(
    `error during formatting: only integers can be formatted as ${clause}, was given ${typeName(value)}`,
  );
}

function decimal(value: Value): string {
  if (typeof value === "number") return formatDouble(value);
  if (typeof value === "bigint") return String(value);
  if (value !== null && typeof value === "object" && "tag" in value && value.tag === "uint") return String(value.value);
  throw new CelError(
    `error during formatting: decimal clause can only be used on integers and doubles, was given ${typeName(value)}`,
  );
}

function float(verb: "f" | "e", value: Value, digits: number): string {
  const number =
    typeof value === "number" ? value : Number(wholeOf(value, verb === "f" ? "fixed-point" : "scientific"));
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (verb === "f") return number.toFixed(digits);
  return number.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Longer texts are not made: values share their parts, and a small one may be huge when written out. */
const shownMax = 10_000_000;

/** Any value as a text: `[1, "a"]` is `[1, a]`. */
function show(value: Value): string {
  const text = showUnbounded(value);
  if (text.length <= shownMax) return text;
  throw new CelError("operation cancelled: actual cost limit exceeded", "cost");
}

function showUnbounded(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "number") return formatDouble(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  switch (value.tag) {
    case "uint":
      return String(value.value);
    case "list":
      return `[${value.items.map(show).join(", ")}]`;
    case "map":
    case "object": {
      const map = asMap(value as MapValue);
      const entries = [...map.keys()].map((key) => [show(key), show(map.get(key)!)] as const);
      return `{${entries
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, each]) => `${key}: ${each}`)
        .join(", ")}}`;
    }
    case "timestamp":
      return formatTimestamp(value);
    case "duration":
      return formatDuration(value);
    case "type":
      return value.name;
  }
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(value)}`,
  );
}
