// Reading Go templates: text, actions, pipelines (Go's text/template, the part that kubectl's users write).

/** A template that cannot be read or does not fit its data. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TemplateError";
  }
}

export type Expression =
  | { kind: "literal"; value: unknown }
  | { kind: "dot" }
  | { kind: "variable"; name: string }
  | { kind: "field"; of: Expression; name: string }
  | { kind: "function"; name: string }
  | { kind: "pipe"; pipe: Pipeline };

export interface Pipeline {
  /** `$x :=` or `$i, $x :=`; `=` sets one that exists. */
  variables: string[];
  assigns: boolean;
  commands: Expression[][];
}

export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "action"; pipe: Pipeline }
  | { kind: "block"; word: "if" | "with" | "range"; pipe: Pipeline; body: TemplateNode[]; otherwise: TemplateNode[] }
  | { kind: "break" }
  | { kind: "continue" }
  | { kind: "template"; name: string; pipe?: Pipeline };

export interface ParsedTemplate {
  body: TemplateNode[];
  defined: Map<string, TemplateNode[]>;
}

interface Piece {
  action: boolean;
  text: string;
}

/** Reads a template. Throws a TemplateError. */
export function parseTemplate(source: string): ParsedTemplate {
  const pieces = split(source);
  const defined = new Map<string, TemplateNode[]>();
  let at = 0;

  function parseList(ends: readonly string[]): { nodes: TemplateNode[]; end: string } {
    const nodes: TemplateNode[] = [];
    while (at < pieces.length) {
      const piece = pieces[at++]!;
      if (!piece.action) {
        if (piece.text !== "") nodes.push({ kind: "text", text: piece.text });
        continue;
      }
      const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(piece.text) ?? [];
      if (word === "end" || word === "else") {
        if (!ends.includes(word)) throw new TemplateError(`unexpected {{${word}}}`);
        return { nodes, end: piece.text };
      }
      const node = parseNode(word, rest, piece.text);
      if (node) nodes.push(node);
    }
    if (ends.length > 0) throw new TemplateError("unexpected EOF");
    return { nodes, end: "" };
  }

  function parseNode(word: string, rest: string, whole: string): TemplateNode | undefined {
    if (word.startsWith("/*")) return undefined;
    if (word === "if" || word === "with" || word === "range") return parseBlock(word, rest);
    if (word === "break") return { kind: "break" };
    if (word === "continue") return { kind: "continue" };
    if (word === "define") {
      defined.set(JSON.parse(rest.trim()) as string, parseList(["end"]).nodes);
      return undefined;
    }
    if (word === "template") {
      const [, name = '""', pipe = ""] = /^("[^"]*")\s*(.*)$/s.exec(rest) ?? [];
      return { kind: "template", name: JSON.parse(name) as string, ...(pipe ? { pipe: parsePipeline(pipe) } : {}) };
    }
    return { kind: "action", pipe: parsePipeline(whole) };
  }

  function parseBlock(kind: "if" | "with" | "range", rest: string): TemplateNode {
    const pipe = parsePipeline(rest);
    const { nodes: body, end } = parseList(["end", "else"]);
    if (end === "end") return { kind: "block", word: kind, pipe, body, otherwise: [] };
    const chained = /^else\s+(if|with)\s+(.*)$/s.exec(end);
    if (chained)
      return {
        kind: "block",
        word: kind,
        pipe,
        body,
        otherwise: [parseBlock(chained[1] as "if" | "with", chained[2]!)],
      };
    return { kind: "block", word: kind, pipe, body, otherwise: parseList(["end"]).nodes };
  }

  const { nodes } = parseList([]);
  return { body: nodes, defined };
}

/** Splits at `{{` and `}}`; `{{- ` and ` -}}` trim the text beside them. */
function split(source: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  for (;;) {
    const open = source.indexOf("{{", at);
    let text = open < 0 ? source.slice(at) : source.slice(at, open);
    if (trimNext) text = text.trimStart();
    if (open < 0) {
      pieces.push({ action: false, text });
      return pieces;
    }
    const trimsBefore = /^\{\{-\s/.test(source.slice(open, open + 4));
    pieces.push({ action: false, text: trimsBefore ? text.trimEnd() : text });
    const close = closing(source, open + 2);
    if (close < 0) throw new TemplateError("unclosed action");
    let inner = source.slice(open + (trimsBefore ? 3 : 2), close);
    trimNext = /\s-$/.test(inner);
    if (trimNext) inner = inner.slice(0, -1);
    pieces.push({ action: true, text: inner.trim() });
    at = close + 2;
  }
}

function closing(source: string, from: number): number {
  let quote = "";
  for (let at = from; at < source.length; at++) {
    const letter = source[at]!;
    if (quote) {
      if (letter === "\\" && quote !== "`") at++;
      else if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "`") quote = letter;
    else if (letter === "}" && source[at + 1] === "}") return at;
  }
  return -1;
}

type Token = { kind: "word" | "punctuation" | "space"; text: string };

const tokenPattern =
  /\s+|"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)+'|:=|[|(),=]|[-+]?\d[\w.+-]*|\$?[\w]*(?:\.[\w]+)+|\$[\w]*|\.|[A-Za-z_]\w*/gy;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (!match) throw new TemplateError(`unexpected ${JSON.stringify(text[at])} in command`);
    at = tokenPattern.lastIndex;
    const found = match[0];
    const kind = /^\s/.test(found) ? "space" : /^(:=|[|(),=])$/.test(found) ? "punctuation" : "word";
    tokens.push({ kind, text: found });
  }
  return tokens;
}

function parsePipeline(text: string): Pipeline {
  const tokens = tokenize(text);
  let at = 0;
  const skip = () => {
    while (tokens[at]?.kind === "space") at++;
  };

  function variables(): { names: string[]; assigns: boolean } {
    const head = /^\s*(\$\w*)\s*(?:,\s*(\$\w*)\s*)?(:?=)/.exec(text);
    if (!head) return { names: [], assigns: false };
    while (tokens[at] && !(tokens[at]!.kind === "punctuation" && /^:?=$/.test(tokens[at]!.text))) at++;
    at++;
    return { names: [head[1]!, ...(head[2] ? [head[2]] : [])], assigns: head[3] === "=" };
  }

  function pipeline(): Expression[][] {
    const commands: Expression[][] = [[]];
    for (;;) {
      skip();
      const token = tokens[at];
      if (!token || token.text === ")") break;
      if (token.text === "|") {
        at++;
        commands.push([]);
        continue;
      }
      commands.at(-1)!.push(operand());
    }
    if (commands.some((command) => command.length === 0)) throw new TemplateError("missing value for command");
    return commands;
  }

  function operand(): Expression {
    const token = tokens[at++]!;
    if (token.text === "(") {
      const pipe = { variables: [], assigns: false, commands: pipeline() };
      if (tokens[at++]?.text !== ")") throw new TemplateError("unclosed left paren");
      let found: Expression = { kind: "pipe", pipe };
      while (tokens[at]?.text.startsWith(".") && tokens[at]!.text.length > 1) found = fields(found, tokens[at++]!.text);
      return found;
    }
    if (token.kind === "punctuation") throw new TemplateError(`unexpected ${JSON.stringify(token.text)} in operand`);
    return word(token.text);
  }

  const { names, assigns } = variables();
  const commands = pipeline();
  if (tokens[at]) throw new TemplateError("unexpected right paren");
  return { variables: names, assigns, commands };
}

function word(text: string): Expression {
  if (text[0] === '"') return { kind: "literal", value: goString(text) };
  if (text[0] === "`") return { kind: "literal", value: text.slice(1, -1) };
  if (text[0] === "'") return { kind: "literal", value: goString(`"${text.slice(1, -1)}"`).codePointAt(0) };
  if (/^[-+]?\d/.test(text)) return { kind: "literal", value: Number(text) };
  if (text === ".") return { kind: "dot" };
  if (text === "true" || text === "false") return { kind: "literal", value: text === "true" };
  if (text === "nil") return { kind: "literal", value: null };
  if (text[0] === "$") {
    const dot = text.indexOf(".");
    const variable: Expression = { kind: "variable", name: dot < 0 ? text : text.slice(0, dot) };
    return dot < 0 ? variable : fields(variable, text.slice(dot));
  }
  if (text[0] === ".") return fields({ kind: "dot" }, text);
  return { kind: "function", name: text };
}

function fields(of: Expression, path: string): Expression {
  let found = of;
  for (const name of path.split(".").slice(1)) found = { kind: "field", of: found, name };
  return found;
}

function goString(text: string): string {
  const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };
  return text
    .slice(1, -1)
    .replace(/\\(u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|.)/gs, (_whole, one: string, wide?: string, narrow?: string) =>
      wide || narrow ? String.fromCharCode(Number.parseInt((wide ?? narrow)!, 16)) : (escapes[one] ?? one),
    );
}
