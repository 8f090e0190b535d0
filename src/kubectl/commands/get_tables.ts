// Tables of `kubectl get`: asked from the server, aligned here.

import { hasReason } from "../../api/machinery/status.ts";
import type { Call } from "../command.ts";
import { apiVersionOf, type Mapping, pathOf, shownKind } from "../discovery.ts";
import { throwAll } from "../errors.ts";
import { type Table, type TableOptions, tableWriter } from "../printers/table.ts";
import { tableAccept } from "../rest.ts";
import { listQuery, listRefusal, type Target } from "../targets.ts";

/** Prints the targets' tables: one below the other with a blank line between kinds. */
export async function printTables(call: Call, targets: readonly Target[]): Promise<void> {
  const { flags } = call;
  const errors: unknown[] = [];
  const kinds = new Set(targets.map(({ mapping }) => `${mapping.group}/${mapping.plural}`));
  const withKind = kinds.size > 1 || flags.bool("show-kind");
  let last: Mapping | undefined;
  let writer = tableWriter();
  for (const target of targets) {
    try {
      const table = await fetchTable(call, target);
      if (table.rows.length === 0) continue;
      const isNew = last !== target.mapping;
      if (isNew && last) {
        // Every kind has its own columns.
        call.print(`${writer.flush()}\n`);
        writer = tableWriter();
      }
      writer.add(table, optionsOf(call, target.mapping, withKind), isNew);
      last = target.mapping;
    } catch (error) {
      if (!(flags.bool("ignore-not-found") && hasReason(error, "NotFound"))) errors.push(error);
    }
  }
  call.print(writer.flush());
  if (!last && errors.length === 0 && !flags.bool("ignore-not-found")) {
    call.printError(`${await nothingFound(call, targets)}\n`);
  }
  throwAll(errors);
}

async function nothingFound(call: Call, targets: readonly Target[]): Promise<string> {
  const namespaced = targets.some(({ mapping }) => mapping.namespaced);
  const access = await call.access();
  if (!namespaced || call.flags.bool("all-namespaces")) return "No resources found";
  return `No resources found in ${access.namespace} namespace.`;
}

/** The look of a table that the flags ask for. */
export function optionsOf({ flags }: Call, mapping: Mapping, withKind: boolean): TableOptions {
  return {
    wide: flags.string("output") === "wide",
    noHeaders: flags.bool("no-headers"),
    withNamespace: flags.bool("all-namespaces") && mapping.namespaced,
    ...(withKind ? { withKind: shownKind(mapping) } : {}),
    showLabels: flags.bool("show-labels"),
    labelColumns: flags.list("label-columns"),
  };
}

/** The server's table of a target, all pages of it, sorted as asked. */
export async function fetchTable(call: Call, target: Target): Promise<Table> {
  const { flags } = call;
  const rest = await call.rest();
  const { mapping, namespace, name } = target;
  const sortBy = flags.string("sort-by");
  const includeObject = sortBy ? "Object" : undefined;
  if (name !== undefined) {
    const path = pathOf(mapping, namespace, name, flags.string("subresource") || undefined);
    return asTable(await rest.json({ path, accept: tableAccept, query: { includeObject } }), mapping);
  }
  let whole: Table | undefined;
  let page: string | undefined;
  do {
    const query = { ...listQuery(call), limit: flags.int("chunk-size") || undefined, continue: page, includeObject };
    const answer = await rest.json({ path: pathOf(mapping, namespace), query, accept: tableAccept }).catch((error) => {
      throw listRefusal(mapping, query, error);
    });
    const part = asTable(answer, mapping);
    whole = whole ? { ...part, columnDefinitions: whole.columnDefinitions, rows: [...whole.rows, ...part.rows] } : part;
    page = part.metadata?.continue;
  } while (page);
  if (sortBy) {
    const { sorterBy } = await import("../printers/sort.ts");
    whole = { ...whole, rows: sorterBy(sortBy)(whole.rows, (row) => row.object) };
  }
  return whole;
}

/** Some servers (aggregated ones) answer with objects: then name and age are the table. */
export function asTable(answer: any, mapping: Mapping): Table {
  if (answer.kind === "Table") return answer;
  const items = Array.isArray(answer.items) ? answer.items : [answer];
  return {
    kind: "Table",
    metadata: answer.metadata,
    columnDefinitions: [
      { name: "Name", type: "string", format: "name" },
      { name: "Age", type: "string" },
    ],
    rows: items.map((object: any) => ({
      cells: [object.metadata?.name ?? "", "<unknown>"],
      object: { apiVersion: apiVersionOf(mapping), kind: mapping.kind, ...object },
    })),
  };
}
