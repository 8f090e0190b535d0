// Reads JSON as the real server does: native speed for sound text, Go's words for what is wrong, duplicate keys noticed.

import { type JsonScan, scanJson } from "./json_scan.ts";

/** Text that is no JSON. The message is Go's. */
export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonSyntaxError";
  }
}

// A byte order mark is a mistake to the server, so it must be seen.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(body: string | Uint8Array): string {
  return typeof body === "string" ? body : decoder.decode(body);
}

/** Parses JSON. Throws a `JsonSyntaxError`. Of duplicate keys the last one counts, objects are merged. */
export function parseJson(body: string | Uint8Array): unknown {
  return parseJsonChecked(body).value;
}

/**
 * Parses JSON and names keys that stand twice in an object, as `data.a` or `spec.containers[0].name`.
 *
 * Throws a `JsonSyntaxError`.
 */
export function parseJsonChecked(body: string | Uint8Array): JsonScan {
  const text = textOf(body);
  if (isTooDeep(text)) throw new JsonSyntaxError("exceeded max depth");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return scan(text, error);
  }
  // Duplicates are rare and finding them is not: fewer keys in the value than in the text is what they leave.
  return countKeys(text) === countFields(value) ? { value, duplicates: [] } : scan(text);
}

/** How deep values may nest. The real server allows more than anybody has; this keeps clear of the stack's end. */
const depthMax = 2_000;

/** Whether brackets outside of strings nest too deep. */
function isTooDeep(text: string): boolean {
  // Most bodies are too small to be deep.
  if (text.length < depthMax * 2) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) inText = !inText;
    else if (inText) {
      if (code === 92) at++;
    } else if (code === 123 || code === 91) {
      if (++depth > depthMax) return true;
    } else if (code === 125 || code === 93) depth--;
  }
  return false;
}

function scan(text: string, cause?: unknown): JsonScan {
  try {
    const result = scanJson(text);
    if (!cause) return result;
  } catch (error) {
    if (error instanceof RangeError) throw new JsonSyntaxError("exceeded max depth");
    throw new JsonSyntaxError((error as Error).message);
  }
  throw new JsonSyntaxError((cause as Error).message);
}

/** The keys in sound JSON text: strings that a colon follows. */
function countKeys(text: string): number {
  let keys = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    for (at++; text.charCodeAt(at) !== 34; at++) if (text.charCodeAt(at) === 92) at++;
    let next = text.charCodeAt(at + 1);
    while (next === 32 || next === 10 || next === 13 || next === 9) next = text.charCodeAt(++at + 1);
    if (next === 58) keys++;
  }
  return keys;
}

function countFields(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countFields(item);
    return count;
  }
  for (const key of Object.keys(value)) count += 1 + countFields((value as Record<string, unknown>)[key]);
  return count;
}
