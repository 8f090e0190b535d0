// A JSON reader for the two cases that the native one is no help with: saying in Go's words what is wrong, and duplicates.

export interface JsonScan {
  value: unknown;
  /** Paths of keys that stand more than once in their object. */
  duplicates: string[];
}

interface Scan {
  text: string;
  at: number;
  path: string;
  duplicates: string[];
}

const depthMax = 10_000;

/** Reads JSON text. Throws an Error with Go's message. Objects under the same key are merged, other values replaced. */
export function scanJson(text: string): JsonScan {
  const scan: Scan = { text, at: 0, path: "", duplicates: [] };
  const value = readValue(scan, 0);
  skipSpace(scan);
  if (scan.at < text.length) fail(scan, "after top-level value");
  return { value, duplicates: scan.duplicates };
}

/** Throws Go's error for the character at hand. */
function fail(scan: Scan, where: string): never {
  if (scan.at >= scan.text.length) throw new Error("unexpected end of JSON input");
  throw new Error(`invalid character ${quoteCharacter(scan.text, scan.at)} ${where}`);
}

/** A byte between quotes as Go shows it: beyond ASCII, the first byte of the character. */
function quoteCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  const [byte] = new TextEncoder().encode(character);
  if (byte! > 127) return `'${String.fromCharCode(byte!)}'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}

function skipSpace(scan: Scan): void {
  while (/[ \n\r\t]/.test(scan.text[scan.at] ?? "")) scan.at++;
}

function readValue(scan: Scan, depth: number): unknown {
  if (depth > depthMax) throw new Error("exceeded max depth");
  skipSpace(scan);
  const first = scan.text[scan.at];
  switch (first) {
    case "{":
      return readObject(scan, depth);
    case "[":
      return readArray(scan, depth);
    case '"':
      return readString(scan);
    case "t":
      return readWord(scan, "true", true);
    case "f":
      return readWord(scan, "false", false);
    case "n":
      return readWord(scan, "null", null);
    default:
      return first !== undefined && /[-0-9]/.test(first)
        ? readNumber(scan)
        : fail(scan, "looking for beginning of value");
  }
}

function readWord<T>(scan: Scan, word: string, value: T): T {
  for (let index = 1; index < word.length; index++) {
    scan.at++;
    if (scan.text[scan.at] !== word[index]) fail(scan, `in literal ${word} (expecting '${word[index]}')`);
  }
  scan.at++;
  return value;
}

function readNumber(scan: Scan): number {
  const start = scan.at;
  const digits = (where: string): void => {
    if (!/[0-9]/.test(scan.text[scan.at] ?? "")) fail(scan, where);
    while (/[0-9]/.test(scan.text[scan.at] ?? "")) scan.at++;
  };
  if (scan.text[scan.at] === "-") scan.at++;
  if (scan.text[scan.at] === "0") scan.at++;
  else digits("in numeric literal");
  if (scan.text[scan.at] === ".") {
    scan.at++;
    digits("after decimal point in numeric literal");
  }
  if (/[eE]/.test(scan.text[scan.at] ?? "")) {
    scan.at++;
    if (/[-+]/.test(scan.text[scan.at] ?? "")) scan.at++;
    digits("in exponent of numeric literal");
  }
  return Number(scan.text.slice(start, scan.at));
}

function readString(scan: Scan): string {
  const start = scan.at++;
  for (;;) {
    const code = scan.text.charCodeAt(scan.at);
    if (code === 34) break;
    if (Number.isNaN(code) || code < 32) fail(scan, "in string literal");
    if (code === 92) readEscape(scan);
    scan.at++;
  }
  scan.at++;
  return JSON.parse(scan.text.slice(start, scan.at));
}

function readEscape(scan: Scan): void {
  scan.at++;
  const escaped = scan.text[scan.at] ?? "";
  if (escaped === "u") {
    for (let digit = 0; digit < 4; digit++) {
      scan.at++;
      if (!/[0-9a-fA-F]/.test(scan.text[scan.at] ?? "")) fail(scan, "in \\u hexadecimal character escape");
    }
  } else if (escaped === "" || !'"\\/bfnrt'.includes(escaped)) fail(scan, "in string escape code");
}

function readArray(scan: Scan, depth: number): unknown[] {
  const list: unknown[] = [];
  const { path } = scan;
  scan.at++;
  skipSpace(scan);
  if (scan.text[scan.at] === "]") {
    scan.at++;
    return list;
  }
  for (;;) {
    scan.path = `${path}[${list.length}]`;
    list.push(readValue(scan, depth + 1));
    skipSpace(scan);
    const next = scan.text[scan.at];
    if (next !== "," && next !== "]") fail(scan, "after array element");
    scan.at++;
    if (next === "]") break;
  }
  scan.path = path;
  return list;
}

function readObject(scan: Scan, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  const { path } = scan;
  scan.at++;
  skipSpace(scan);
  if (scan.text[scan.at] === "}") {
    scan.at++;
    return object;
  }
  for (;;) {
    skipSpace(scan);
    if (scan.text[scan.at] !== '"') fail(scan, "looking for beginning of object key string");
    const key = readString(scan);
    skipSpace(scan);
    if (scan.text[scan.at] !== ":") fail(scan, "after object key");
    scan.at++;
    scan.path = path === "" ? key : `${path}.${key}`;
    if (Object.hasOwn(object, key)) scan.duplicates.push(scan.path);
    const value = merged(Object.hasOwn(object, key) ? object[key] : undefined, readValue(scan, depth + 1));
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    skipSpace(scan);
    const next = scan.text[scan.at];
    if (next !== "," && next !== "}") fail(scan, "after object key:value pair");
    scan.at++;
    if (next === "}") break;
  }
  scan.path = path;
  return object;
}

function merged(before: unknown, value: unknown): unknown {
  if (!isObject(before) || !isObject(value)) return value;
  const result = { ...before };
  for (const [key, each] of Object.entries(value)) result[key] = merged(result[key], each);
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
