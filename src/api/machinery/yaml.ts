// YAML as Kubernetes reads and writes it: YAML 1.1 scalars as Go's library has them (0644 is octal, no timestamps, no
// sexagesimal numbers), JSON's data model.

import * as yaml from "js-yaml";

/** Texts that would be read as something else if they stood plain: words, numbers, base 60, dates, merge keys. */
const ambiguous = new RegExp(
  [
    "^(?:|~|null|Null|NULL|<<|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE)$",
    "^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$",
    "^[-+]?(?:\\.[0-9]+|[0-9]+(?:\\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
    "^[-+]?\\.(?:inf|Inf|INF)$|^\\.(?:nan|NaN|NAN)$",
    "^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\\.[0-9_]*)?$",
    "^\\d{4}-\\d{1,2}-\\d{1,2}(?:$|[Tt ])",
  ].join("|"),
);

/** Go's library quotes ambiguous texts twice, and others only once if they must be quoted at all. */
function quoteAmbiguous(layout: yaml.ScalarLayout): void {
  const { node } = layout;
  if (node.tag === "tag:yaml.org,2002:str" && ambiguous.test(node.value))
    layout.style = yaml.SCALAR_STYLE.DOUBLE_QUOTED;
}

/** Writes a value as YAML the way Kubernetes' tools do: keys in order, lists not indented, strings on one line. */
export function dumpYaml(value: unknown): string {
  return yaml.dump(value, {
    sortKeys: true,
    lineWidth: -1,
    noRefs: true,
    seqNoIndent: true,
    schema: yaml.YAML11_SCHEMA,
    skipInvalid: true,
    scalarStyleRules: [quoteAmbiguous, ...Object.values(yaml.DEFAULT_SCALAR_STYLE_RULES)],
  });
}

/** Text that is no YAML. The message is Go's where it is known. */
export class YamlSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "YamlSyntaxError";
  }
}

const numberStarts = ["-", "+", ".", ..."0123456789"];

/** Binary, octal (`0o17`, `017`), decimal and hexadecimal, with underscores. */
function resolveInt(source: string): number | typeof yaml.NOT_RESOLVED {
  const text = source.replaceAll("_", "");
  const match = /^([-+]?)(?:(0b[01]+|0x[0-9a-fA-F]+|0|[1-9][0-9]*)|0o?([0-7]+))$/.exec(text);
  if (!match) return yaml.NOT_RESOLVED;
  const size = match[2] === undefined ? Number.parseInt(match[3]!, 8) : Number(match[2]);
  return match[1] === "-" ? -size : size;
}

function resolveFloat(source: string): number | typeof yaml.NOT_RESOLVED {
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(source)) return Number(source);
  return yaml.NOT_RESOLVED;
}

const intTag = yaml.defineScalarTag("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: numberStarts,
  resolve: resolveInt,
  identify: Number.isInteger,
});
const floatTag = yaml.defineScalarTag("tag:yaml.org,2002:float", {
  implicit: true,
  implicitFirstChars: numberStarts,
  resolve: resolveFloat,
  identify: (value) => typeof value === "number",
});

const schema = yaml.FAILSAFE_SCHEMA.withTags(
  yaml.nullYaml11Tag,
  yaml.boolYaml11Tag,
  intTag,
  floatTag,
  yaml.mergeTag,
  yaml.binaryTag,
);

const options = { schema, maxDepth: 2_000, maxAliases: 10_000 };

export interface YamlScan {
  /** Null for an empty document. */
  documents: unknown[];
  /** `line 7: key "a" already set in map`: of duplicate keys the last one counts. */
  duplicates: string[];
}

/** Parses the first document of a YAML text: `value` is null for an empty one. Throws a `YamlSyntaxError`. */
export function parseYaml(text: string): { value: unknown; duplicates: string[] } {
  const { documents, duplicates } = scanYaml(text);
  return { value: documents[0] ?? null, duplicates };
}

/** Parses all documents of a YAML text, null for empty ones. Throws a `YamlSyntaxError`, for duplicate keys too. */
export function parseYamlDocuments(text: string): unknown[] {
  const { documents, duplicates } = scanYaml(text);
  if (duplicates.length > 0) throw new YamlSyntaxError(`yaml: unmarshal errors:\n  ${duplicates.join("\n  ")}`);
  return documents;
}

/** Parses all documents and names duplicate keys. Throws a `YamlSyntaxError`. */
export function scanYaml(text: string): YamlScan {
  try {
    return { documents: yaml.loadAll(text, options), duplicates: [] };
  } catch (error) {
    if (isStackOverflow(error)) throw new YamlSyntaxError("yaml: exceeded max depth");
    if (!(error instanceof yaml.YAMLException)) throw error;
    if (error.reason !== "duplicated mapping key") throw new YamlSyntaxError(goMessage(error, text));
    const { line = 0, column = 0 } = error.mark ?? {};
    const key = keyAt(text.split("\n")[line] ?? "", column);
    const documents = yaml.loadAll(text, { ...options, json: true });
    return { documents, duplicates: [`line ${line + 1}: key ${JSON.stringify(key)} already set in map`] };
  }
}

/** Where the stack ends in the middle of a regular expression, the runtime says so in another way. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof SyntaxError && / stack |Stack overflow/.test(error.message));
}

/** The key that starts at a column of a line. */
function keyAt(line: string, column: number): string {
  const rest = line.slice(column);
  const quoted = /^(?:"([^"]*)"|'([^']*)')/.exec(rest);
  return quoted ? (quoted[1] ?? quoted[2])! : rest.split(/:(?:\s|$)/, 1)[0]!.trim();
}

/** What Go's library says for what js-yaml found. */
const reasons: [RegExp, string][] = [
  [/tab characters/, "found character that cannot start any token"],
  [/unexpected end of the stream within a flow|missed comma between flow/, "did not find expected ',' or '}'"],
  [/deficient indentation/, "did not find expected ',' or ']'"],
  [/within a (single|double) quoted scalar/, "found unexpected end of stream"],
  [/bad indentation of a mapping entry/, "mapping values are not allowed in this context"],
  [/end of the stream or a document separator is expected/, "did not find expected <document start>"],
  [/can not read an implicit mapping pair|can not read a block mapping entry/, "could not find expected ':'"],
];

function goMessage({ reason, mark }: yaml.YAMLException, text: string): string {
  // A list or map in braces that ends where a value was to come.
  if (/within a flow/.test(reason) && /[[{,]\s*$/.test(text))
    return `yaml: line ${text.trimEnd().split("\n").length}: did not find expected node content`;
  const alias = /unidentified alias "(.*)"/.exec(reason);
  if (alias) return `yaml: unknown anchor '${alias[1]}' referenced`;
  const known = reasons.find(([pattern]) => pattern.test(reason))?.[1] ?? reason;
  return mark ? `yaml: line ${mark.line + 1}: ${known}` : `yaml: ${known}`;
}
