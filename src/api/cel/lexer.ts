import type { Mistake } from "./errors.ts";
import { intMax, intMin, type Value } from "./values.ts";

export type Token = { at: number; text: string } & (
  | { kind: "ident" | "op" | "end" }
  | { kind: "literal"; value: Value }
);

const operators = ["&&", "||", "==", "!=", "<=", ">=", ...".,:?()[]{}<>+-*/%!"];
const identPattern = /[A-Za-z_][A-Za-z0-9_]*/y;
const numberPattern =
  /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+)[uU]?/y;
const spacePattern = /(?:[\t\r\n\f ]+|\/\/[^\n]*)+/y;
const stringStart = /([rR]?[bB]?|[bB][rR])("""|'''|"|')/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Cuts an expression into tokens. What is no token is noted among the mistakes and skipped, as cel-go does. */
export function tokenize(source: string, mistakes: Mistake[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const space = match(spacePattern, source, at);
    if (space) {
      at += space[0].length;
      continue;
    }
    const token = literalAt(source, at, mistakes) ?? wordAt(source, at);
    if (token) {
      tokens.push(token);
      at += token.text.length;
      continue;
    }
    const quote = match(stringStart, source, at);
    const bad = quote ? source.slice(at).split("\n")[0]! : String.fromCodePoint(source.codePointAt(at)!);
    mistakes.push({ at, message: `Syntax error: token recognition error at: '${bad}'` });
    at += bad.length;
  }
  tokens.push({ kind: "end", at, text: "<EOF>" });
  return tokens;
}

function wordAt(source: string, at: number): Token | undefined {
  const ident = match(identPattern, source, at);
  if (ident) {
    const text = ident[0];
    if (text === "true" || text === "false") return { kind: "literal", at, text, value: text === "true" };
    if (text === "null") return { kind: "literal", at, text, value: null };
    return { kind: text === "in" ? "op" : "ident", at, text };
  }
  const text = operators.find((each) => source.startsWith(each, at));
  return text === undefined ? undefined : { kind: "op", at, text };
}

function literalAt(source: string, at: number, mistakes: Mistake[]): Token | undefined {
  const start = match(stringStart, source, at);
  if (start) return textAt(source, at, start, mistakes);
  const number = match(numberPattern, source, at);
  return number ? { kind: "literal", at, text: number[0], value: numberValue(number[0], at, mistakes) } : undefined;
}

function numberValue(text: string, at: number, mistakes: Mistake[]): Value {
  const hex = /^0x/i.test(text);
  if (/u$/i.test(text)) {
    const value = BigInt(text.slice(0, -1));
    if (value >= 2n ** 64n) mistakes.push({ at, message: "invalid uint literal" });
    return { tag: "uint", value };
  }
  if (!hex && /[.e]/i.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) mistakes.push({ at, message: "invalid double literal" });
    return value;
  }
  const value = BigInt(text);
  // The smallest int is written with its sign, which the parser sees.
  if (value > intMax && value !== -intMin) mistakes.push({ at, message: "invalid int literal" });
  return value;
}

function textAt(source: string, at: number, start: RegExpExecArray, mistakes: Mistake[]): Token | undefined {
  const [opening, prefix = "", quote = ""] = start;
  const raw = /r/i.test(prefix);
  let end = at + opening.length;
  while (!source.startsWith(quote, end)) {
    if (end >= source.length || (quote.length === 1 && /[\r\n]/.test(source[end]!))) return undefined;
    end += !raw && source[end] === "\\" ? 2 : 1;
  }
  const body = source.slice(at + opening.length, end);
  const text = source.slice(at, end + quote.length);
  const isBytes = /b/i.test(prefix);
  const pieces = raw ? [body] : unescapeText(body, isBytes);
  if (pieces === undefined) {
    mistakes.push({
      at,
      message: isBytes ? "invalid bytes literal" : `Syntax error: token recognition error at: '${text}'`,
    });
    return { kind: "literal", at, text, value: "" };
  }
  if (!isBytes) return { kind: "literal", at, text, value: pieces.join("") };
  const bytes = pieces.flatMap((piece) => (typeof piece === "number" ? [piece] : [...new TextEncoder().encode(piece)]));
  return { kind: "literal", at, text, value: Uint8Array.from(bytes) };
}

const simpleEscapes: Record<string, string> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
  "?": "?",
};
const escapePattern =
  /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))|[^\\]+|\\/g;

/** Texts, and numbers where an escape stands for one byte. Undefined if an escape is unknown. */
function unescapeText(body: string, isBytes: boolean): (string | number)[] | undefined {
  const pieces: (string | number)[] = [];
  for (const [whole, x, upperX, u, upperU, octal, simple] of body.matchAll(escapePattern)) {
    if (!whole.startsWith("\\")) pieces.push(whole);
    else if (simple !== undefined) {
      const letter = simpleEscapes[simple];
      if (letter === undefined) return undefined;
      pieces.push(letter);
    } else {
      const hex = x ?? upperX ?? u ?? upperU;
      if (hex === undefined && octal === undefined) return undefined;
      const code = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal!, 8);
      if (isBytes && (u ?? upperU) !== undefined) return undefined;
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
      pieces.push(isBytes ? code : String.fromCodePoint(code));
    }
  }
  return pieces;
}
