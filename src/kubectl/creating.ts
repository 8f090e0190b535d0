// What `create KIND`, `run` and `expose` share: an object made from flags, sent or shown.

import { StatusError } from "../api/machinery/status.ts";
import type { Call } from "./command.ts";
import { findKind } from "./discovery.ts";
import { CommandError } from "./errors.ts";
import { dryRunFlag, fieldManagerFlag, printFlags, validateFlag } from "./flag_sets.ts";
import type { FlagTable } from "./flags.ts";
import { absolute } from "./kubeconfig.ts";
import { dryRunOf, postObject, printDone, withLastApplied } from "./writing.ts";

/** Flags of every command that makes an object. */
export const makingFlags: FlagTable = {
  ...printFlags,
  "dry-run": dryRunFlag,
  "field-manager": fieldManagerFlag("kubectl-create"),
  "save-config": {
    type: "bool",
    help: "If true, the configuration of current object will be saved in its annotation.",
  },
  validate: validateFlag,
};

/** Sends an object that flags described, and prints `configmap/web created`. */
export async function makeObject(call: Call, object: any, operation = "created"): Promise<any> {
  const discovery = await call.discovery();
  const mapping =
    findKind(await discovery.all(), object.apiVersion, object.kind) ??
    findKind(await discovery.all(true), object.apiVersion, object.kind);
  if (!mapping) throw new CommandError(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
  const access = await call.access();
  // What is only shown names the namespace only if the user did.
  const explicit = access.namespaceGiven || dryRunOf(call) !== "client";
  const namespace = mapping.namespaced ? access.namespace : undefined;
  const placed = namespace && explicit ? { ...object, metadata: { ...object.metadata, namespace } } : object;
  const given = call.flags.bool("save-config") ? await withLastApplied(placed) : placed;
  if (dryRunOf(call) === "client") {
    await printDone(call, mapping, given, operation);
    return given;
  }
  try {
    const made = await postObject(call, mapping, namespace, given);
    await printDone(call, mapping, made, operation);
    return made;
  } catch (error) {
    throw creationFailure(call, object, error);
  }
}

/** Some generators hand the server's refusal on as it is; the others put words of their own before its message. */
function creationFailure({ command }: Call, { kind, spec }: any, error: unknown): unknown {
  const bare = ["Namespace", "Role", "ClusterRole", "Pod"].includes(kind) || !command.path.startsWith("create ");
  if (bare || !(error instanceof StatusError)) return error;
  const words: Record<string, string> = {
    Secret: "secret",
    ResourceQuota: "quota:",
    PodDisruptionBudget: "poddisruptionbudgets:",
    Service: `${spec?.type ?? "ClusterIP"} service:`,
  };
  return new CommandError(`failed to create ${words[kind] ?? `${kind.toLowerCase()}:`} ${error.message}`);
}

/** The one NAME of a command. Throws a CommandError without exactly one. */
export function nameOf({ args, command }: Call): string {
  if (args.length !== 1) {
    throw new CommandError(
      `exactly one NAME is required, got ${args.length}\nSee 'kubectl ${command.path} -h' for help and examples`,
    );
  }
  return args[0]!;
}

/** What `--from-literal`, `--from-file` and `--from-env-file` say: key → bytes. */
export async function dataFromFlags(call: Call): Promise<Map<string, Uint8Array>> {
  const { flags, machine, self } = call;
  const data = new Map<string, Uint8Array>();
  const add = (key: string, value: Uint8Array) => {
    if (data.has(key))
      throw new CommandError(
        `cannot add key "${key}", another key by that name already exists in Data for ConfigMap "${call.args[0] ?? ""}"`,
      );
    if (!/^[-._a-zA-Z0-9]+$/.test(key))
      throw new CommandError(
        `"${key}" is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      );
    data.set(key, value);
  };
  for (const source of flags.list("from-file")) {
    const equals = source.indexOf("=");
    const named = equals < 0 ? source : source.slice(equals + 1);
    const path = absolute(named, self.cwd());
    const stat = await machine.disk.stat(path);
    if (!stat) throw new CommandError(`error reading ${named}: no such file or directory`);
    if (stat.kind === "directory") {
      for (const entry of (await machine.disk.list(path)).sort()) {
        if ((await machine.disk.stat(`${path}/${entry}`))?.kind === "file")
          add(entry, await machine.disk.read(`${path}/${entry}`));
      }
    } else
      add(equals < 0 ? path.slice(path.lastIndexOf("/") + 1) : source.slice(0, equals), await machine.disk.read(path));
  }
  for (const literal of flags.list("from-literal")) {
    const equals = literal.indexOf("=");
    if (equals < 1) throw new CommandError(`invalid literal source ${literal}, expected key=value`);
    const value = literal.slice(equals + 1).replace(/^(["'])(.*)\1$/s, "$2");
    add(literal.slice(0, equals), new TextEncoder().encode(value));
  }
  for (const file of flags.list("from-env-file")) {
    for (const line of (await machine.disk.readText(absolute(file, self.cwd()))).split("\n")) {
      const text = line.trimStart();
      if (text === "" || text.startsWith("#")) continue;
      const equals = text.indexOf("=");
      const key = equals < 0 ? text : text.slice(0, equals);
      add(key, new TextEncoder().encode(equals < 0 ? (self.env[key] ?? "") : text.slice(equals + 1)));
    }
  }
  return data;
}
