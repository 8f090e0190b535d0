// `kubectl get --watch`.

import type { Call } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { printerOf } from "../printers/printer.ts";
import { type Table, tableWriter } from "../printers/table.ts";
import { tableAccept, toError, watchEvents } from "../rest.ts";
import { listAll, listQuery, type Target } from "../targets.ts";
import { asTable, fetchTable, optionsOf } from "./get_tables.ts";

/** Lists (but for `--watch-only`), then prints every change until the connection ends or the user interrupts. */
export async function watchTargets(call: Call, targets: readonly Target[], isTable: boolean): Promise<void> {
  if (targets.length > 1) throw new CommandError("you may only specify a single resource type");
  const target = targets[0]!;
  const query = target.name === undefined ? listQuery(call) : { fieldSelector: `metadata.name=${target.name}` };
  const show = isTable ? tablePrinter(call, target) : await objectPrinter(call);
  let version = await first(call, target, show, isTable);
  const rest = await call.rest();
  const body = await rest.stream({
    path: pathOf(target.mapping, target.namespace),
    query: { ...query, watch: true, resourceVersion: version },
    accept: isTable ? tableAccept : undefined,
    signal: call.signal,
  });
  for await (const { type, object } of watchEvents(body)) {
    if (type === "BOOKMARK") continue;
    if (type === "ERROR") throw toError(object.code ?? 500, JSON.stringify(object));
    version = object.metadata?.resourceVersion ?? version;
    show(object, type);
  }
}

async function first(
  call: Call,
  target: Target,
  show: (object: any, type: string) => void,
  isTable: boolean,
): Promise<string> {
  const silent = call.flags.bool("watch-only");
  if (isTable) {
    const table = await fetchTable(call, target);
    if (!silent && table.rows.length > 0) show(table, "ADDED");
    return table.metadata?.resourceVersion ?? table.rows[0]?.object?.metadata?.resourceVersion ?? "";
  }
  if (target.name !== undefined) {
    const object = await (await call.rest()).json({ path: pathOf(target.mapping, target.namespace, target.name) });
    if (!silent) show(object, "ADDED");
    return object.metadata.resourceVersion;
  }
  const { items, resourceVersion } = await listAll(call, target);
  if (!silent) for (const item of items) show(item, "ADDED");
  return resourceVersion;
}

function tablePrinter(call: Call, { mapping }: Target): (object: any, type: string) => void {
  const writer = tableWriter();
  const withEvents = call.flags.bool("output-watch-events");
  let headers = true;
  let columns: Table["columnDefinitions"] = [];
  return (object, type) => {
    let table = asTable(object, mapping);
    // Only the first event of a watch repeats the columns.
    if ((table.columnDefinitions ?? []).length > 0) columns = table.columnDefinitions;
    table = { ...table, columnDefinitions: columns };
    if (withEvents) {
      table = {
        ...table,
        columnDefinitions: [{ name: "Event", type: "string" }, ...columns],
        rows: table.rows.map((row) => ({ ...row, cells: [type.padEnd("MODIFIED".length), ...row.cells] })),
      };
    }
    writer.add(table, optionsOf(call, mapping, call.flags.bool("show-kind")), headers);
    headers = false;
    call.print(writer.flush());
  };
}

async function objectPrinter(call: Call): Promise<(object: any, type: string) => void> {
  const print = (await printerOf(call))!;
  const withEvents = call.flags.bool("output-watch-events");
  return (object, type) => call.print(print(withEvents ? { type, object } : object));
}
