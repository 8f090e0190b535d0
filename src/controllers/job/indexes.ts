// Completed indexes as a Job's status writes them: `0,2-4,7`.

/** Reads the text; what is out of range of `completions` is left out. */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const found = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    if (part === "") continue;
    const [first, last = first] = part.split("-").map(Number);
    for (let index = first!; index <= last! && index < completions; index++) found.add(index);
  }
  return found;
}

/** Writes the text, runs of three and more (and of two) as ranges, in order. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    const [first, last] = [sorted[at]!, sorted[end]!];
    parts.push(first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`);
    at = end + 1;
  }
  return parts.join(",");
}
