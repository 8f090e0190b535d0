// `api-resources` and `api-versions`.

import { defineCommand } from "../command.ts";
import { apiVersionOf } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { alignTabs, tableTabs } from "../printers/tabwriter.ts";

export const apiResources = defineCommand({
  path: "api-resources",
  usage: "[flags] [options]",
  summary: "Print the supported API resources on the server",
  flags: {
    "api-group": { type: "string", help: "Limit to resources in the specified API group." },
    cached: { type: "bool", help: "Use the cached list of resources if available." },
    categories: { type: "strings", help: "Limit to resources that belong to the specified categories." },
    namespaced: {
      type: "bool",
      default: "true",
      help: "If false, non-namespaced resources will be returned, otherwise returning namespaced resources by default.",
    },
    "no-headers": {
      type: "bool",
      help: "When using the default or custom-column output format, don't print headers (default print headers).",
    },
    output: { type: "string", short: "o", help: "Output format. One of: (json, yaml, name, wide)." },
    "sort-by": {
      type: "string",
      help: "If non-empty, sort list of resources using specified field. The field can be either 'name' or 'kind'.",
    },
    verbs: { type: "strings", help: "Limit to resources that support the specified verbs." },
  },
  async run(call) {
    const { flags } = call;
    if (call.args.length > 0)
      throw new CommandError(
        `unexpected arguments: [${call.args.join(" ")}]\nSee 'kubectl api-resources -h' for help and examples`,
      );
    const output = flags.string("output");
    const { resources } = await (await call.discovery()).all(!flags.bool("cached"));
    const [verbs, categories] = [flags.list("verbs"), flags.list("categories")];
    const chosen = resources
      .filter((each) => each.verbs.length > 0)
      .filter((each) => !flags.given("api-group") || each.group === flags.string("api-group"))
      .filter((each) => !flags.given("namespaced") || each.namespaced === flags.bool("namespaced"))
      .filter((each) => verbs.every((verb) => each.verbs.includes(verb)))
      .filter((each) => categories.every((category) => each.categories.includes(category)));
    const seen = new Set<string>();
    const preferred = chosen.filter(({ group, plural }) => {
      const id = `${group}/${plural}`;
      return !seen.has(id) && seen.add(id);
    });
    const key = flags.string("sort-by");
    if (key && key !== "name" && key !== "kind") throw new CommandError(`--sort-by accepts only name or kind`);
    const sorted = preferred.sort((a, b) => {
      if (key === "name") return a.plural < b.plural ? -1 : 1;
      if (key === "kind") return a.kind < b.kind ? -1 : 1;
      return a.group < b.group ? -1 : a.group > b.group ? 1 : a.plural < b.plural ? -1 : 1;
    });
    if (output === "name") {
      call.print(sorted.map(({ plural, group }) => `${group ? `${plural}.${group}` : plural}\n`).join(""));
      return;
    }
    const wide = output === "wide";
    if (output && !wide) throw new CommandError(`not supported yet: api-resources -o ${output}`);
    const lines = flags.bool("no-headers")
      ? []
      : [["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", ...(wide ? ["VERBS", "CATEGORIES"] : [])]];
    for (const each of sorted) {
      lines.push([
        each.plural,
        each.shortNames.join(","),
        apiVersionOf(each),
        String(each.namespaced),
        each.kind,
        ...(wide ? [each.verbs.join(","), each.categories.join(",")] : []),
      ]);
    }
    call.print(alignTabs(`${lines.map((cells) => cells.join("\t")).join("\n")}\n`, tableTabs));
  },
});

export const apiVersions = defineCommand({
  path: "api-versions",
  usage: "[options]",
  summary: 'Print the supported API versions on the server, in the form of "group/version"',
  flags: {},
  async run(call) {
    const { groupVersions } = await (await call.discovery()).all(true);
    call.print(
      [...groupVersions]
        .sort()
        .map((each) => `${each}\n`)
        .join(""),
    );
  },
});
