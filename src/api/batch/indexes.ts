// Indexes of pods as jobs write them: `1,3-5,7`.

/** `3` or `1-3`. Gives the two ends, or what is wrong. */
function parseInterval(text: string, completions: number): [first: number, last: number] | string {
  const parts = text.split("-");
  if (parts.length > 2) {
    const rule = "the requirement that an index interval can have at most two parts separated by '-'";
    return `the fragment ${JSON.stringify(text)} violates ${rule}`;
  }
  for (const part of parts) {
    if (!/^[+-]?\d+$/.test(part)) return `cannot convert string to integer for index: ${JSON.stringify(part)}`;
    if (Number(part) >= completions) return `too large index: ${JSON.stringify(part)}`;
  }
  const [first, last] = [Number(parts[0]), Number(parts.at(-1))];
  if (parts.length === 2 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`;
  return [first, last];
}

/** `1,3-5,7`: how many indexes these are, or what is wrong with the text. */
export function countIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let count = 0;
  let previous: number | undefined;
  for (const part of text.split(",")) {
    const interval = parseInterval(part, completions);
    if (typeof interval === "string") return interval;
    const [first, last] = interval;
    if (previous !== undefined && previous >= first) {
      return `non-increasing order, previous: ${previous}, current: ${first}`;
    }
    count += last - first + 1;
    previous = last;
  }
  return count;
}

/** The intervals of such a text; those that cannot be read are left out. */
export function intervalsOf(text: string, completions: number): [first: number, last: number][] {
  if (text === "") return [];
  return text
    .split(",")
    .map((part) => parseInterval(part, completions))
    .filter((each) => typeof each !== "string");
}
