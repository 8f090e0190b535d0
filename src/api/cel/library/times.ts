import { type Library, method } from "../overload.ts";
import { calendar } from "../time.ts";
import type { DurationValue, TimeValue } from "../values.ts";

type Calendar = ReturnType<typeof calendar>;

/** Parts of a time, by the functions' names: some count from 0 and some from 1. */
const parts: Record<string, (date: Calendar) => number> = {
  getFullYear: ({ year }) => year,
  getMonth: ({ month }) => month - 1,
  getDate: ({ day }) => day,
  getDayOfMonth: ({ day }) => day - 1,
  getDayOfWeek: ({ weekday }) => weekday,
  getDayOfYear: ({ yearDay }) => yearDay,
  getHours: ({ hour }) => hour,
  getMinutes: ({ minute }) => minute,
  getSeconds: ({ second }) => second,
  getMilliseconds: ({ millisecond }) => millisecond,
};

const spans: Record<string, bigint> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

/** `getHours()` and the like, of times and durations. */
export function addTimes(library: Library): void {
  for (const [name, part] of Object.entries(parts)) {
    method(library, name, "timestamp (): int", ([time]) => BigInt(part(calendar(time as TimeValue))));
    method(library, name, "timestamp (string): int", ([time, zone]) =>
      BigInt(part(calendar(time as TimeValue, zone as string))),
    );
  }
  for (const [name, unit] of Object.entries(spans)) {
    method(library, name, "duration (): int", ([span]) => (span as DurationValue).ns / unit);
  }
}
