import assert from "node:assert/strict";
import { test } from "node:test";
import { machineRooms } from "./layers.ts";
import { type Source, sources } from "./sources.ts";

const linesPerFileMax = 520;
const linesPerFunctionMax = 80;

/** What only `host/` may say, and what to say instead. */
const worldly: [RegExp, string][] = [
  [/\bDate\.now\(|\bnew Date\(\)/, "take a Clock as an argument"],
  [/\bMath\.random\(/, "take a Random as an argument"],
  [/(?<![.\w])(setTimeout|setInterval|setImmediate)\(/, "use Clock.sleep or Clock.after"],
  [
    /(?<![.\w/])process\.(?:env|argv|exit|stdin|stdout|stderr|pid|cwd|on|kill|memoryUsage|platform|hrtime|title)\b/,
    "take what it tells as an argument; only host/ knows the process",
  ],
  [/(?<![.\w])Buffer\./, "use Uint8Array, TextEncoder and TextDecoder"],
  [/(?<![.\w])fetch\(/, "use Net.httpClient"],
];

/** Files that may say it all the same, and why. */
const excused: Record<string, string> = {
  "src/dns/serve/message.ts": "dns-packet reads with a Buffer's methods",
};

function isTest({ path }: Source): boolean {
  return path.endsWith(".test.ts") || path.endsWith("/contract.ts") || path.endsWith("/crash_writer.ts");
}

function codeLines(text: string): string[] {
  return text.split("\n").map((line) => line.replace(/^\s*(\/\/|\*|\/\*).*$/, ""));
}

function worldProblems(source: Source): string[] {
  const room = source.path.split("/")[1]!;
  if (!source.path.startsWith("src/") || machineRooms.has(room) || source.path === "src/main.ts" || isTest(source))
    return [];
  if (source.path in excused) return [];
  return codeLines(source.text).flatMap((line, index) =>
    worldly.filter(([pattern]) => pattern.test(line)).map(([, instead]) => `${source.path}:${index + 1}: ${instead}`),
  );
}

/** Functions by their first line's indentation: from `function name(` or `=> {` to the closing brace at that depth. */
function longFunctions({ path, text }: Source): string[] {
  const lines = text.split("\n");
  const problems: string[] = [];
  for (const [index, line] of lines.entries()) {
    const start = /^(\s*)(?:export )?(?:default )?(?:async )?function\*?\s*(\w*)/.exec(line);
    if (!start) continue;
    const indent = start[1]!;
    const end = lines.findIndex((each, at) => at > index && each.startsWith(`${indent}}`));
    const length = end - index + 1;
    // A function that mostly holds others (a closure's constructor) is a small module: its parts are measured themselves.
    const inner = lines
      .slice(index + 1, end)
      .filter((each) => /^\s+(?:async )?(?:function\*?\s+\w+|\*?(?:async )?\*?\w+\(.*\)(?::.*)? \{$)/.test(each));
    if (length > linesPerFunctionMax && inner.length < 3) {
      problems.push(`${path}:${index + 1}: ${start[2]} has ${length} lines; a second idea is hiding in there: name it`);
    }
  }
  return problems;
}

const all = sources("src", "sim", "test", "bench", "tools", "images");

test("only host/ touches the machine's clock, chance and process", () => {
  assert.deepEqual(all.flatMap(worldProblems), []);
});

test("files are short enough to read", () => {
  const long = all.filter(({ text }) => text.split("\n").length > linesPerFileMax);
  assert.deepEqual(
    long.map(({ path, text }) => `${path} has ${text.split("\n").length} lines: split it by its ideas`),
    [],
  );
});

test("functions are short enough to read", () => {
  assert.deepEqual(all.flatMap(longFunctions), []);
});
