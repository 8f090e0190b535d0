// PEM (RFC 7468): blocks of base64 between lines that say what they are. No regular expressions: a text may be as large as a body can be.

const begin = "-----BEGIN ";
const dashes = "-----";

/** The first block at or after `from`: its type, what stands in it, and where the text goes on. Undefined if there is none. */
export function blockAt(text: string, from: number): { type: string; body: string; next: number } | undefined {
  for (let start = text.indexOf(begin, from); start >= 0; start = text.indexOf(begin, start + 1)) {
    const lineEnd = text.indexOf("\n", start);
    if (lineEnd < 0) return undefined;
    const line = text.slice(start, lineEnd).trimEnd();
    if (!line.endsWith(dashes)) continue;
    const type = line.slice(begin.length, -dashes.length);
    const end = `${dashes}END ${type}${dashes}`;
    const stop = text.indexOf(end, lineEnd);
    if (stop >= 0) return { type, body: text.slice(lineEnd + 1, stop), next: stop + end.length };
  }
  return undefined;
}
