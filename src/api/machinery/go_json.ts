// JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped.

/** JSON on one line. */
export function goJson(value: unknown): string {
  return escapeHtml(JSON.stringify(sorted(value)) ?? "null");
}

/** JSON of a struct: its fields come in their own order, which is not the alphabet's. */
export function goStructJson(value: unknown): string {
  return escapeHtml(JSON.stringify(value) ?? "null");
}

/** JSON with four spaces, as `-o json` prints it; empty maps and lists stay on one line. */
export function goJsonIndented(value: unknown, indent = 4): string {
  return escapeHtml(JSON.stringify(sorted(value), null, indent) ?? "null");
}

function escapeHtml(json: string): string {
  if (!/[<>&\u2028\u2029\u007f\b\f]|\\[bf]/.test(json)) return json;
  return json
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("&", "\\u0026")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

/** The same value with every map's keys in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort(byCodePoint)) {
    Object.defineProperty(object, key, { value: sorted((value as Record<string, unknown>)[key]), enumerable: true });
  }
  return object;
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
