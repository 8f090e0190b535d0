// `config view`, `get-contexts`, `get-clusters`, `get-users`.

import { type Call, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { printFlags } from "../flag_sets.ts";
import type { Config, Entry } from "../kubeconfig.ts";
import { printerOf } from "../printers/printer.ts";
import { alignTabs, tableTabs } from "../printers/tabwriter.ts";

const hidden: Record<string, string> = {
  "certificate-authority-data": "DATA+OMITTED",
  "client-certificate-data": "DATA+OMITTED",
  "client-key-data": "DATA+OMITTED",
  token: "REDACTED",
  password: "REDACTED",
};

export const configView = defineCommand({
  path: "config view",
  usage: "[flags] [options]",
  summary: "Display merged kubeconfig settings or a specified kubeconfig file",
  flags: {
    ...printFlags,
    flatten: {
      type: "bool",
      help: "Flatten the resulting kubeconfig file into self-contained output (useful for creating portable kubeconfig files)",
    },
    merge: { type: "string", default: "true", bare: "true", help: "Merge the full hierarchy of kubeconfig files" },
    minify: { type: "bool", help: "Remove all information not used by current-context from the output" },
    raw: { type: "bool", help: "Display raw byte data and sensitive data" },
  },
  async run(call) {
    const { flags } = call;
    const config = await call.config();
    const context = flags.string("context") || config.currentContext;
    if (flags.bool("minify") && !config.contexts.has(context)) {
      throw new CommandError(
        context ? `cannot locate context ${context}` : "current-context must exist in order to minify",
      );
    }
    const view = await viewOf(call, config, flags.bool("minify") ? context : undefined);
    const print = await printerOf(call);
    if (print) call.print(print(view));
    else {
      const { dumpYaml } = await import("../../api/machinery/yaml.ts");
      call.print(dumpYaml(view));
    }
  },
});

async function viewOf(call: Call, config: Config, only: string | undefined): Promise<object> {
  const { flags, machine } = call;
  const raw = flags.bool("raw");
  const used = only ? config.contexts.get(only)!.value : undefined;
  const list = async (section: Map<string, Entry>, field: string, name: string | undefined) => {
    const entries = [...section]
      .filter(([key]) => only === undefined || key === name)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const shown = await Promise.all(
      entries.map(async ([key, { value, file }]) => [key, await flatten(value, file)] as const),
    );
    return shown.length === 0
      ? null
      : shown.map(([key, value]) => ({ [field]: raw ? value : redact(value), name: key }));
  };
  const flatten = async (value: Record<string, any>, file: string) => {
    if (!flags.bool("flatten")) return value;
    const flat: Record<string, any> = { ...value };
    for (const field of ["certificate-authority", "client-certificate", "client-key"]) {
      if (!flat[field]) continue;
      const path = flat[field].startsWith("/") ? flat[field] : `${file.slice(0, file.lastIndexOf("/"))}/${flat[field]}`;
      flat[`${field}-data`] = btoa(await machine.disk.readText(path));
      delete flat[field];
    }
    return flat;
  };
  return {
    apiVersion: "v1",
    clusters: await list(config.clusters, "cluster", used?.cluster),
    contexts: await list(config.contexts, "context", only),
    "current-context": only ?? config.currentContext,
    kind: "Config",
    users: await list(config.users, "user", used?.user),
  };
}

function redact(value: Record<string, any>): Record<string, any> {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, each ? (hidden[key] ?? each) : each]));
}

export const configGetContexts = defineCommand({
  path: "config get-contexts",
  usage: "[(-o|--output=)name)] [options]",
  summary: "Describe one or many contexts",
  flags: {
    "no-headers": {
      type: "bool",
      help: "When using the default or custom-column output format, don't print headers (default print headers).",
    },
    output: { type: "string", short: "o", help: "Output format. One of: (name)." },
  },
  async run(call) {
    const { flags, args } = call;
    const config = await call.config();
    for (const name of args) if (!config.contexts.has(name)) throw new CommandError(`context ${name} not found`);
    const names = args.length > 0 ? args : [...config.contexts.keys()].sort();
    if (flags.string("output") === "name") {
      call.print(names.map((name) => `${name}\n`).join(""));
      return;
    }
    const rows = flags.bool("no-headers") ? [] : [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]];
    for (const name of names) {
      const { cluster = "", user = "", namespace = "" } = config.contexts.get(name)!.value;
      rows.push([name === config.currentContext ? "*" : "", name, cluster, user, namespace]);
    }
    if (rows.length > 0) call.print(alignTabs(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`, tableTabs));
  },
});

function namesCommand(path: string, summary: string, section: "clusters" | "users") {
  return defineCommand({
    path,
    usage: "[options]",
    summary,
    flags: {},
    run: async (call) =>
      call.print(
        `NAME\n${[...(await call.config())[section].keys()]
          .sort()
          .map((name) => `${name}\n`)
          .join("")}`,
      ),
  });
}

export const configGetClusters = namesCommand(
  "config get-clusters",
  "Display clusters defined in the kubeconfig",
  "clusters",
);
export const configGetUsers = namesCommand("config get-users", "Display users defined in the kubeconfig", "users");
