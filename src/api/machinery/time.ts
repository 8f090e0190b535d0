// Kubernetes' two times: `Time` (RFC 3339, seconds) and `MicroTime` (six digits of a second, which it insists on).

/** Writes a `Time` from milliseconds: `2024-05-01T12:00:00Z`. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Writes a `MicroTime` from milliseconds, which may have a fraction: `2024-05-01T12:00:00.000000Z`. */
export function formatMicroTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const micros = Math.floor((ms - seconds * 1000) * 1000);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
}

/** A time that was read: milliseconds and the microseconds beyond whole seconds, or why it isn't one. */
export type ParsedTime = { ms: number; micros: number } | { error: string };

const timeLayout = "2006-01-02T15:04:05Z07:00";
const microTimeLayout = "2006-01-02T15:04:05.000000Z07:00";

/** A layout's elements and what stands for them in a value. */
const elements: [name: string, pattern: RegExp][] = [
  ["2006", /^\d{4}/],
  ["-", /^-/],
  ["01", /^\d\d/],
  ["-", /^-/],
  ["02", /^\d\d/],
  ["T", /^T/],
  ["15", /^\d\d/],
  [":", /^:/],
  ["04", /^\d\d/],
  [":", /^:/],
  ["05", /^\d\d/],
];
const zone: [name: string, pattern: RegExp] = ["Z07:00", /^(?:Z|[+-]\d\d:\d\d)/];

/** Reads a `Time`. A fraction of a second is allowed, and dropped when it is written again. */
export function parseTime(text: string): ParsedTime {
  return parse(text, timeLayout, [...elements, ["", /^(?:[.,]\d+)?/], zone]);
}

/** Reads a `MicroTime`: exactly six digits of a second. */
export function parseMicroTime(text: string): ParsedTime {
  return parse(text, microTimeLayout, [...elements, [".000000", /^\.\d{6}(?!\d)/], zone]);
}

function parse(text: string, layout: string, wanted: readonly [string, RegExp][]): ParsedTime {
  const parts: string[] = [];
  let rest = text;
  for (const [name, pattern] of wanted) {
    const match = pattern.exec(rest);
    if (!match)
      return {
        error: `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(name)}`,
      };
    parts.push(match[0]);
    rest = rest.slice(match[0].length);
  }
  if (rest !== "") return { error: `parsing time ${quote(text)}: extra text: ${quote(rest)}` };
  const out = outOfRange(parts);
  if (out) return { error: `parsing time ${quote(text)}: ${out} out of range` };
  const seconds = Date.parse(`${parts.slice(0, 11).join("")}${parts[12]}`);
  const micros = Number((parts[11] || ".0").slice(1).padEnd(6, "0").slice(0, 6));
  return { ms: seconds + micros / 1000, micros };
}

/** The first part that no calendar has. `parts` are as in `elements`. */
function outOfRange(parts: readonly string[]): string | undefined {
  const [year, month, day, hour, minute, second] = [0, 2, 4, 6, 8, 10].map((index) => Number(parts[index]));
  if (month! < 1 || month! > 12) return "month";
  if (hour! > 23) return "hour";
  if (minute! > 59) return "minute";
  if (second! > 59) return "second";
  const days = new Date(Date.UTC(year!, month!, 0)).getUTCDate();
  return day! < 1 || day! > days ? "day" : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** A `Time` as the server writes it: UTC, whole seconds. Unreadable text is an `error` in Go's words. */
export function canonicalizeTime(text: string): { value: string } | { error: string } {
  const parsed = parseTime(text);
  if ("error" in parsed) return parsed;
  return { value: canonicalTime.test(text) ? text : formatTime(Math.floor(parsed.ms / 1000) * 1000) };
}

/** A `MicroTime` as the server writes it: UTC, six digits. Unreadable text is an `error` in Go's words. */
export function canonicalizeMicroTime(text: string): { value: string } | { error: string } {
  const parsed = parseMicroTime(text);
  if ("error" in parsed) return parsed;
  const whole = formatTime(Math.floor(parsed.ms / 1000) * 1000);
  return { value: `${whole.slice(0, -1)}.${String(parsed.micros).padStart(6, "0")}Z` };
}
