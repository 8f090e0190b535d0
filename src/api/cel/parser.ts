import { isReserved } from "./adapt.ts";
import type { Expr } from "./ast.ts";
import type { Mistake } from "./errors.ts";
import { type Token, tokenize } from "./lexer.ts";
import { expandMacro, MacroError } from "./macros.ts";
import { intMax } from "./values.ts";

/** How deep an expression may nest (cel-go's limit). */
const depthMax = 250;

/** How long an expression may be, in letters (cel-go's limit). */
const lettersMax = 100_000;

const operand =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** Binary operators from the loosest to the tightest, with the functions that they call. */
const levels: Record<string, string>[] = [
  { "||": "_||_" },
  { "&&": "_&&_" },
  { "==": "_==_", "!=": "_!=_", "<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", in: "@in" },
  { "+": "_+_", "-": "_-_" },
  { "*": "_*_", "/": "_/_", "%": "_%_" },
];

class SyntaxMistake extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

interface Parser {
  tokens: Token[];
  next: number;
  depth: number;
  mistakes: Mistake[];
}

/** Reads an expression; macros are expanded. Gives what is wrong with it otherwise. */
export function parse(source: string): { expr: Expr } | { mistakes: Mistake[] } {
  const letters = [...source].length;
  if (letters > lettersMax) {
    const message = `expression code point size exceeds limit: size: ${letters}, limit ${lettersMax}`;
    return { mistakes: [{ at: 0, message }] };
  }
  const mistakes: Mistake[] = [];
  const parser: Parser = { tokens: tokenize(source, mistakes), next: 0, depth: 0, mistakes };
  try {
    const expr = expression(parser);
    const token = peek(parser);
    if (token.kind !== "end") {
      const after = parser.tokens[parser.next + 1];
      const what = after?.kind === "end" ? "extraneous" : "mismatched";
      throw new SyntaxMistake(token.at, `Syntax error: ${what} input '${token.text}' expecting <EOF>`);
    }
    if (mistakes.length === 0) return { expr };
  } catch (error) {
    if (!(error instanceof SyntaxMistake)) throw error;
    mistakes.push({ at: error.at, message: error.message });
  }
  return { mistakes };
}

function peek(parser: Parser): Token {
  return parser.tokens[parser.next]!;
}

function isOp(parser: Parser, text: string): boolean {
  const token = peek(parser);
  return token.kind === "op" && token.text === text;
}

/** Takes the operator if it is next. */
function take(parser: Parser, text: string): Token | undefined {
  if (!isOp(parser, text)) return undefined;
  return parser.tokens[parser.next++];
}

function expect(parser: Parser, text: string, expecting = `'${text}'`): Token {
  const token = take(parser, text);
  if (token) return token;
  const found = peek(parser);
  throw new SyntaxMistake(found.at, `Syntax error: mismatched input '${found.text}' expecting ${expecting}`);
}

function expression(parser: Parser): Expr {
  if (++parser.depth > depthMax) {
    throw new SyntaxMistake(peek(parser).at, `expression recursion limit exceeded: ${depthMax}`);
  }
  const condition = binary(parser, 0);
  const question = take(parser, "?");
  let result = condition;
  if (question) {
    const yes = binary(parser, 0);
    expect(parser, ":");
    const no = expression(parser);
    result = { kind: "call", at: question.at, name: "_?_:_", args: [condition, yes, no] };
  }
  parser.depth--;
  return result;
}

function binary(parser: Parser, level: number): Expr {
  const names = levels[level];
  if (!names) return unary(parser);
  const terms = [binary(parser, level + 1)];
  const places: number[] = [];
  for (;;) {
    const token = peek(parser);
    const name = token.kind === "op" && Object.hasOwn(names, token.text) ? names[token.text] : undefined;
    if (name === undefined) break;
    parser.next++;
    const right = binary(parser, level + 1);
    if (level < 2) {
      terms.push(right);
      places.push(token.at);
    } else terms[0] = { kind: "call", at: token.at, name, args: [terms[0]!, right] };
  }
  // Long chains of && and || become balanced trees, so that they nest no deeper than they must.
  return level < 2 ? balance(terms, places, Object.values(names)[0]!, 0, terms.length - 1) : terms[0]!;
}

function balance(terms: Expr[], places: number[], name: string, first: number, last: number): Expr {
  if (first === last) return terms[first]!;
  const middle = Math.floor((first + last - 1) / 2);
  const args = [balance(terms, places, name, first, middle), balance(terms, places, name, middle + 1, last)];
  return { kind: "call", at: places[middle]!, name, args };
}

function unary(parser: Parser): Expr {
  const token = peek(parser);
  if (token.kind !== "op" || (token.text !== "!" && token.text !== "-")) return member(parser);
  let count = 0;
  while (take(parser, token.text)) count++;
  const following = peek(parser);
  if (token.text === "-" && following.kind === "literal" && /^[\d.]/.test(following.text)) {
    const { value } = following;
    if ((typeof value === "bigint" || typeof value === "number") && count === 1) {
      parser.tokens[parser.next] = { ...following, at: token.at, value: -value };
      return member(parser);
    }
  }
  const inner = member(parser);
  if (count % 2 === 0) return inner;
  return { kind: "call", at: token.at, name: token.text === "!" ? "!_" : "-_", args: [inner] };
}

function member(parser: Parser): Expr {
  let expr = primary(parser);
  for (;;) {
    const dot = take(parser, ".");
    if (dot) {
      expr = selection(parser, expr, dot);
      continue;
    }
    const bracket = take(parser, "[");
    if (!bracket) return expr;
    const optional = take(parser, "?") !== undefined;
    const index = expression(parser);
    expect(parser, "]");
    expr = { kind: "call", at: bracket.at, name: optional ? "_[?_]" : "_[_]", args: [expr, index] };
  }
}

function identifier(parser: Parser): Token {
  const token = peek(parser);
  if (token.kind !== "ident") {
    const message = `Syntax error: no viable alternative at input '.${token.kind === "end" ? "" : token.text}'`;
    throw new SyntaxMistake(token.at, message);
  }
  parser.next++;
  return token;
}

function selection(parser: Parser, operandExpr: Expr, dot: Token): Expr {
  const optional = take(parser, "?");
  const name = identifier(parser);
  if (optional) {
    const field: Expr = { kind: "const", at: name.at, value: name.text };
    return { kind: "call", at: optional.at - 1, name: "_?._", args: [operandExpr, field] };
  }
  const open = take(parser, "(");
  if (open) return call(parser, open, name.text, operandExpr);
  if (isOp(parser, "{")) {
    const qualified = qualifiedName(operandExpr);
    if (qualified !== undefined) return struct(parser, `${qualified}.${name.text}`);
  }
  return { kind: "select", at: dot.at, operand: operandExpr, field: name.text, test: false };
}

/** `a.b.c` of nothing but names; undefined for all else. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select" || expr.test) return undefined;
  const before = qualifiedName(expr.operand);
  return before === undefined ? undefined : `${before}.${expr.field}`;
}

function call(parser: Parser, open: Token, name: string, target?: Expr): Expr {
  const args = isOp(parser, ")") ? [] : [expression(parser)];
  while (args.length > 0 && take(parser, ",")) args.push(expression(parser));
  expect(parser, ")", args.length > 0 ? "{')', ','}" : undefined);
  try {
    return expandMacro(open.at, name, target, args) ?? { kind: "call", at: open.at, name, target, args };
  } catch (error) {
    if (!(error instanceof MacroError)) throw error;
    parser.mistakes.push({ at: error.at, message: error.message });
    return { kind: "const", at: open.at, value: null };
  }
}

function primary(parser: Parser): Expr {
  const token = peek(parser);
  if (token.kind === "literal") {
    parser.next++;
    if (typeof token.value === "bigint" && token.value > intMax)
      throw new SyntaxMistake(token.at, "invalid int literal");
    return { kind: "const", at: token.at, value: token.value };
  }
  if (take(parser, "(")) {
    const inner = expression(parser);
    expect(parser, ")");
    return inner;
  }
  if (isOp(parser, "[")) return list(parser);
  if (isOp(parser, "{")) return map(parser);
  const leading = take(parser, ".");
  const name = peek(parser);
  if (name.kind !== "ident") {
    const message = `Syntax error: mismatched input '${name.text}' expecting ${leading ? "IDENTIFIER" : operand}`;
    throw new SyntaxMistake(name.at, message);
  }
  parser.next++;
  if (isReserved(name.text)) throw new SyntaxMistake(name.at, `reserved identifier: ${name.text}`);
  const open = take(parser, "(");
  if (open) return call(parser, open, name.text);
  if (isOp(parser, "{")) return struct(parser, name.text);
  return { kind: "ident", at: name.at, name: name.text };
}

function list(parser: Parser): Expr {
  const { at } = expect(parser, "[");
  const items: { value: Expr; optional: boolean }[] = [];
  while (!isOp(parser, "]")) {
    const optional = take(parser, "?") !== undefined;
    items.push({ optional, value: expression(parser) });
    if (!take(parser, ",")) break;
  }
  expect(parser, "]", items.length > 0 ? "{']', ','}" : undefined);
  return { kind: "list", at, items };
}

function map(parser: Parser): Expr {
  const { at } = expect(parser, "{");
  const entries: { at: number; key: Expr; value: Expr; optional: boolean }[] = [];
  while (!isOp(parser, "}")) {
    const optional = take(parser, "?") !== undefined;
    const key = expression(parser);
    const colon = expect(parser, ":");
    entries.push({ at: colon.at, key, value: expression(parser), optional });
    if (!take(parser, ",")) break;
  }
  expect(parser, "}", "{'}', ','}");
  return { kind: "map", at, entries };
}

function struct(parser: Parser, name: string): Expr {
  const { at } = expect(parser, "{");
  const fields: { at: number; name: string; value: Expr; optional: boolean }[] = [];
  while (!isOp(parser, "}")) {
    const optional = take(parser, "?") !== undefined;
    const field = peek(parser);
    if (field.kind !== "ident") {
      const message = `Syntax error: mismatched input '${field.text}' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}`;
      throw new SyntaxMistake(field.at, message);
    }
    parser.next++;
    const colon = expect(parser, ":");
    fields.push({ at: colon.at, name: field.text, value: expression(parser), optional });
    if (!take(parser, ",")) break;
  }
  expect(parser, "}", "{'}', ','}");
  return { kind: "struct", at, name, fields };
}
