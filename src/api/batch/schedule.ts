// Schedules in cron's five fields, checked in the words of the parser that the real server uses.

import { parseGoDuration } from "../machinery/duration.ts";

interface Bounds {
  min: number;
  max: number;
  names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];

const descriptors = new Set(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);

function parseNumber(text: string, { min, names }: Bounds): number | string {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + min;
  if (/^\+?\d+$/.test(text)) return Number(text);
  if (/^-\d+$/.test(text)) return `negative number (${Number(text)}) not allowed: ${text}`;
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** One range of a field: `*`, `5`, `1-5`, `1-5/2`, `?/3`. Gives what is wrong with it. */
function checkRange(expression: string, bounds: Bounds): string | undefined {
  const [range, step, ...moreSteps] = expression.split("/");
  const [low, high, ...moreEnds] = range!.split("-");
  if (moreEnds.length > 0) return `too many hyphens: ${expression}`;
  if (moreSteps.length > 0) return `too many slashes: ${expression}`;
  let start: number | string = bounds.min;
  let end: number | string = bounds.max;
  if (low !== "*" && low !== "?") {
    start = parseNumber(low!, bounds);
    if (typeof start === "string") return start;
    end = high === undefined ? start : parseNumber(high, bounds);
    if (typeof end === "string") return end;
    if (step !== undefined && high === undefined) end = bounds.max;
  }
  if (step !== undefined) {
    const by = parseNumber(step, { min: 0, max: 0 });
    if (typeof by === "string") return by;
    if (by === 0) return `step of range should be a positive number: ${expression}`;
  }
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${expression}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${expression}`;
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${expression}` : undefined;
}

function checkDescriptor(text: string): string | undefined {
  if (descriptors.has(text)) return undefined;
  if (!text.startsWith("@every ")) return `unrecognized descriptor: ${text}`;
  const duration = text.slice("@every ".length);
  if (parseGoDuration(duration) !== undefined) return undefined;
  return `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`;
}

/** What is wrong with a schedule; undefined for a good one. */
export function checkSchedule(schedule: string): string | undefined {
  if (/TZ=/.test(schedule)) return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
  if (schedule.startsWith("@")) return checkDescriptor(schedule);
  const parts = schedule.split(/\s+/).filter((part) => part !== "");
  if (parts.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(" ")}]`;
  }
  for (const [index, part] of parts.entries()) {
    for (const range of part.split(",").filter((each) => each !== "")) {
      const problem = checkRange(range, fields[index]!);
      if (problem) return problem;
    }
  }
  return undefined;
}
