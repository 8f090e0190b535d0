// `config set`, `unset`, `set-cluster`, `set-context`, `set-credentials`.

import { base64 } from "../../base/bytes.ts";
import { type Call, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { absolute } from "../kubeconfig.ts";
import {
  fieldOfSection,
  fileWith,
  putEntry,
  readConfigFiles,
  type Section,
  writeConfigFile,
} from "../kubeconfig_edit.ts";

/** Sets a file's path, or its content with `--embed-certs`. */
async function setFile(call: Call, entry: any, flag: string): Promise<void> {
  const { flags, self, machine } = call;
  if (!flags.given(flag)) return;
  const path = absolute(flags.string(flag), self.cwd());
  const embeds = "embed-certs" in call.command.flags && flags.bool("embed-certs");
  delete entry[embeds ? flag : `${flag}-data`];
  if (embeds) entry[`${flag}-data`] = base64(await machine.disk.read(path));
  else entry[flag] = path;
}

export const configSetCluster = defineCommand({
  path: "config set-cluster",
  usage:
    "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]",
  summary: "Set a cluster entry in kubeconfig",
  flags: {
    "embed-certs": { type: "bool", help: "embed-certs for the cluster entry in kubeconfig" },
    "proxy-url": { type: "string", help: "proxy-url for the cluster entry in kubeconfig" },
  },
  async run(call) {
    const { flags } = call;
    const name = onlyName(call);
    const certificate: any = {};
    await setFile(call, certificate, "certificate-authority");
    await putEntry(call, "clusters", name, (now) => ({
      ...now,
      ...(flags.given("server") ? { server: flags.string("server").replace(/\/$/, "") } : {}),
      ...(flags.given("insecure-skip-tls-verify")
        ? { "insecure-skip-tls-verify": flags.bool("insecure-skip-tls-verify") }
        : {}),
      ...(flags.given("tls-server-name") ? { "tls-server-name": flags.string("tls-server-name") } : {}),
      ...(flags.given("proxy-url") ? { "proxy-url": flags.string("proxy-url") } : {}),
      ...certificate,
    }));
    call.print(`Cluster ${JSON.stringify(name)} set.\n`);
  },
});

export const configSetContext = defineCommand({
  path: "config set-context",
  usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]",
  summary: "Set a context entry in kubeconfig",
  flags: { current: { type: "bool", help: "Modify the current context" } },
  async run(call) {
    const { flags, args } = call;
    if (flags.bool("current") && args.length > 0)
      throw new CommandError("you cannot specify both a context name and --current");
    const name = flags.bool("current") ? (await call.config()).currentContext : onlyName(call);
    if (!name) throw new CommandError("no current context is set");
    const known = await putEntry(call, "contexts", name, (now) => ({
      cluster: "",
      user: "",
      ...now,
      ...Object.fromEntries(
        (["cluster", "user", "namespace"] as const)
          .filter((flag) => flags.given(flag))
          .map((flag) => [flag, flags.string(flag)]),
      ),
    }));
    call.print(`Context ${JSON.stringify(name)} ${known ? "modified" : "created"}.\n`);
  },
});

export const configSetCredentials = defineCommand({
  path: "config set-credentials",
  usage:
    "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [options]",
  summary: "Set a user entry in kubeconfig",
  flags: { "embed-certs": { type: "bool", help: "Embed client cert/key for the user entry in kubeconfig" } },
  async run(call) {
    const { flags } = call;
    const name = onlyName(call);
    const certificates: any = {};
    await setFile(call, certificates, "client-certificate");
    await setFile(call, certificates, "client-key");
    await putEntry(call, "users", name, (now) => ({
      ...now,
      ...Object.fromEntries(
        (["token", "username", "password"] as const)
          .filter((flag) => flags.given(flag))
          .map((flag) => [flag, flags.string(flag)]),
      ),
      ...certificates,
    }));
    call.print(`User ${JSON.stringify(name)} set.\n`);
  },
});

function onlyName({ args, command }: Call): string {
  if (args.length !== 1)
    throw new CommandError(
      `unexpected args: [${args.join(" ")}]\nSee 'kubectl ${command.path} -h' for help and examples`,
    );
  return args[0]!;
}

const sections = new Set<string>(["clusters", "contexts", "users"]);

/** Takes `clusters.name.server` apart: names may hold dots, fields may not. */
function splitPath(path: string, known: readonly string[]): { section?: Section; name?: string; field?: string } {
  const [section = "", ...rest] = path.split(".");
  if (!sections.has(section)) return {};
  const text = rest.join(".");
  const name =
    known.filter((each) => text === each || text.startsWith(`${each}.`)).sort((a, b) => b.length - a.length)[0] ??
    rest.slice(0, -1).join(".");
  return { section: section as Section, name: name || text, field: text.slice(name.length + 1) };
}

async function changeAt(call: Call, path: string, change: (holder: any, key: string) => void): Promise<void> {
  const { files, target } = await readConfigFiles(call);
  const [first = ""] = path.split(".");
  if (!sections.has(first)) {
    const file = files.find(({ value }) => value[path] !== undefined && value[path] !== "") ?? target;
    change(file.value, path);
    return writeConfigFile(call, file);
  }
  const names = files.flatMap(({ value }) => (value[first] ?? []).map((entry: any) => entry.name));
  const { section, name, field } = splitPath(path, names);
  const file = fileWith(files, section!, name!) ?? target;
  const entries: any[] = file.value[section!] ?? [];
  if (!field) file.value[section!] = entries.filter((entry) => entry.name !== name);
  else {
    let entry = entries.find((each) => each.name === name);
    if (!entry) {
      entry = { name, [fieldOfSection[section!]]: {} };
      file.value[section!] = [...entries, entry];
    }
    change(entry[fieldOfSection[section!]], field);
  }
  return writeConfigFile(call, file);
}

export const configSet = defineCommand({
  path: "config set",
  usage: "PROPERTY_NAME PROPERTY_VALUE [options]",
  summary: "Set an individual value in a kubeconfig file",
  flags: {
    "set-raw-bytes": {
      type: "bool",
      help: "When writing a []byte PROPERTY_VALUE, write the given string directly without base64 decoding.",
    },
  },
  async run(call) {
    const [path, value] = call.args;
    if (call.args.length !== 2 || !path || value === undefined)
      throw new CommandError(
        `unexpected args: [${call.args.join(" ")}]\nSee 'kubectl config set -h' for help and examples`,
      );
    await changeAt(call, path, (holder, key) => {
      holder[key] = value === "true" || value === "false" ? value === "true" : value;
    });
    call.print(`Property ${JSON.stringify(path)} set.\n`);
  },
});

export const configUnset = defineCommand({
  path: "config unset",
  usage: "PROPERTY_NAME [options]",
  summary: "Unset an individual value in a kubeconfig file",
  flags: {},
  async run(call) {
    const [path] = call.args;
    if (call.args.length !== 1 || !path)
      throw new CommandError(
        `unexpected args: [${call.args.join(" ")}]\nSee 'kubectl config unset -h' for help and examples`,
      );
    await changeAt(call, path, (holder, key) => {
      if (key === "current-context") holder[key] = "";
      else delete holder[key];
    });
    call.print(`Property ${JSON.stringify(path)} unset.\n`);
  },
});
