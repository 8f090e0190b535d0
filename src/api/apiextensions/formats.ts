// The formats of strings that schemas may ask for; others are ignored (CustomResourceDefinition reference, "format").

import { parseGoDuration } from "../machinery/duration.ts";
import { parseCidr, parseIp } from "../machinery/ip.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";
import { compileRegex } from "../machinery/regex.ts";

type Check = (text: string) => boolean;

const matches = (pattern: string): Check => {
  const regex = compileRegex(pattern);
  return (text) => regex.test(text);
};

const checks: Record<string, Check> = {
  bsonobjectid: matches("^[0-9a-fA-F]{24}$"),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => text.includes(".") && isIp(text),
  ipv6: (text) => text.includes(":") && isIp(text),
  cidr: isCidr,
  mac: isMac,
  uuid: matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
  uuid3: matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
  uuid4: matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
  uuid5: matches("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches("^\\d{3}[- ]?\\d{2}[- ]?\\d{4}$"),
  hexcolor: matches("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
  rgbcolor: matches(
    "^rgb\\(\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*,\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*,\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*\\)$",
  ),
  byte: isBase64,
  password: () => true,
  date: isDate,
  "date-time": isDateTime,
  datetime: isDateTime,
  duration: isDuration,
  "k8s-short-name": (text) => dns1123Label(text).length === 0,
  "k8s-long-name": (text) => dns1123Subdomain(text).length === 0,
};

/** Formats of numbers, by type. */
const numberFormats: Record<string, readonly string[]> = {
  integer: ["int32", "int64"],
  number: ["float", "double"],
};

/** Whether values of this type are checked for such a format. */
export function isKnownFormat(format: string, type = "string"): boolean {
  return type === "string" ? Object.hasOwn(checks, format) : (numberFormats[type]?.includes(format) ?? false);
}

/** True if the text is of the format, or nobody knows the format. */
export function hasFormat(text: string, format: string): boolean {
  return !Object.hasOwn(checks, format) || checks[format]!(text);
}

function isIp(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && !ip.leadingZeros;
}

function isCidr(text: string): boolean {
  const range = parseCidr(text);
  return range !== undefined && !range.ip.leadingZeros;
}

/** An absolute URI or an absolute path, as one stands in an HTTP request. */
function isUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return false;
  if (text.startsWith("/")) return true;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text);
  if (!scheme) return false;
  const rest = text.slice(scheme[0].length);
  return !rest.startsWith("//") || !/[\s<>"{}|\\^`]/.test(rest.slice(2).split(/[/?#]/, 1)[0]!);
}

/** `a@b` or `Name <a@b>`. */
function isEmail(text: string): boolean {
  const open = text.indexOf("<");
  const address = open >= 0 && text.endsWith(">") ? text.slice(open + 1, -1) : text;
  const at = address.lastIndexOf("@");
  return at > 0 && at < address.length - 1 && !/[\s<>(),;:@[\]]/.test(address.slice(0, at) + address.slice(at + 1));
}

/** Compiled when it is first needed: that takes a while. */
const hostnamePattern =
  "^([a-zA-Z0-9\\p{S}\\p{L}]((-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?)|([a-zA-Z0-9\\p{S}\\p{L}](([a-zA-Z0-9-\\p{S}\\p{L}]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$";

function isHostname(text: string): boolean {
  return (
    text.length <= 255 &&
    compileRegex(hostnamePattern).test(text) &&
    text.split(".").every((label) => label.length <= 63)
  );
}

/** Six, eight or twenty bytes, with colons, hyphens, or dots after every second one. */
function isMac(text: string): boolean {
  const bytes = /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2})*$/.test(text) ? text.split(/[:-]/).length : 0;
  const mixed = text.includes(":") && text.includes("-");
  const words = /^[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4})*$/.test(text) ? text.split(".").length * 2 : 0;
  return !mixed && [6, 8, 20].includes(bytes || words);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1]!;
}

function isDateTime(text: string): boolean {
  const [date, time, ...more] = text.toLowerCase().split("t");
  if (time === undefined || more.length > 0 || !isDate(date!)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(\.\d+)?(z|[+-]\d{2}:\d{2})$/.exec(time);
  return match !== null && match[1]! <= "23" && match[2]! <= "59" && match[3]! <= "59";
}

const durationWords =
  /^\s*\d+\s*(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\s*$/;

/** Go's durations, and one number with a unit in words. */
function isDuration(text: string): boolean {
  return parseGoDuration(text) !== undefined || durationWords.test(text);
}

function digitsOf(text: string): string {
  return text.replace(/[\s-]/g, "");
}

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 10; index++) sum += (10 - index) * (digits[index] === "X" ? 10 : Number(digits[index]));
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 13; index++) sum += (index % 2 === 0 ? 1 : 3) * Number(digits[index]);
  return sum % 10 === 0;
}

/** By the issuers' prefixes and Luhn's checksum. */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  if (
    !/^(4\d{12}(\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|6(011|5\d\d)\d{12}|3[47]\d{13}|3(0[0-5]|[68]\d)\d{11}|(2131|1800|35\d{3})\d{11})$/.test(
      digits,
    )
  )
    return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    sum += index % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
