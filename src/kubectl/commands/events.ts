import { defineCommand } from "../command.ts";
import { age } from "../describers/writer.ts";
import { CommandError } from "../errors.ts";
import { printFlags } from "../flag_sets.ts";
import { printerOf } from "../printers/printer.ts";
import { alignTabs, tableTabs } from "../printers/tabwriter.ts";
import { watchEvents } from "../rest.ts";
import { resourceOf } from "../targets.ts";

export const events = defineCommand({
  path: "events",
  usage:
    "[(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]",
  summary: "List events",
  flags: {
    ...printFlags,
    "all-namespaces": {
      type: "bool",
      short: "A",
      help: "If present, list the requested object(s) across all namespaces.",
    },
    "chunk-size": { type: "int", default: "500", help: "Return large lists in chunks rather than all at once." },
    for: { type: "string", help: "Filter events to only those pertaining to the specified resource." },
    "no-headers": { type: "bool", help: "When using the default output format, don't print headers." },
    types: { type: "strings", help: "Output only events of given types." },
    watch: { type: "bool", short: "w", help: "After listing the requested events, watch for more events." },
  },
  async run(call) {
    const { flags } = call;
    const rest = await call.rest();
    const { namespace } = await call.access();
    const everywhere = flags.bool("all-namespaces");
    const path = everywhere ? "/api/v1/events" : `/api/v1/namespaces/${namespace}/events`;
    const fieldSelector = await selectorFor(flags.string("for"), async (word) => (await resourceOf(call, word)).kind);
    const types = flags.list("types").map((each) => each.toLowerCase());
    const { items = [], metadata } = await rest.json({ path, query: { fieldSelector } });
    const fits = (event: any) => types.length === 0 || types.includes(String(event.type).toLowerCase());
    const when = (event: any) =>
      Date.parse(
        event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp,
      );
    const list = items.filter(fits).sort((a: any, b: any) => when(a) - when(b));
    const print = await printerOf(call, () => "event");
    if (list.length === 0 && !flags.bool("watch")) {
      call.printError(everywhere ? "No events found.\n" : `No events found in ${namespace} namespace.\n`);
      return;
    }
    if (print)
      call.print(
        print({
          apiVersion: "v1",
          items: list.map((item: any) => ({ apiVersion: "v1", kind: "Event", ...item })),
          kind: "List",
          metadata: {},
        }),
      );
    else call.print(table(list, call.machine.clock.now(), everywhere, !flags.bool("no-headers")));
    if (!flags.bool("watch")) return;
    const body = await rest.stream({
      path,
      query: { fieldSelector, watch: true, resourceVersion: metadata.resourceVersion },
    });
    for await (const { type, object } of watchEvents(body)) {
      if (type === "ADDED" || type === "MODIFIED")
        call.print(table([object].filter(fits), call.machine.clock.now(), everywhere, false));
    }
  },
});

async function selectorFor(word: string, kindOf: (type: string) => Promise<string>): Promise<string | undefined> {
  if (word === "") return undefined;
  const [type, name] = word.split("/");
  if (!type || !name) throw new CommandError("--for must be in resource/name form");
  return `involvedObject.kind=${await kindOf(type)},involvedObject.name=${name}`;
}

function table(list: readonly any[], now: number, everywhere: boolean, headers: boolean): string {
  const rows = headers
    ? [[...(everywhere ? ["NAMESPACE"] : []), "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]]
    : [];
  for (const event of list) {
    const first = age(event.eventTime ?? event.firstTimestamp, now);
    let seen = age(event.eventTime ?? event.lastTimestamp ?? event.firstTimestamp, now);
    if (event.series) seen = `${age(event.series.lastObservedTime, now)} (x${event.series.count} over ${first})`;
    else if (event.count > 1) seen = `${age(event.lastTimestamp, now)} (x${event.count} over ${first})`;
    const { kind, name } = event.involvedObject;
    rows.push([
      ...(everywhere ? [event.metadata.namespace] : []),
      seen,
      event.type,
      event.reason,
      `${kind}/${name}`,
      (event.message ?? "").trim(),
    ]);
  }
  return rows.length === 0 ? "" : alignTabs(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`, tableTabs);
}
