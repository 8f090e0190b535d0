// Regular expressions that users write, in Go's syntax (RE2) and in time linear in the text: no pattern explodes.

import { RE2JS } from "re2js";

/** A compiled pattern. */
export interface Regex {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** The first match; undefined if there is none. */
  find(text: string): string | undefined;
  /** All matches from left to right, at most `limit` of them. */
  findAll(text: string, limit?: number): string[];
}

/** How many compiled patterns are kept. Patterns come from users: an unbounded memory would be theirs to fill. */
const keptMax = 1_000;

const kept = new Map<string, Regex>();

/** Compiles a pattern. Throws an Error with Go's message, ``error parsing regexp: missing closing ]: `[a` ``. */
export function compileRegex(pattern: string): Regex {
  const known = kept.get(pattern);
  if (known) return known;
  const program = RE2JS.compile(pattern);
  const regex: Regex = {
    test: (text) => program.test(text),
    find: (text) => matches(program, text, 1)[0],
    findAll: (text, limit = Number.POSITIVE_INFINITY) => matches(program, text, limit),
  };
  if (kept.size >= keptMax) kept.delete(kept.keys().next().value!);
  kept.set(pattern, regex);
  return regex;
}

function matches(program: RE2JS, text: string, limit: number): string[] {
  const matcher = program.matcher(text);
  const found: string[] = [];
  while (found.length < limit && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}
