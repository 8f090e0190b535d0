import { addRange, fixed, scale, timesRange, walk } from "../costs.ts";
import { CelError } from "../errors.ts";
import { type CallEstimate, define, type Estimated, type Library, type Meter, method } from "../overload.ts";
import { codePoints, type ListValue, listValue, typeName, type Value } from "../values.ts";
import { formatText } from "./format_text.ts";

const sameSize = ([text]: readonly Estimated[]) => text!.size;

/** Functions of strings (cel-go's strings extension, version 2). Positions count letters. */
export function addStrings(library: Library): void {
  addCases(library);
  addPositions(library);
  addPieces(library);
  method(
    library,
    "format",
    "string (list<dyn>): string",
    ([text, list], meter) => {
      return formatText(text as string, (list as ListValue).items, meter);
    },
    walk(0),
  );
  define(library, "strings.quote", "(string): string", ([text]) => quote(text as string), walk(0));
}

function addCases(library: Library): void {
  const ascii =
    (pattern: RegExp, change: (letter: string) => string) =>
    ([text]: readonly Value[]) =>
      (text as string).replace(pattern, change);
  const costs = walk(0, 1, sameSize);
  method(
    library,
    "lowerAscii",
    "string (): string",
    ascii(/[A-Z]+/g, (part) => part.toLowerCase()),
    costs,
  );
  method(
    library,
    "upperAscii",
    "string (): string",
    ascii(/[a-z]+/g, (part) => part.toUpperCase()),
    costs,
  );
  // JavaScript trims one letter more than Go, the byte order mark.
  method(
    library,
    "trim",
    "string (): string",
    ([text]) => (text as string).replace(/^[\s\u0085]+/, "").replace(/[\s\u0085]+$/, ""),
    costs,
  );
}

/** A text as letters, where it has others than those of one unit. */
function letters(text: string): readonly string[] | string {
  return codePoints(text) === text.length ? text : [...text];
}

function place(value: Value | undefined): number {
  return Number(value as bigint);
}

function addPositions(library: Library): void {
  method(library, "charAt", "string (int): string", ([text, at]) => {
    const all = letters(text as string);
    const index = place(at);
    if (index < 0 || index > all.length) throw new CelError(`index out of range: ${index}`);
    return all[index] ?? "";
  });
  for (const [name, last] of [
    ["indexOf", false],
    ["lastIndexOf", true],
  ] as const) {
    const costs = walk(0);
    method(library, name, "string (string): int", ([text, part]) => find(text as string, part as string, last), costs);
    method(
      library,
      name,
      "string (string, int): int",
      ([text, part, from]) => find(text as string, part as string, last, place(from)),
      costs,
    );
  }
  const costs = walk(0, 1, sameSize);
  method(library, "substring", "string (int): string", ([text, from]) => substring(text as string, place(from)), costs);
  method(
    library,
    "substring",
    "string (int, int): string",
    ([text, from, to]) => substring(text as string, place(from), place(to)),
    costs,
  );
}

function find(text: string, part: string, last: boolean, from?: number): bigint {
  const count = codePoints(text);
  if (from !== undefined && (from < 0 || from > count)) throw new CelError(`index out of range: ${from}`);
  if (part === "") return BigInt(from ?? (last ? count : 0));
  const start = from === undefined ? undefined : [...text].slice(0, from).join("").length;
  const at = last ? text.lastIndexOf(part, start) : text.indexOf(part, start);
  return BigInt(at <= 0 ? at : codePoints(text.slice(0, at)));
}

function substring(text: string, from: number, to?: number): string {
  const all = letters(text);
  const end = to ?? all.length;
  if (end < 0 || end > all.length) throw new CelError(`index out of range: ${end}`);
  if (from < 0 || from > all.length) throw new CelError(`index out of range: ${from}`);
  if (from > end) throw new CelError(`invalid substring range. start: ${from}, end: ${end}`);
  return typeof all === "string" ? all.slice(from, end) : all.slice(from, end).join("");
}

function addPieces(library: Library): void {
  const replaced = { ...walk(0, 2), estimate: estimateReplace };
  method(
    library,
    "replace",
    "string (string, string): string",
    ([text, old, next], meter) => replace(text as string, old as string, next as string, -1, meter),
    replaced,
  );
  method(
    library,
    "replace",
    "string (string, string, int): string",
    ([text, old, next, limit], meter) => replace(text as string, old as string, next as string, place(limit), meter),
    replaced,
  );
  const pieces = walk(0, 2, ([text]) => ({ min: 0, max: text!.size.max }));
  method(
    library,
    "split",
    "string (string): list<string>",
    ([text, by]) => split(text as string, by as string, -1),
    pieces,
  );
  method(
    library,
    "split",
    "string (string, int): list<string>",
    ([text, by, limit]) => split(text as string, by as string, place(limit)),
    pieces,
  );
  const joined = {
    cost: ([list, by]: readonly Value[]) =>
      Math.ceil(joinedLength(list as ListValue, (by as string | undefined) ?? "") * 0.2),
    estimate: estimateJoin,
  };
  const join = ([list, by]: readonly Value[], meter: Meter) => {
    meter.work(joinedLength(list as ListValue, (by as string | undefined) ?? ""));
    return (list as ListValue).items.map(asText).join((by as string | undefined) ?? "");
  };
  method(library, "join", "list<string> (): string", join, joined);
  method(library, "join", "list<string> (string): string", join, joined);
}

function asText(value: Value): string {
  if (typeof value === "string") return value;
  throw new CelError(`no such overload: join(${typeName(value)})`);
}

function joinedLength({ items }: ListValue, by: string): number {
  return items.reduce<number>((sum, item) => sum + asText(item).length, by.length * Math.max(0, items.length - 1));
}

function estimateJoin([list, by]: readonly Estimated[]): CallEstimate {
  let size = timesRange(list!.size, list!.elementSize);
  if (by)
    size = addRange(
      size,
      timesRange(by.size, { min: Math.max(0, list!.size.min - 1), max: Math.max(0, list!.size.max - 1) }),
    );
  return { cost: scale(size, 0.1), size };
}

function replace(text: string, old: string, next: string, limit: number, meter: Meter): string {
  if (limit === 0) return text;
  if (old === "") {
    const all = [...text];
    const count = Math.min(limit < 0 ? all.length + 1 : limit, all.length + 1);
    meter.work(text.length + count * next.length);
    return all.map((letter, at) => (at < count ? next : "") + letter).join("") + (count > all.length ? next : "");
  }
  const parts = split(text, old, limit < 0 ? -1 : limit + 1).items as string[];
  meter.work(text.length + parts.length * next.length);
  return parts.join(next);
}

/** Pieces between separators, at most `limit` of them; all for -1. The last piece is what is left. */
function split(text: string, by: string, limit: number): ListValue {
  if (limit === 0) return listValue([]);
  if (limit === 1) return listValue([text]);
  if (by === "") {
    const all = [...text];
    if (limit < 0 || all.length <= limit) return listValue(all);
    return listValue([...all.slice(0, limit - 1), all.slice(limit - 1).join("")]);
  }
  if (limit < 0) return listValue(text.split(by));
  const pieces: string[] = [];
  let start = 0;
  while (pieces.length < limit - 1) {
    const at = text.indexOf(by, start);
    if (at < 0) break;
    pieces.push(text.slice(start, at));
    start = at + by.length;
  }
  return listValue([...pieces, text.slice(start)]);
}

/** The result is longest where the shortest part is replaced most often by the longest text, and so on. */
function estimateReplace([text, old, next]: readonly Estimated[]): CallEstimate {
  const cost = scale(text!.size, 0.2);
  const [size, from, to] = [text!.size, old!.size, next!.size];
  const count = fixed(0);
  const kept = fixed(0);
  if (from.min === 0) {
    count.max = size.max + 1;
    kept.max = size.max;
  } else if (to.max <= from.min) kept.max = size.max;
  else count.max = Math.ceil(size.max / from.min);
  if (from.max === 0) {
    count.min = size.min + 1;
    kept.min = size.min;
  } else if (from.max <= to.min) kept.min = size.min;
  else count.min = Math.ceil(size.min / from.max);
  return { cost, size: addRange(timesRange(count, to), kept) };
}

const escapes: Record<string, string> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** A text in quotes, with what cannot be seen written out. */
function quote(text: string): string {
  let quoted = "";
  for (const letter of text) quoted += escapes[letter] ?? letter;
  return `"${quoted}"`;
}
