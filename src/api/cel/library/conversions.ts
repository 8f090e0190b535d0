import { walk } from "../costs.ts";
import { CelError } from "../errors.ts";
import { define, type Library } from "../overload.ts";
import { durationOf, formatDuration, formatTimestamp, parseDuration, parseTimestamp, timestampOf } from "../time.ts";
import {
  type DurationValue,
  int,
  intMax,
  intMin,
  type TimeValue,
  type UintValue,
  uint,
  uintMax,
  type Value,
} from "../values.ts";

/** `int(x)`, `string(x)`, … */
export function addConversions(library: Library): void {
  addNumbers(library);
  addTexts(library);
  const same = ([value]: readonly Value[]) => value!;
  define(library, "bool", "(bool): bool", same);
  define(library, "bool", "(string): bool", ([text]) => toBool(text as string));
  define(library, "timestamp", "(timestamp): timestamp", same);
  define(library, "timestamp", "(string): timestamp", ([text]) => parseTimestamp(text as string));
  define(library, "timestamp", "(int): timestamp", ([seconds]) => timestampOf((seconds as bigint) * 1_000_000_000n));
  define(library, "duration", "(duration): duration", same);
  define(library, "duration", "(string): duration", ([text]) => parseDuration(text as string));
  define(library, "duration", "(int): duration", ([ns]) => durationOf(ns as bigint));
}

function toBool(text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  throw new CelError(`type conversion error from 'string' to 'bool'`);
}

function addNumbers(library: Library): void {
  const same = ([value]: readonly Value[]) => value!;
  define(library, "int", "(int): int", same);
  define(library, "int", "(uint): int", ([value]) => int((value as UintValue).value));
  define(library, "int", "(double): int", ([value]) => int(whole(value as number, intMin, intMax)));
  define(library, "int", "(string): int", ([text]) => parseWhole(text as string, "int", intMin, intMax));
  define(library, "int", "(timestamp): int", ([time]) => floorDiv((time as TimeValue).ns, 1_000_000_000n));
  define(library, "int", "(duration): int", ([span]) => (span as DurationValue).ns);
  define(library, "uint", "(uint): uint", same);
  define(library, "uint", "(int): uint", ([value]) => uint(value as bigint));
  define(library, "uint", "(double): uint", ([value]) => uint(whole(value as number, 0n, uintMax)));
  define(library, "uint", "(string): uint", ([text]) => uint(parseWhole(text as string, "uint", 0n, uintMax)));
  define(library, "double", "(double): double", same);
  define(library, "double", "(int): double", ([value]) => Number(value));
  define(library, "double", "(uint): double", ([value]) => Number((value as UintValue).value));
  define(library, "double", "(string): double", ([text]) => parseDouble(text as string));
}

function floorDiv(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : -((by - 1n - value) / by);
}

function whole(value: number, min: bigint, max: bigint): bigint {
  if (!Number.isFinite(value)) throw new CelError("integer overflow");
  const result = BigInt(Math.trunc(value));
  if (result <= min - 1n || result >= max) throw new CelError("integer overflow");
  return result;
}

function parseWhole(text: string, type: string, min: bigint, max: bigint): bigint {
  if (!(type === "int" ? /^[+-]?\d+$/ : /^\d+$/).test(text))
    throw new CelError(`type conversion error from 'string' to '${type}'`);
  // BigInt reads a plus sign not at all, and a huge number only in quadratic time.
  const digits = text.replace("+", "");
  if (digits.length > 60) throw new CelError(`type conversion error from 'string' to '${type}'`);
  const value = BigInt(digits);
  if (value < min || value > max) throw new CelError(`type conversion error from 'string' to '${type}'`);
  return value;
}

function parseDouble(text: string): number {
  const special: Record<string, number> = {
    nan: Number.NaN,
    inf: Infinity,
    "+inf": Infinity,
    "-inf": -Infinity,
    infinity: Infinity,
  };
  const known = special[text.toLowerCase()];
  if (known !== undefined) return known;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
    throw new CelError("type conversion error from 'string' to 'double'");
  return Number(text);
}

/** A double as Go's `%g` writes it: `1`, `0.5`, `1e+06`. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  const digits = mantissa.replace(/[-.]/g, "").length;
  if (power < -4 || power >= 6)
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  return value.toFixed(Math.max(0, digits - 1 - power));
}

function addTexts(library: Library): void {
  define(library, "string", "(string): string", ([text]) => text!);
  define(library, "string", "(int): string", ([value]) => String(value));
  define(library, "string", "(uint): string", ([value]) => String((value as UintValue).value));
  define(library, "string", "(double): string", ([value]) => formatDouble(value as number));
  define(library, "string", "(bool): string", ([value]) => String(value));
  define(
    library,
    "string",
    "(bytes): string",
    ([value]) => decode(value as Uint8Array),
    walk(0, 1, ([bytes]) => bytes!.size),
  );
  define(library, "string", "(timestamp): string", ([value]) => formatTimestamp(value as TimeValue));
  define(library, "string", "(duration): string", ([value]) => formatDuration(value as DurationValue));
  define(library, "bytes", "(bytes): bytes", ([value]) => value!);
  const utf8 = walk(0, 1, ([text]) => ({ min: text!.size.min, max: text!.size.max * 4 }));
  define(library, "bytes", "(string): bytes", ([text]) => new TextEncoder().encode(text as string), utf8);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError("invalid UTF-8 in bytes, cannot convert to string");
  }
}
