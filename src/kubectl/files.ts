// `-f`: objects from files, directories, URLs and standard input.

import type { Call } from "./command.ts";
import { findKind, type Mapping } from "./discovery.ts";
import { CommandError } from "./errors.ts";
import { absolute } from "./kubeconfig.ts";
import { readText } from "./rest.ts";

/** An object as a file has it, and where it belongs. */
export interface FileObject {
  object: any;
  mapping: Mapping;
  /** Undefined for kinds without namespaces. */
  namespace: string | undefined;
  name: string;
  /** The path as the user named it; `STDIN` for `-`. */
  source: string;
}

interface FileText {
  source: string;
  text: string;
}

const extensions = [".json", ".yaml", ".yml"];

/** The objects of `-f`, Lists taken apart, in order. Throws a CommandError for what cannot be read. */
export async function readFileObjects(call: Call, options: { allowEmpty?: boolean } = {}): Promise<FileObject[]> {
  if (call.flags.string("kustomize")) throw new CommandError("not supported yet: kustomize (-k)");
  const found: FileObject[] = [];
  const errors: unknown[] = [];
  for (const name of call.flags.list("filename")) {
    for (const file of await readNamed(call, name)) {
      const objects = await parseObjects(file);
      for (const object of objects) {
        try {
          found.push(await placeObject(call, object, file.source));
        } catch (error) {
          errors.push(error);
        }
      }
    }
  }
  if (errors.length > 0 && found.length === 0) throw errors[0];
  for (const error of errors) if (error) throw error;
  if (found.length === 0 && !options.allowEmpty) throw new CommandError(`no objects passed to ${verbOf(call)}`);
  return found;
}

function verbOf({ command }: Call): string {
  return command.path.split(" ")[0]!;
}

async function readNamed(call: Call, name: string): Promise<FileText[]> {
  if (name === "-") return [{ source: "STDIN", text: await readText(call.self.stdin()) }];
  if (/^https?:\/\//.test(name)) return [{ source: name, text: await download(call, name) }];
  const { disk } = call.machine;
  const path = absolute(name, call.self.cwd());
  const stat = await disk.stat(path);
  if (!stat) throw new CommandError(`the path "${name}" does not exist`);
  if (stat.kind !== "directory") return [{ source: name, text: await disk.readText(path) }];
  const files: FileText[] = [];
  for (const entry of (await disk.list(path)).sort()) {
    const inner = `${name.replace(/\/$/, "")}/${entry}`;
    const isDirectory = (await disk.stat(`${path}/${entry}`))?.kind === "directory";
    if (isDirectory && call.flags.bool("recursive")) files.push(...(await readNamed(call, inner)));
    else if (!isDirectory && extensions.some((extension) => entry.endsWith(extension)))
      files.push({ source: inner, text: await disk.readText(`${path}/${entry}`) });
  }
  if (files.length === 0)
    throw new CommandError(`error reading [${name}]: recognized file extensions are [${extensions.join(" ")}]`);
  return files;
}

async function download(call: Call, address: string): Promise<string> {
  const url = new URL(address);
  const http = call.machine.net.httpClient({ url: url.origin });
  const answer = await http.request({ method: "GET", url: url.pathname + url.search, headers: {} });
  const text = await readText(answer.body);
  http.close();
  if (answer.status !== 200)
    throw new CommandError(
      `unable to read URL "${address}", server reported ${answer.status}, status code=${answer.status}`,
    );
  return text;
}

/** The objects of one text. Throws a CommandError that names the source. */
export async function parseObjects({ source, text }: FileText): Promise<any[]> {
  const { scanYaml, YamlSyntaxError } = await import("../api/machinery/yaml.ts");
  let documents: unknown[];
  try {
    documents = scanYaml(text).documents;
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw new CommandError(`error parsing ${source}: error converting YAML to JSON: ${error.message}`);
  }
  return documents.filter((each) => each !== null && each !== undefined).flatMap((each) => flatten(each, source));
}

function flatten(object: any, source: string): any[] {
  if (typeof object !== "object" || Array.isArray(object)) {
    throw new CommandError(
      `unable to decode "${source}": json: cannot unmarshal ${Array.isArray(object) ? "array" : typeof object} into Go value of type struct`,
    );
  }
  if (Array.isArray(object.items) && /List$/.test(object.kind ?? ""))
    return object.items.flatMap((item: any) => flatten(item, source));
  if (!object.kind) {
    throw new CommandError(`unable to decode "${source}": Object 'Kind' is missing in '${JSON.stringify(object)}'`);
  }
  if (!object.apiVersion) {
    throw new CommandError(
      `unable to decode "${source}": Object 'apiVersion' is missing in '${JSON.stringify(object)}'`,
    );
  }
  return [object];
}

/** Finds an object's resource and namespace. Throws a CommandError with kubectl's message. */
export async function placeObject(call: Call, object: any, source: string): Promise<FileObject> {
  const discovery = await call.discovery();
  const mapping =
    findKind(await discovery.all(), object.apiVersion, object.kind) ??
    findKind(await discovery.all(true), object.apiVersion, object.kind);
  const { name = "", namespace: own } = object.metadata ?? {};
  if (!mapping) {
    throw new CommandError(
      `resource mapping not found for name: "${name}" namespace: "${own ?? ""}" from "${source}": no matches for kind "${object.kind}" in version "${object.apiVersion}"\nensure CRDs are installed first`,
    );
  }
  const access = await call.access();
  if (!mapping.namespaced) return { object, mapping, namespace: undefined, name, source };
  if (access.namespaceGiven && own && own !== access.namespace) {
    throw new CommandError(
      `the namespace from the provided object "${own}" does not match the namespace "${access.namespace}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  const namespace = own || access.namespace;
  const placed = own ? object : { ...object, metadata: { ...object.metadata, namespace } };
  return { object: placed, mapping, namespace, name, source };
}
