import { CelError } from "./errors.ts";
import type { DurationValue, TimeValue } from "./values.ts";

const unitNs: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const int64Max = 2n ** 63n - 1n;

/** A duration in Go's form: `1h30m`, `-1.5s`. Fails with Go's words. */
export function parseDuration(text: string): DurationValue {
  const wrong = () => new CelError(`time: invalid duration ${JSON.stringify(text)}`);
  const negative = text.startsWith("-");
  const rest = text.replace(/^[+-]/, "");
  if (rest === "0") return { tag: "duration", ns: 0n };
  if (!/^((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) throw wrong();
  let ns = 0n;
  for (const [, whole = "", fraction = "", unit] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const each = unitNs[unit!]!;
    ns += BigInt(whole || "0") * each;
    if (fraction) ns += (BigInt(fraction.slice(0, 18)) * each) / 10n ** BigInt(Math.min(fraction.length, 18));
  }
  if (ns > int64Max) throw wrong();
  return { tag: "duration", ns: negative ? -ns : ns };
}

const timestampPattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/;
const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;

/** A time in RFC 3339. Fails with Go's words. */
export function parseTimestamp(text: string): TimeValue {
  const match = timestampPattern.exec(text);
  const wrong = () => new CelError(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  if (!match) throw wrong();
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const ms = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  const date = new Date(ms);
  if (+year! < 100) date.setUTCFullYear(+year!);
  if (date.getUTCDate() !== +day! || +hour! > 23 || +minute! > 59 || +second! > 59) throw wrong();
  let seconds = BigInt(date.getTime() / 1000);
  if (zone !== "Z") {
    const offset = BigInt(Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4)) * 60);
    seconds += zone.startsWith("-") ? offset : -offset;
  }
  return timestampOf(seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, "0") || "0"));
}

/** A time of these nanoseconds since the epoch; fails outside the years 1 to 9999. */
export function timestampOf(ns: bigint): TimeValue {
  const seconds = ns / 1_000_000_000n;
  if (seconds < firstSecond || seconds > lastSecond) throw new CelError("timestamp overflow");
  return { tag: "timestamp", ns };
}

/** A duration of these nanoseconds; fails where 64 bits do not hold it. */
export function durationOf(ns: bigint): DurationValue {
  if (ns > int64Max || ns < -int64Max - 1n) throw new CelError("duration overflow");
  return { tag: "duration", ns };
}

/** RFC 3339 with as many digits of a second as it needs. */
export function formatTimestamp({ ns }: TimeValue): string {
  const seconds = ns >= 0n ? ns / 1_000_000_000n : -((999_999_999n - ns) / 1_000_000_000n);
  const rest = ns - seconds * 1_000_000_000n;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${text}${rest === 0n ? "" : `.${String(rest).padStart(9, "0").replace(/0+$/, "")}`}Z`;
}

/** Seconds with a fraction: `3600s`, `1.5s` (protobuf's JSON form). */
export function formatDuration({ ns }: DurationValue): string {
  const size = ns < 0n ? -ns : ns;
  const rest = size % 1_000_000_000n;
  const fraction = rest === 0n ? "" : `.${String(rest).padStart(9, "0").replace(/0+$/, "")}`;
  return `${ns < 0n ? "-" : ""}${size / 1_000_000_000n}${fraction}s`;
}

type Part = "year" | "month" | "day" | "hour" | "minute" | "second" | "weekday";

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** A time's calendar in a zone: a name (`Europe/Berlin`) or an offset (`+02:00`); UTC if absent. Months count from 1. */
export function calendar(time: TimeValue, zone?: string): Record<Part | "millisecond" | "yearDay", number> {
  const ms = Number(time.ns / 1_000_000n);
  const local = zone === undefined || zone === "" || zone === "UTC" ? ms : ms + zoneOffsetMs(ms, zone);
  const date = new Date(local);
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    millisecond: date.getUTCMilliseconds(),
    yearDay: Math.floor((local - yearStart) / 86_400_000),
  };
}

function zoneOffsetMs(ms: number, zone: string): number {
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset) {
    const size = (Number(offset[2]) * 60 + Number(offset[3])) * 60_000;
    return offset[1] === "-" ? -size : size;
  }
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      weekday: "short",
    });
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value])) as Record<
      Part,
      string
    >;
    if (!weekdays.includes(parts.weekday)) throw new RangeError(zone);
    const local = Date.UTC(+parts.year, +parts.month - 1, +parts.day, +parts.hour, +parts.minute, +parts.second);
    return local - Math.floor(ms / 1000) * 1000;
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}
