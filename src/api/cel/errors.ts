/** Why an evaluation ended. `cost` and `time` end the whole expression; `error` is a value of CEL that `||` may ignore. */
export class CelError extends Error {
  readonly kind: "error" | "cost" | "budget" | "time";
  constructor(message: string, kind: "error" | "cost" | "budget" | "time" = "error") {
    super(message);
    this.kind = kind;
  }
}

/** One mistake in an expression, at an offset in UTF-16 units. */
export interface Mistake {
  at: number;
  message: string;
}

/** How many mistakes are shown, as cel-go limits them. */
const mistakesMax = 100;

/** cel-go's text for mistakes: each with its line and a pointer below it, in the order of the text. */
export function showMistakes(source: string, mistakes: readonly Mistake[]): string {
  const sorted = mistakes.toSorted((a, b) => a.at - b.at);
  const shown = sorted.slice(0, mistakesMax).map((mistake) => showMistake(source, mistake));
  if (sorted.length > mistakesMax) shown.push(`${sorted.length - mistakesMax} more errors were truncated`);
  return shown.join("\n");
}

function showMistake(source: string, { at, message }: Mistake): string {
  const before = source.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  const lineEnd = source.indexOf("\n", at);
  const text = source.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).replaceAll("\t", " ");
  const skipped = [...source.slice(lineStart, at)];
  const dots = skipped.map((letter) => (letter > "\u007f" ? "．" : ".")).join("");
  const pointer = (source[at] ?? "") > "\u007f" ? "＾" : "^";
  return `ERROR: <input>:${line}:${skipped.length + 1}: ${message}\n | ${text}\n | ${dots}${pointer}`;
}
