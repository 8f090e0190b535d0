import { CelError } from "../errors.ts";
import { define, type Library, method } from "../overload.ts";
import { intMax, type OpaqueValue, opaque, type Value } from "../values.ts";

const name = "kubernetes.Semver";

interface Version {
  numbers: readonly [bigint, bigint, bigint];
  pre: readonly string[];
  equals(other: unknown): boolean;
}

/** Semantic versions. */
export function addSemver(library: Library): void {
  const version = (value: Value | undefined) => (value as OpaqueValue).value as Version;
  const read = ([text, normalize]: readonly Value[]) =>
    parse(normalize ? normalized(text as string) : (text as string));
  const isVersion = (args: readonly Value[]) => {
    try {
      read(args);
      return true;
    } catch {
      return false;
    }
  };
  for (const signature of ["(string)", "(string, bool)"]) {
    define(library, "semver", `${signature}: ${name}`, (args) => opaque(name, read(args)));
    define(library, "isSemver", `${signature}: bool`, isVersion);
  }
  ["major", "minor", "patch"].forEach((part, at) => {
    method(library, part, `${name} (): int`, ([value]) => version(value).numbers[at]!);
  });
  method(library, "compareTo", `${name} (${name}): int`, ([a, b]) => BigInt(order(version(a), version(b))));
  method(library, "isLessThan", `${name} (${name}): bool`, ([a, b]) => order(version(a), version(b)) < 0);
  method(library, "isGreaterThan", `${name} (${name}): bool`, ([a, b]) => order(version(a), version(b)) > 0);
}

function parse(text: string): Version {
  if (text === "") throw new CelError("Version string empty");
  const match = /^([^.]*)\.([^.]*)\.([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(text);
  if (!match) throw new CelError("No Major.Minor.Patch elements found");
  const numbers = match.slice(1, 4).map((part) => {
    if (!/^\d+$/.test(part)) throw new CelError(`Invalid character(s) found in version number ${JSON.stringify(part)}`);
    if (part.length > 1 && part.startsWith("0"))
      throw new CelError(`version number must not contain leading zeroes ${JSON.stringify(part)}`);
    if (part.length > 20 || BigInt(part) > intMax)
      throw new CelError(`strconv.ParseUint: parsing ${JSON.stringify(part)}: value out of range`);
    return BigInt(part);
  });
  const pre = match[4] === undefined ? [] : identifiers(match[4], "Prerelease");
  if (pre.some((part) => /^0\d+$/.test(part)))
    throw new CelError("Numeric PreRelease version must not contain leading zeroes");
  if (match[5] !== undefined) identifiers(match[5], "Build meta data");
  const version: Version = {
    numbers: numbers as [bigint, bigint, bigint],
    pre,
    equals: (other) => order(version, other as Version) === 0,
  };
  return version;
}

function identifiers(text: string, what: string): string[] {
  const parts = text.split(".");
  for (const part of parts) {
    if (part === "") throw new CelError(`${what} is empty`);
    if (!/^[0-9A-Za-z-]+$/.test(part))
      throw new CelError(`Invalid character(s) found in ${what.toLowerCase()} ${JSON.stringify(part)}`);
  }
  return parts;
}

/** Without a leading `v` and leading zeros, with all three numbers. */
function normalized(text: string): string {
  const [major = "", minor, ...rest] = text.replace(/^v/, "").split(".");
  const parts = minor === undefined ? [major] : rest.length === 0 ? [major, minor] : [major, minor, rest.join(".")];
  const trimmed = parts.map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, "") : part));
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1)!))
    throw new CelError("short version cannot contain PreRelease/Build meta data");
  while (trimmed.length < 3) trimmed.push("0");
  return trimmed.join(".");
}

function order(left: Version, right: Version): number {
  for (const at of [0, 1, 2]) {
    if (left.numbers[at]! !== right.numbers[at]!) return left.numbers[at]! < right.numbers[at]! ? -1 : 1;
  }
  if (left.pre.length === 0 || right.pre.length === 0) return Math.sign(right.pre.length - left.pre.length);
  for (let at = 0; at < Math.max(left.pre.length, right.pre.length); at++) {
    const [a, b] = [left.pre[at], right.pre[at]];
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
    if (a !== b) return orderPart(a, b);
  }
  return 0;
}

/** Numbers come before words. */
function orderPart(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? -1 : 1;
  if (x && a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a < b ? -1 : 1;
}
