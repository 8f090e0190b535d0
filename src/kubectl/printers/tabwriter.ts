// Text in columns with elastic tabstops: a column is a run of neighbouring lines that have a cell there (Go's
// text/tabwriter). Cells end with a tab; what follows a line's last tab belongs to no column.

export interface TabOptions {
  /** The least width of a column, padding included. */
  minWidth: number;
  padding: number;
}

/** What `kubectl get` uses. */
export const tableTabs: TabOptions = { minWidth: 6, padding: 3 };
/** What `kubectl describe` uses. */
export const describeTabs: TabOptions = { minWidth: 0, padding: 2 };

/**
 * Aligns lines. `widths`, if given, remembers the widest that each column ever was, so that what is written later (in a
 * watch) stands below what was written before.
 */
export function alignTabs(text: string, { minWidth, padding }: TabOptions, widths?: number[]): string {
  const whole = text.endsWith("\n");
  const lines = (whole ? text.slice(0, -1) : text).split("\n").map((line) => line.split("\t"));
  const current: number[] = [];
  let out = "";

  function write(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const cells = lines[at]!;
      for (const [column, cell] of cells.entries()) {
        out += cell;
        if (column < current.length) out += " ".repeat(Math.max(0, current[column]! - lengthOf(cell)));
      }
      if (at < lines.length - 1 || whole) out += "\n";
    }
  }

  function format(from: number, to: number): void {
    const column = current.length;
    let start = from;
    for (let at = from; at < to; at++) {
      if (column >= lines[at]!.length - 1) continue;
      write(start, at);
      start = at;
      let width = minWidth;
      while (at < to && column < lines[at]!.length - 1) {
        width = Math.max(width, lengthOf(lines[at]![column]!) + padding);
        at++;
      }
      if (widths) {
        width = Math.max(width, widths[column] ?? 0);
        widths[column] = width;
      }
      current.push(width);
      format(start, at);
      current.pop();
      start = at;
    }
    write(start, to);
  }

  format(0, lines.length);
  return out;
}

function lengthOf(cell: string): number {
  // Most cells are ASCII, where the length in letters is the length.
  return /^[\x20-\x7e]*$/.test(cell) ? cell.length : [...cell].length;
}
