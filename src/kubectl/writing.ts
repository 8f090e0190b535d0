// What commands that write objects share: dry runs, success lines, sending.

import type { Call } from "./command.ts";
import { apiVersionOf, type Mapping, pathOf, shownKind } from "./discovery.ts";
import { CommandError } from "./errors.ts";
import { absolute } from "./kubeconfig.ts";
import { kindFromObject, printerOf } from "./printers/printer.ts";
import { readText } from "./rest.ts";

export type DryRun = "none" | "client" | "server";

/** What `--dry-run` says. Throws a CommandError for other words. */
export function dryRunOf({ flags }: Call): DryRun {
  const value = flags.string("dry-run");
  if (value === "unchanged") {
    throw new CommandError(
      '--dry-run flag without a value was specified. A value must be set: "none", "server", or "client".',
    );
  }
  if (value === "none" || value === "client" || value === "server") return value;
  throw new CommandError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

/** The query of a write: dry run, field manager and field validation as the flags say. */
export function writeQuery(call: Call): Record<string, string | undefined> {
  const { command, flags } = call;
  const has = (name: string) => name in command.flags;
  return {
    dryRun: has("dry-run") && dryRunOf(call) === "server" ? "All" : undefined,
    fieldManager: has("field-manager") ? flags.string("field-manager") : undefined,
    fieldValidation: has("validate") ? fieldValidation(flags.string("validate")) : undefined,
  };
}

function fieldValidation(value: string): string {
  const words: Record<string, string> = {
    strict: "Strict",
    true: "Strict",
    warn: "Warn",
    ignore: "Ignore",
    false: "Ignore",
  };
  const found = words[value];
  if (!found)
    throw new CommandError(
      `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
    );
  return found;
}

/** Prints `deployment.apps/web created (dry run)`, or the object as `-o` wants it. */
export async function printDone(call: Call, mapping: Mapping, object: any, operation: string): Promise<void> {
  const { command, flags } = call;
  const output = "output" in command.flags ? flags.string("output") : "";
  const template = "template" in command.flags ? flags.string("template") : "";
  if (output || template) {
    const print = (await printerOf(call))!;
    call.print(print(object.kind ? object : { apiVersion: apiVersionOf(mapping), kind: mapping.kind, ...object }));
    return;
  }
  // A subresource such as scale is answered with a kind of its own.
  const kind = object.kind ? kindFromObject(object) : shownKind(mapping);
  call.print(`${kind}/${object.metadata?.name ?? ""} ${operation}${dryRunSuffix(call)}\n`);
}

/** What stands after a success line of a dry run. */
export function dryRunSuffix(call: Call): string {
  const dryRun = "dry-run" in call.command.flags ? dryRunOf(call) : "none";
  return dryRun === "client" ? " (dry run)" : dryRun === "server" ? " (server dry run)" : "";
}

/** Sends a new object. Resolves to what the server made of it. */
export async function postObject(
  call: Call,
  mapping: Mapping,
  namespace: string | undefined,
  object: unknown,
): Promise<any> {
  const rest = await call.rest();
  return rest.json({ method: "POST", path: pathOf(mapping, namespace), query: writeQuery(call), body: object });
}

/** `--raw`: sends the one file to the path as it is and prints the answer as it comes. */
export async function sendRaw(call: Call, method: "POST" | "PUT" | "DELETE"): Promise<void> {
  const { flags, machine, self } = call;
  const [file, ...more] = flags.list("filename");
  if (more.length > 0 || (file === undefined && method !== "DELETE"))
    throw new CommandError("--raw can only use a single local file or stdin");
  const path = rawPath(flags.string("raw"));
  let body: string | undefined;
  if (file === "-") body = await readText(self.stdin());
  else if (file !== undefined) {
    const found = absolute(file, self.cwd());
    if (!(await machine.disk.stat(found))) throw new CommandError(`open ${file}: no such file or directory`);
    body = await machine.disk.readText(found);
  }
  const rest = await call.rest();
  for await (const chunk of await rest.stream({ method, path, body, raw: true })) self.printBytes(chunk, "stdout");
}

/** A path of the user's own. Throws a CommandError for what is none. */
export function rawPath(path: string): string {
  if (path.startsWith("/")) return path;
  throw new CommandError(`--raw must be a valid URL path: parse ${JSON.stringify(path)}: invalid URI for request`);
}

/** The annotation in which `kubectl apply` remembers what it sent. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The object with the annotation that holds itself. */
export async function withLastApplied(object: any): Promise<any> {
  const { goJson } = await import("../api/machinery/go_json.ts");
  const { [lastAppliedAnnotation]: _old, ...annotations } = object.metadata?.annotations ?? {};
  const bare = { ...object, metadata: { ...object.metadata, annotations } };
  return {
    ...bare,
    metadata: { ...bare.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: `${goJson(bare)}\n` } },
  };
}

/** Runs `one` for each item and gathers failures; all of them are thrown at the end. */
export async function eachGathered<T>(items: readonly T[], one: (item: T) => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const item of items) {
    try {
      await one(item);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
