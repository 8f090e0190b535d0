// Differences between two values as the real server prints them: a unified diff of their JSON, without file names.

const contextLines = 3;
/** From this many lines on, lines that come again and again are no place to start a match (difflib's rule). */
const popularFrom = 200;

type Block = [a: number, b: number, size: number];

function positionsOf(lines: readonly string[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  for (const [index, line] of lines.entries()) {
    const known = positions.get(line);
    if (known) known.push(index);
    else positions.set(line, [index]);
  }
  if (lines.length < popularFrom) return positions;
  const popular = Math.floor(lines.length / 100) + 1;
  for (const [line, indexes] of positions) if (indexes.length > popular) positions.delete(line);
  return positions;
}

interface Range {
  aLow: number;
  aHigh: number;
  bLow: number;
  bHigh: number;
}

/** The longest run of equal lines in a range; of equally long ones the first in `a`, then in `b`. */
function longestMatch(a: readonly string[], b: readonly string[], at: Map<string, number[]>, range: Range): Block {
  const { aLow, aHigh, bLow, bHigh } = range;
  let [bestA, bestB, size] = [aLow, bLow, 0];
  let lengths = new Map<number, number>();
  for (let i = aLow; i < aHigh; i++) {
    const next = new Map<number, number>();
    for (const j of at.get(a[i]!) ?? []) {
      if (j < bLow) continue;
      if (j >= bHigh) break;
      const length = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, length);
      if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
    }
    lengths = next;
  }
  while (bestA > aLow && bestB > bLow && a[bestA - 1] === b[bestB - 1]) {
    bestA--;
    bestB--;
    size++;
  }
  while (bestA + size < aHigh && bestB + size < bHigh && a[bestA + size] === b[bestB + size]) size++;
  return [bestA, bestB, size];
}

function matchingBlocks(a: readonly string[], b: readonly string[]): Block[] {
  const at = positionsOf(b);
  const blocks: Block[] = [];
  const todo: Range[] = [{ aLow: 0, aHigh: a.length, bLow: 0, bHigh: b.length }];
  for (let range = todo.pop(); range; range = todo.pop()) {
    const [i, j, size] = longestMatch(a, b, at, range);
    if (size === 0) continue;
    blocks.push([i, j, size]);
    todo.push({ ...range, aHigh: i, bHigh: j }, { ...range, aLow: i + size, bLow: j + size });
  }
  blocks.sort((x, y) => x[0] - y[0] || x[1] - y[1]);
  return [...blocks, [a.length, b.length, 0]];
}

interface Change extends Range {
  equal: boolean;
}

function changesOf(a: readonly string[], b: readonly string[]): Change[] {
  const changes: Change[] = [];
  let [i, j] = [0, 0];
  for (const [blockA, blockB, size] of matchingBlocks(a, b)) {
    if (i < blockA || j < blockB) changes.push({ equal: false, aLow: i, aHigh: blockA, bLow: j, bHigh: blockB });
    if (size > 0) {
      changes.push({ equal: true, aLow: blockA, aHigh: blockA + size, bLow: blockB, bHigh: blockB + size });
    }
    [i, j] = [blockA + size, blockB + size];
  }
  return changes;
}

/** Changes with some lines around them; those close to each other in one group. */
function groupsOf(changes: Change[]): Change[][] {
  const groups: Change[][] = [];
  let group: Change[] = [];
  for (const [index, change] of changes.entries()) {
    if (!change.equal) {
      group.push(change);
      continue;
    }
    const isFirst = index === 0;
    const isLast = index === changes.length - 1;
    const { aLow, aHigh, bLow, bHigh } = change;
    const size = aHigh - aLow;
    const head = {
      ...change,
      aHigh: Math.min(aHigh, aLow + contextLines),
      bHigh: Math.min(bHigh, bLow + contextLines),
    };
    const tail = { ...change, aLow: Math.max(aLow, aHigh - contextLines), bLow: Math.max(bLow, bHigh - contextLines) };
    if (isFirst) group.push(tail);
    else if (isLast) group.push(head);
    else if (size <= 2 * contextLines) group.push(change);
    else {
      group.push(head);
      groups.push(group);
      group = [tail];
    }
  }
  if (group.some(({ equal }) => !equal)) groups.push(group);
  return groups;
}

function span(low: number, high: number): string {
  const length = high - low;
  if (length === 1) return `${low + 1}`;
  return length === 0 ? `${low},0` : `${low + 1},${length}`;
}

/** The differences between two values' JSON; the empty text if there are none. Ends with a line break. */
export function jsonDiff(before: unknown, after: unknown): string {
  const [a, b] = [JSON.stringify(before, null, 1).split("\n"), JSON.stringify(after, null, 1).split("\n")];
  let text = "";
  for (const group of groupsOf(changesOf(a, b))) {
    const [first, last] = [group[0]!, group.at(-1)!];
    text += `@@ -${span(first.aLow, last.aHigh)} +${span(first.bLow, last.bHigh)} @@\n`;
    for (const { equal, aLow, aHigh, bLow, bHigh } of group) {
      for (const line of a.slice(aLow, aHigh)) text += `${equal ? " " : "-"}${line}\n`;
      if (!equal) for (const line of b.slice(bLow, bHigh)) text += `+${line}\n`;
    }
  }
  return text;
}
