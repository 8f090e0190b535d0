// Which objects a command is about: `TYPE NAME…`, `TYPE/NAME…`, `TYPE1,TYPE2`, categories, selectors, files.

import { StatusError } from "../api/machinery/status.ts";
import type { Call } from "./command.ts";
import { findResource, type Mapping, pathOf } from "./discovery.ts";
import { CommandError, prefixed } from "./errors.ts";
import { readFileObjects } from "./files.ts";

/** One object by name, or all of a kind. */
export interface Target {
  mapping: Mapping;
  /** Undefined for kinds without namespaces and for all namespaces. */
  namespace: string | undefined;
  /** Undefined: the collection. */
  name?: string;
  /** The file that named it. */
  source?: string;
  /** The object as the file has it. */
  object?: any;
}

export interface TargetOptions {
  /** Whether `TYPE` alone means all of them. */
  allowLists?: boolean;
  /** How `TYPE` alone without a name is refused. */
  noName?: string;
}

/** Finds a resource, asking the server anew before giving up. Throws a CommandError. */
export async function resourceOf(call: Call, word: string): Promise<Mapping> {
  const discovery = await call.discovery();
  const found = findResource(await discovery.all(), word) ?? findResource(await discovery.all(true), word);
  if (!found) throw new CommandError(`the server doesn't have a resource type "${word.split(".")[0]}"`);
  return found;
}

/** The resources of `pods,svc` or of a category such as `all`. */
export async function resourcesOf(call: Call, words: string): Promise<Mapping[]> {
  const found: Mapping[] = [];
  for (const word of words.split(",")) {
    if (word === "") continue;
    const category = word.includes(".")
      ? []
      : (await call.discovered()).resources.filter(({ categories }) => categories.includes(word));
    if (category.length > 0) found.push(...onePerKind(category));
    else found.push(await resourceOf(call, word));
  }
  return found;
}

/** A category has every version of a kind; the first is the preferred one. */
function onePerKind(mappings: readonly Mapping[]): Mapping[] {
  const seen = new Set<string>();
  return mappings.filter(({ group, plural, verbs }) => {
    const id = `${group}/${plural}`;
    if (seen.has(id) || !verbs.includes("list")) return false;
    seen.add(id);
    return true;
  });
}

/** What the arguments and `-f` name. Throws a CommandError with kubectl's message for what makes no sense. */
export async function targetsOf(
  call: Call,
  args: readonly string[] = call.args,
  options: TargetOptions = {},
): Promise<Target[]> {
  const { flags, command } = call;
  const given = "filename" in command.flags ? flags.list("filename") : [];
  if ("kustomize" in command.flags && flags.string("kustomize"))
    throw new CommandError("not supported yet: kustomize (-k)");
  if (given.length > 0) {
    if (args.length > 0)
      throw new CommandError(
        "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
      );
    return readFileObjects(call);
  }
  const access = await call.access();
  const everywhere = "all-namespaces" in command.flags && flags.bool("all-namespaces");
  const place = (mapping: Mapping) => (mapping.namespaced && !everywhere ? access.namespace : undefined);
  if (args.some((word) => word.includes("/"))) return namedTargets(call, args, place, everywhere);
  const [types, ...names] = args;
  if (types === undefined) {
    throw new CommandError(
      "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    );
  }
  const mappings = await resourcesOf(call, types);
  if (names.length === 0) return listTargets(call, mappings, place, options);
  if (selects(call)) throw new CommandError("name cannot be provided when a selector is specified");
  if (everywhere) throw new CommandError("a resource cannot be retrieved by name across all namespaces");
  return mappings.flatMap((mapping) => names.map((name) => ({ mapping, namespace: place(mapping), name })));
}

function selects({ command, flags }: Call): boolean {
  return (["selector", "field-selector"] as const).some((name) => name in command.flags && flags.string(name) !== "");
}

function listTargets(
  call: Call,
  mappings: Mapping[],
  place: (mapping: Mapping) => string | undefined,
  options: TargetOptions,
): Target[] {
  const all = "all" in call.command.flags && call.flags.bool("all");
  if (!options.allowLists && !all && !selects(call)) {
    throw new CommandError(options.noName ?? "resource(s) were provided, but no name was specified");
  }
  return mappings.map((mapping) => ({ mapping, namespace: place(mapping) }));
}

async function namedTargets(
  call: Call,
  args: readonly string[],
  place: (mapping: Mapping) => string | undefined,
  everywhere: boolean,
): Promise<Target[]> {
  const targets: Target[] = [];
  for (const word of args) {
    const parts = word.split("/");
    if (parts.length === 1) {
      throw new CommandError(
        "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
      );
    }
    if (parts.length !== 2) throw new CommandError("arguments in resource/name form may not have more than one slash");
    const [type, name] = parts as [string, string];
    if (type === "" || name === "")
      throw new CommandError("arguments in resource/name form must have a single resource and name");
    if (selects(call)) throw new CommandError("name cannot be provided when a selector is specified");
    if (everywhere) throw new CommandError("a resource cannot be retrieved by name across all namespaces");
    const mapping = await resourceOf(call, type);
    targets.push({ mapping, namespace: place(mapping), name });
  }
  return targets;
}

/** The list query that selectors ask for. */
export function listQuery(call: Call): Record<string, string | undefined> {
  const { command, flags } = call;
  return {
    labelSelector: "selector" in command.flags ? flags.string("selector") : undefined,
    fieldSelector: "field-selector" in command.flags ? flags.string("field-selector") : undefined,
  };
}

/** A list's refusal as the command line words it: with what was looked for. */
export function listRefusal(mapping: Mapping, query: object, error: unknown): unknown {
  if (!(error instanceof StatusError) || (error.reason !== "BadRequest" && error.reason !== "NotFound")) return error;
  const { labelSelector = "", fieldSelector = "" } = query as Record<string, string | undefined>;
  const resource = `${mapping.group}/${mapping.version}, Resource=${mapping.plural}`;
  const prefix =
    labelSelector || fieldSelector
      ? `Unable to find "${resource}" that match label selector "${labelSelector}", field selector "${fieldSelector}"`
      : `Unable to list "${resource}"`;
  return prefixed(prefix, error);
}

/** Every page of a list. */
export async function listAll(
  call: Call,
  target: Target,
  query = listQuery(call),
  pageSize = 500,
): Promise<{ items: any[]; resourceVersion: string }> {
  const rest = await call.rest();
  const items: any[] = [];
  let page: string | undefined;
  let resourceVersion = "";
  do {
    const list = await rest
      .json({
        path: pathOf(target.mapping, target.namespace),
        query: { ...query, limit: pageSize || undefined, continue: page },
      })
      .catch((error) => {
        throw listRefusal(target.mapping, query, error);
      });
    const kind = String(list.kind).replace(/List$/, "");
    for (const item of list.items ?? []) items.push({ apiVersion: list.apiVersion, kind, ...item });
    page = list.metadata?.continue;
    resourceVersion = list.metadata?.resourceVersion ?? "";
  } while (page);
  return { items, resourceVersion };
}

/** An object and where it belongs. */
export interface Found {
  mapping: Mapping;
  namespace: string | undefined;
  name: string;
  object: any;
  source?: string;
}

/** The objects that the arguments name, from the server. Failures of single ones are gathered in `errors`. */
export async function fetchTargets(call: Call, targets: readonly Target[], errors: unknown[] = []): Promise<Found[]> {
  const rest = await call.rest();
  const found: Found[] = [];
  for (const target of targets) {
    try {
      if (target.name === undefined) {
        for (const object of (await listAll(call, target)).items) {
          const { name, namespace } = object.metadata;
          found.push({ mapping: target.mapping, namespace, name, object });
        }
      } else {
        const object = await rest.json({ path: pathOf(target.mapping, target.namespace, target.name) });
        found.push({
          mapping: target.mapping,
          namespace: target.namespace,
          name: target.name,
          object,
          source: target.source,
        });
      }
    } catch (error) {
      errors.push(error);
    }
  }
  return found;
}
