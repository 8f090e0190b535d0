// Label selectors: the text in URLs, the object in specs, one list of requirements behind both, and predicates from that.

import { showValue } from "./field.ts";
import { labelValue, qualifiedName } from "./names.ts";

export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  /** Sorted; none for `exists` and `!`, one for all but `in` and `notin`. */
  values: readonly string[];
}

/** The LabelSelector object of specs. */
export interface LabelSelector {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

interface Token {
  kind: "identifier" | "end" | LabelOperator | "(" | ")" | ",";
  text: string;
}

const symbols: Record<string, Token["kind"]> = {
  "=": "=",
  "==": "==",
  "!=": "!=",
  "!": "!",
  "(": "(",
  ")": ")",
  ",": ",",
  ">": "gt",
  "<": "lt",
};

function kindOf(part: string): Token["kind"] {
  if (part === "in" || part === "notin") return part;
  return Object.hasOwn(symbols, part) ? symbols[part]! : "identifier";
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g)) {
    tokens.push({ kind: kindOf(part), text: part });
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

/** Reads a selector's tokens from left to right. Where values stand, `in` and `notin` are ordinary words. */
class Parser {
  readonly #tokens: Token[];
  #next = 0;
  constructor(text: string) {
    this.#tokens = tokenize(text);
  }
  peek(values = true): Token {
    const token = this.#tokens[this.#next]!;
    return values && (token.kind === "in" || token.kind === "notin") ? { ...token, kind: "identifier" } : token;
  }
  take(values = true): Token {
    const token = this.peek(values);
    if (token.kind !== "end") this.#next++;
    return token;
  }
}

/** Reads a label selector (`a=b,c in (d,e),!f`). Throws an Error with the server's message. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const parser = new Parser(text);
  const requirements: LabelRequirement[] = [];
  if (parser.peek().kind === "end") return requirements;
  for (;;) {
    const start = parser.peek();
    if (start.kind !== "identifier" && start.kind !== "!") {
      throw new Error(`found '${start.text}', expected: !, identifier, or 'end of string'`);
    }
    try {
      requirements.push(parseRequirement(parser));
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`);
    }
    const separator = parser.take();
    if (separator.kind === "end") return requirements.sort(byKey);
    if (separator.kind !== ",") throw new Error(`found '${separator.text}', expected: ',' or 'end of string'`);
    const { kind, text: found } = parser.peek();
    if (kind !== "identifier" && kind !== "!") throw new Error(`found '${found}', expected: identifier after ','`);
  }
}

const byKey = (a: LabelRequirement, b: LabelRequirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

function parseRequirement(parser: Parser): LabelRequirement {
  const negated = parser.peek().kind === "!";
  if (negated) parser.take();
  const key = parser.take();
  if (key.kind !== "identifier") throw new Error(`found '${key.text}', expected: identifier`);
  checkKey(key.text);
  const following = parser.peek().kind;
  if (negated) return { key: key.text, operator: "!", values: [] };
  if (following === "end" || following === ",") return { key: key.text, operator: "exists", values: [] };
  const { kind: operator, text } = parser.take(false);
  if (!["in", "notin", "=", "==", "!=", "gt", "lt"].includes(operator)) {
    throw new Error(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  const values = operator === "in" || operator === "notin" ? parseValues(parser) : [parseValue(parser)];
  return requirement(key.text, operator as LabelOperator, values);
}

function parseValue(parser: Parser): string {
  const { kind } = parser.peek();
  if (kind === "end" || kind === ",") return "";
  const token = parser.take();
  if (token.kind !== "identifier") throw new Error(`found '${token.text}', expected: identifier`);
  return token.text;
}

/** `(a,b)`; `()` is the empty value. */
function parseValues(parser: Parser): string[] {
  const open = parser.take();
  if (open.kind !== "(") throw new Error(`found '${open.text}' expected: '('`);
  const values: string[] = [];
  let expectValue = true;
  for (;;) {
    const token = parser.take();
    if (token.kind === "identifier" && expectValue) {
      values.push(token.text);
      expectValue = false;
    } else if (token.kind === ",") {
      if (expectValue) values.push("");
      expectValue = true;
    } else if (token.kind === ")") {
      if (expectValue) values.push("");
      return values;
    } else {
      throw new Error(`found '${token.text}', expected: ${expectValue ? "',', ')' or identifier" : "',' or ')'"}`);
    }
  }
}

function checkKey(key: string): void {
  const messages = qualifiedName(key);
  if (messages.length > 0) throw new Error(`<nil>: Invalid value: ${showValue(key)}: ${messages.join("; ")}`);
}

/** A checked requirement with its values sorted and single. Throws an Error with the server's message. */
export function requirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const sorted = [...new Set(values)].sort();
  if (operator === "gt" || operator === "lt") {
    if (!/^[+-]?\d+$/.test(sorted[0]!)) {
      throw new Error(
        `values[0]: Invalid value: ${showValue(sorted[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
  }
  for (const [index, value] of sorted.entries()) {
    const messages = labelValue(value);
    if (messages.length > 0) {
      throw new Error(`values[${index}][${key}]: Invalid value: ${showValue(value)}: ${messages.join("; ")}`);
    }
  }
  return { key, operator, values: sorted };
}

const expressionOperators: Record<string, LabelOperator> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/** The requirements of a LabelSelector object, sorted by key. Throws for an operator that doesn't exist. */
export function selectorRequirements(selector: LabelSelector): LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: "=", values: [value] });
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = expressionOperators[operator];
    if (!known) throw new Error(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push({ key, operator: known, values: [...(values ?? [])].sort() });
  }
  return requirements.sort(byKey);
}

/** The canonical text, as `kubectl get -o wide` shows it. */
export function formatLabelSelector(requirements: readonly LabelRequirement[]): string {
  return requirements.map(formatRequirement).join(",");
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    case "gt":
      return `${key}>${values[0]}`;
    case "lt":
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

/** Whether labels meet all requirements, as a function: compile once, ask often. */
export function compileLabelSelector(requirements: readonly LabelRequirement[]): (labels: Labels) => boolean {
  const tests = requirements.map(compileRequirement);
  if (tests.length === 0) return () => true;
  if (tests.length === 1) return tests[0]!;
  return (labels) => tests.every((test) => test(labels));
}

function compileRequirement({ key, operator, values }: LabelRequirement): (labels: Labels) => boolean {
  const read = (labels: Labels): string | undefined => (labels && Object.hasOwn(labels, key) ? labels[key] : undefined);
  const [first] = values;
  const set = new Set(values);
  switch (operator) {
    case "=":
    case "==":
      return (labels) => read(labels) === first;
    case "!=":
      return (labels) => read(labels) !== first;
    case "in":
      return (labels) => set.has(read(labels)!);
    case "notin":
      return (labels) => !set.has(read(labels)!);
    case "exists":
      return (labels) => read(labels) !== undefined;
    case "!":
      return (labels) => read(labels) === undefined;
    default: {
      const limit = BigInt(first!);
      return (labels) => {
        const value = read(labels);
        if (value === undefined || !/^[+-]?\d+$/.test(value)) return false;
        return operator === "gt" ? BigInt(value) > limit : BigInt(value) < limit;
      };
    }
  }
}

const compiled = new WeakMap<LabelSelector, (labels: Labels) => boolean>();

/** Whether a LabelSelector object selects these labels. No selector selects nothing; an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  let test = compiled.get(selector);
  if (!test) {
    test = compileLabelSelector(selectorRequirements(selector));
    compiled.set(selector, test);
  }
  return test(labels);
}

/** Whether a plain map of labels (a Service's selector) selects these labels. An empty one selects everything. */
export function selectsMap(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);
}
