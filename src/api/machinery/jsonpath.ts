// kubectl's JSONPath: text with paths in braces, filters, ranges, unions, slices, recursive descent
// ("JSONPath Support" in the kubectl reference).

import { goJson } from "./go_json.ts";

/** A template or path that cannot be read, or does not fit the object. */
export class JsonPathError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonPathError";
  }
}

type Step =
  | { kind: "field"; name: string }
  | { kind: "wildcard" }
  | { kind: "recursive" }
  | { kind: "slice"; start?: number; end?: number; step?: number }
  | { kind: "index"; index: number }
  | { kind: "union"; paths: Step[][] }
  | { kind: "filter"; left: Operand; operator: string; right?: Operand }
  | { kind: "root" };

type Operand = { path: Step[] } | { value: unknown };

/** How many values a path may find on its way: `..` after `..` multiplies them. */
const valuesMax = 1_000_000;

type Node =
  | { kind: "text"; text: string }
  | { kind: "path"; steps: Step[] }
  | { kind: "range"; steps: Step[] }
  | { kind: "end" };

export interface JsonPath {
  /** The text that the template makes of an object. */
  print(object: unknown): string;
  /** The values that the template's paths find, in order, one list for each path. */
  find(object: unknown): unknown[][];
}

/** Reads a template such as `{range .items[*]}{.metadata.name}{"\n"}{end}`. Throws a JsonPathError. */
export function parseJsonPath(template: string, options: { allowMissing?: boolean } = {}): JsonPath {
  const nodes = parseTemplate(template);
  const allowMissing = options.allowMissing ?? true;
  return {
    print: (object) => printNodes(nodes, object, allowMissing),
    find: (object) => {
      const found: unknown[][] = [];
      walkNodes(nodes, object, allowMissing, (part) => {
        if (typeof part !== "string") found.push(part);
      });
      return found;
    },
  };
}

/** A single path as users write it for columns and sorting: `.a.b`, `a.b`, `{.a.b}`. */
export function relaxedPath(text: string): string {
  const match = /^\{?\.?([^{}]*)\}?$/s.exec(text);
  if (text === "" || !match) {
    throw new JsonPathError(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
  return `{.${match[1]}}`;
}

function parseTemplate(template: string): Node[] {
  const nodes: Node[] = [];
  let depth = 0;
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf("{", at);
    if (open < 0) {
      nodes.push({ kind: "text", text: template.slice(at) });
      break;
    }
    if (open > at) nodes.push({ kind: "text", text: template.slice(at, open) });
    const close = closingBrace(template, open + 1);
    if (close < 0) throw new JsonPathError("unclosed action");
    for (const node of parseAction(template.slice(open + 1, close).trim())) {
      if (node.kind === "range") depth++;
      if (node.kind === "end" && depth-- === 0) throw new JsonPathError("not in range, nothing to end");
      nodes.push(node);
    }
    at = close + 1;
  }
  if (depth > 0) throw new JsonPathError("unterminated range: missing {end}");
  return nodes;
}

function closingBrace(text: string, from: number): number {
  let quote = "";
  for (let at = from; at < text.length; at++) {
    const letter = text[at]!;
    if (quote) {
      if (letter === "\\") at++;
      else if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "}") return at;
  }
  return -1;
}

function parseAction(action: string): Node[] {
  if (action === "") return [];
  if (action === "end") return [{ kind: "end" }];
  if (action.startsWith("range ") || action === "range")
    return [{ kind: "range", steps: parseSteps(action.slice(5).trim()) }];
  if (action[0] === '"' || action[0] === "'") return [{ kind: "text", text: unquote(action) }];
  if (!/^[.[$@]/.test(action)) throw new JsonPathError(`unrecognized identifier ${action}`);
  return splitPaths(action).map((path) => ({ kind: "path", steps: parseSteps(path) }));
}

/** Several paths may stand in one action, apart by spaces. */
function splitPaths(action: string): string[] {
  const paths: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let at = 0; at < action.length; at++) {
    const letter = action[at]!;
    if (quote) {
      if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "[" || letter === "(") depth++;
    else if (letter === "]" || letter === ")") depth--;
    else if (letter === " " && depth === 0) {
      if (at > start) paths.push(action.slice(start, at));
      start = at + 1;
    }
  }
  paths.push(action.slice(start));
  return paths.filter((path) => path !== "");
}

function unquote(text: string): string {
  const quote = text[0]!;
  if (text.length < 2 || !text.endsWith(quote)) throw new JsonPathError("unterminated quoted string");
  const escapes: Record<string, string> = {
    n: "\n",
    t: "\t",
    r: "\r",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "/": "/",
    a: "\x07",
    b: "\b",
    f: "\f",
    v: "\v",
    "0": "\0",
  };
  return text
    .slice(1, -1)
    .replace(/\\(u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|.)/gs, (_whole, one: string, wide?: string, narrow?: string) =>
      wide || narrow ? String.fromCharCode(Number.parseInt((wide ?? narrow)!, 16)) : (escapes[one] ?? one),
    );
}

function parseSteps(path: string): Step[] {
  const steps: Step[] = [];
  let at = 0;
  while (at < path.length) {
    const letter = path[at]!;
    if (letter === "$") {
      steps.push({ kind: "root" });
      at++;
    } else if (letter === "@") at++;
    else if (letter === ".") {
      at++;
      if (path[at] === ".") {
        steps.push({ kind: "recursive" });
        at++;
        if (path[at] === ".") throw new JsonPathError("invalid multiple recursive descent");
      }
      const { name, next } = readName(path, at);
      if (name === "*") steps.push({ kind: "wildcard" });
      else if (name !== "") steps.push({ kind: "field", name });
      at = next;
    } else if (letter === "[") {
      const close = closingBracket(path, at);
      steps.push(parseBracket(path.slice(at + 1, close).trim()));
      at = close + 1;
    } else {
      const { name, next } = readName(path, at);
      if (next === at)
        throw new JsonPathError(
          `unrecognized character in action: U+${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")} '${letter}'`,
        );
      steps.push(name === "*" ? { kind: "wildcard" } : { kind: "field", name });
      at = next;
    }
  }
  return steps;
}

function readName(path: string, from: number): { name: string; next: number } {
  let name = "";
  let at = from;
  while (at < path.length && !/[.[\]$@\s]/.test(path[at]!)) {
    if (path[at] === "\\" && at + 1 < path.length) at++;
    name += path[at];
    at++;
  }
  return { name, next: at };
}

function closingBracket(path: string, open: number): number {
  let depth = 0;
  let quote = "";
  for (let at = open; at < path.length; at++) {
    const letter = path[at]!;
    if (quote) {
      if (letter === "\\") at++;
      else if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "[" || letter === "(") depth++;
    else if (letter === "]" || letter === ")") {
      depth--;
      if (depth === 0) return at;
    }
  }
  throw new JsonPathError("unterminated array");
}

function parseBracket(text: string): Step {
  if (text === "*" || text === "") return text === "*" ? { kind: "wildcard" } : { kind: "slice" };
  const filter = /^\?\((.*)\)$/s.exec(text);
  if (filter) return parseFilter(filter[1]!.trim());
  if (/^-?\d+$/.test(text)) return { kind: "index", index: Number(text) };
  const slice = /^(-?\d*):(-?\d*)(?::(-?\d*))?$/.exec(text);
  if (slice) {
    const [start, end, step] = slice.slice(1).map((part) => (part ? Number(part) : undefined));
    return { kind: "slice", start, end, step };
  }
  const parts = splitUnion(text);
  if (parts.length === 1) {
    const [only] = parts;
    if (only![0] === "'" || only![0] === '"') return { kind: "field", name: unquote(only!) };
    throw new JsonPathError(`invalid array index ${text}`);
  }
  return {
    kind: "union",
    paths: parts.map((part) =>
      part[0] === "'" || part[0] === '"'
        ? [{ kind: "field", name: unquote(part) }]
        : /^[.@$]/.test(part)
          ? parseSteps(part)
          : [parseBracket(part)],
    ),
  };
}

function splitUnion(text: string): string[] {
  return [...text.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,\s]+/g)].map(([part]) => part);
}

function parseFilter(text: string): Step {
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (quote) {
      if (letter === "\\") at++;
      else if (letter === quote) quote = "";
      continue;
    }
    if (letter === '"' || letter === "'") quote = letter;
    const operator = /^(==|!=|<=|>=|=~|<|>|=)/.exec(text.slice(at))?.[1];
    if (!operator) continue;
    if (operator === "=~" || operator === "=") throw new JsonPathError(`unrecognized filter operator ${operator}`);
    return {
      kind: "filter",
      left: operand(text.slice(0, at).trim()),
      operator,
      right: operand(text.slice(at + operator.length).trim()),
    };
  }
  return { kind: "filter", left: operand(text), operator: "exists" };
}

function operand(text: string): Operand {
  if (text[0] === '"' || text[0] === "'") return { value: unquote(text) };
  if (/^-?\d+(\.\d+)?$/.test(text)) return { value: Number(text) };
  if (text === "true" || text === "false") return { value: text === "true" };
  return { path: parseSteps(text) };
}

function printNodes(nodes: readonly Node[], object: unknown, allowMissing: boolean): string {
  let out = "";
  walkNodes(nodes, object, allowMissing, (part) => {
    out += typeof part === "string" ? part : part.map(printValue).join(" ");
  });
  return out;
}

/** Goes through a template, ranges and all, and hands over texts and what paths found. */
function walkNodes(
  nodes: readonly Node[],
  root: unknown,
  allowMissing: boolean,
  emit: (part: string | unknown[]) => void,
): void {
  function run(from: number, to: number, current: unknown): void {
    for (let at = from; at < to; at++) {
      const node = nodes[at]!;
      if (node.kind === "text") emit(node.text);
      else if (node.kind === "path") emit(evaluate(node.steps, [current], root, allowMissing));
      else if (node.kind === "range") {
        const end = endOf(at);
        for (const each of evaluate(node.steps, [current], root, allowMissing)) run(at + 1, end, each);
        at = end;
      }
    }
  }
  function endOf(range: number): number {
    let depth = 0;
    for (let at = range; ; at++) {
      if (nodes[at]!.kind === "range") depth++;
      if (nodes[at]!.kind === "end" && --depth === 0) return at;
    }
  }
  run(0, nodes.length, root);
}

function evaluate(steps: readonly Step[], values: readonly unknown[], root: unknown, allowMissing: boolean): unknown[] {
  let current = [...values];
  for (const step of steps) {
    const found: unknown[] = [];
    for (const value of current) {
      for (const each of take(step, value, root, allowMissing)) found.push(each);
      if (found.length > valuesMax) throw new JsonPathError(`the path finds more than ${valuesMax} values`);
    }
    current = found;
  }
  return current;
}

function take(step: Step, value: unknown, root: unknown, allowMissing: boolean): unknown[] {
  switch (step.kind) {
    case "root":
      return [root];
    case "field":
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        if (Object.hasOwn(value, step.name)) return [(value as Record<string, unknown>)[step.name]];
      }
      if (allowMissing) return [];
      throw new JsonPathError(`${step.name} is not found`);
    case "wildcard":
      return children(value);
    case "recursive":
      return descend(value);
    case "index":
    case "slice":
      return slice(step, value, allowMissing);
    case "union":
      return step.paths.flatMap((path) => evaluate(path, [value], root, allowMissing));
    case "filter":
      return (Array.isArray(value) ? value : value !== null && typeof value === "object" ? children(value) : []).filter(
        (each) => passes(step, each, root),
      );
  }
}

/** The values of a map (by key) or a list. */
function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || typeof value !== "object") return [];
  return Object.keys(value)
    .sort()
    .map((key) => (value as Record<string, unknown>)[key]);
}

function descend(value: unknown): unknown[] {
  if (value === null || typeof value !== "object") return [];
  return [value, ...children(value).flatMap(descend)];
}

function slice(step: Extract<Step, { kind: "index" | "slice" }>, value: unknown, allowMissing: boolean): unknown[] {
  if (!Array.isArray(value)) {
    if (value === undefined || value === null || allowMissing) return [];
    throw new JsonPathError(`${goJson(value)} is not array or slice`);
  }
  if (step.kind === "index") {
    const index = step.index < 0 ? value.length + step.index : step.index;
    if (index >= 0 && index < value.length) return [value[index]];
    throw new JsonPathError(`array index out of bounds: index ${step.index}, length ${value.length}`);
  }
  const from = (step.start ?? 0) < 0 ? value.length + step.start! : (step.start ?? 0);
  const to =
    step.end === undefined ? value.length : step.end < 0 ? value.length + step.end : Math.min(step.end, value.length);
  const found: unknown[] = [];
  for (let at = Math.max(0, from); at < to; at += step.step || 1) found.push(value[at]);
  return found;
}

function passes({ left, operator, right }: Extract<Step, { kind: "filter" }>, item: unknown, root: unknown): boolean {
  const sideValues = (side: Operand): unknown[] =>
    "value" in side ? [side.value] : safely(() => evaluate(side.path, [item], root, true));
  const [a] = sideValues(left);
  if (operator === "exists") return sideValues(left).length > 0;
  const [b] = right ? sideValues(right) : [];
  if (a === undefined || b === undefined) return false;
  if (operator === "==") return same(a, b);
  if (operator === "!=") return !same(a, b);
  if (typeof a !== typeof b) throw new JsonPathError("incompatible types for comparison");
  const [x, y] = [a as number, b as number];
  return operator === "<" ? x < y : operator === "<=" ? x <= y : operator === ">" ? x > y : x >= y;
}

function safely(run: () => unknown[]): unknown[] {
  try {
    return run();
  } catch {
    return [];
  }
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b) throw new JsonPathError("incompatible types for comparison");
  return a === b;
}

/** A value as text: strings as they are, maps and lists as JSON. */
export function printValue(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : goJson(value);
}
