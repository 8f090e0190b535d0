// Short stable names: hashes of templates and random suffixes, in an alphabet that spells no words (Kubernetes' own).

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** FNV-1a, 32 bits, of a text's UTF-8 bytes. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** JSON with sorted keys and without undefined fields: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(",")}}`;
}

/** A text in the safe alphabet, letter for letter. */
export function safeEncode(text: string): string {
  return Array.from(text, (letter) => alphabet[letter.codePointAt(0)! % alphabet.length]).join("");
}

/** A stable hash of a value for use in a name or label (`pod-template-hash`), up to 10 letters. */
export function stableHash(value: unknown, collisions = 0): string {
  const salt = collisions === 0 ? "" : `#${collisions}`;
  return safeEncode(String(fnv1a32(canonicalJson(value) + salt)));
}

/** `length` random letters. `random` gives numbers from 0 up to 1. */
export function randomSuffix(random: () => number, length = 5): string {
  let suffix = "";
  for (let index = 0; index < length; index++) suffix += alphabet[Math.floor(random() * alphabet.length)];
  return suffix;
}

/** The most letters of a generated name that come from `generateName`. */
const generatedBaseMax = 58;

/** `generateName` and a random suffix, short enough for a label. */
export function generateName(base: string, random: () => number): string {
  return base.slice(0, generatedBaseMax) + randomSuffix(random);
}
