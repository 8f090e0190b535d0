// The server's Tables as text.

import { alignTabs, tableTabs } from "./tabwriter.ts";

/** A meta.k8s.io Table. */
export interface Table {
  kind: "Table";
  metadata?: { resourceVersion?: string; continue?: string };
  columnDefinitions: { name: string; type: string; format?: string; priority?: number }[];
  rows: { cells: unknown[]; object?: any; conditions?: { type: string; status: string }[] }[];
}

export interface TableOptions {
  wide: boolean;
  noHeaders: boolean;
  withNamespace: boolean;
  /** `pod` or `deployment.apps`: printed before names, with a slash. */
  withKind?: string;
  showLabels: boolean;
  /** Label keys with a column each. */
  labelColumns: readonly string[];
}

/** A writer that keeps its column widths from one table to the next. */
export interface TableWriter {
  /** Lines with tabs, to be aligned at the next flush. */
  add(table: Table, options: TableOptions, headers: boolean): void;
  blank(): void;
  /** What was added since the last flush, aligned. */
  flush(): string;
}

/** Opens a writer of tables. */
export function tableWriter(): TableWriter {
  let pending = "";
  const widths: number[] = [];
  return {
    add(table, options, headers) {
      pending += tableLines(table, options, headers);
    },
    blank() {
      pending += "\n";
    },
    flush() {
      const text = pending === "" ? "" : alignTabs(pending, tableTabs, widths);
      pending = "";
      return text;
    },
  };
}

function tableLines(table: Table, options: TableOptions, headers: boolean): string {
  const shown = table.columnDefinitions.map(({ priority = 0 }) => options.wide || priority === 0);
  let text = "";
  if (headers && !options.noHeaders) {
    const names = table.columnDefinitions.filter((_, index) => shown[index]).map(({ name }) => name.toUpperCase());
    if (options.withNamespace) names.unshift("NAMESPACE");
    for (const key of options.labelColumns) names.push(key.slice(key.lastIndexOf("/") + 1).toUpperCase());
    if (options.showLabels) names.push("LABELS");
    text += `${names.join("\t")}\n`;
  }
  const nameColumn = table.columnDefinitions.findIndex(({ format }) => format === "name");
  for (const { cells, object } of table.rows) {
    const texts = cells.map(cellText);
    const name = Math.max(nameColumn, 0);
    if (options.withKind && texts[name] !== undefined) texts[name] = `${options.withKind}/${texts[name]}`;
    const row = texts.filter((_, index) => shown[index] ?? true);
    const labels: Record<string, string> = object?.metadata?.labels ?? {};
    if (options.withNamespace) row.unshift(object?.metadata?.namespace ?? "");
    for (const key of options.labelColumns) row.push(labels[key] ?? "");
    if (options.showLabels) row.push(labelsText(labels));
    text += `${row.join("\t")}\n`;
  }
  return text;
}

/** `a=1,b=2` by key; `<none>` without labels. */
export function labelsText(labels: Record<string, string> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? "<none>" : keys.map((key) => `${key}=${labels![key]}`).join(",");
}

/** A cell's first line; control letters as escapes. */
function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "<nil>";
  const text =
    typeof cell === "string"
      ? cell
      : Array.isArray(cell) || typeof cell === "object"
        ? JSON.stringify(cell)
        : String(cell);
  const end = text.search(/[\f\n\r]/);
  const first = end < 0 ? text : `${text.slice(0, end)}...`;
  return first.replaceAll("\x1b", "^[");
}
