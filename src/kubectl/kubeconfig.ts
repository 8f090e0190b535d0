// Kubeconfig files: the list of KUBECONFIG merged, flags on top, the pod's own account as the last resort.

import type { HttpTarget } from "../base/http.ts";
import type { Disk } from "../base/world.ts";
import { BareError, CommandError } from "./errors.ts";
import type { Flags } from "./flags.ts";
import type { Machine, Self } from "./world.ts";

/** A kubeconfig: entries by name, each with the file that it came from. */
export interface Config {
  currentContext: string;
  clusters: Map<string, Entry>;
  users: Map<string, Entry>;
  contexts: Map<string, Entry>;
  preferences: Record<string, unknown>;
  /** Files that were read, in order. */
  files: string[];
}

export interface Entry {
  value: Record<string, any>;
  /** Where it stands; relative paths in it are taken from there. */
  file: string;
}

/** How to reach the API and as whom. */
export interface Access extends HttpTarget {
  headers: Record<string, string>;
  namespace: string;
  /** Whether a flag said the namespace. */
  namespaceGiven: boolean;
}

/** The files that count: `--kubeconfig`, or KUBECONFIG's list, or `~/.kube/config`. */
export function configPaths(flags: Flags, self: Self): { paths: string[]; explicit: boolean } {
  const explicit = flags.string("kubeconfig");
  if (explicit) return { paths: [absolute(explicit, self.cwd())], explicit: true };
  const listed = (self.env.KUBECONFIG ?? "").split(":").filter((path) => path !== "");
  if (listed.length > 0) return { paths: listed.map((path) => absolute(path, self.cwd())), explicit: false };
  return { paths: [`${self.env.HOME ?? "/root"}/.kube/config`], explicit: false };
}

/** `path` if it is absolute, else below `directory`. */
export function absolute(path: string, directory: string): string {
  return path.startsWith("/") ? path : `${directory}/${path}`;
}

/** Reads and merges kubeconfigs: of entries with one name the first file's counts. Throws a CommandError for a bad file. */
export async function loadConfig(flags: Flags, { disk }: Machine, self: Self): Promise<Config> {
  const { paths, explicit } = configPaths(flags, self);
  const config = emptyConfig();
  for (const path of paths) {
    const text = await disk.readText(path).catch((error: { code?: string }) => {
      if (error.code !== "ENOENT")
        throw new CommandError(`error loading config file "${path}": ${(error as unknown as Error).message}`);
      if (explicit) throw new CommandError(`stat ${path}: no such file or directory`);
      return undefined;
    });
    if (text !== undefined) await mergeInto(config, text, path);
  }
  return config;
}

/** A config without anything. */
export function emptyConfig(): Config {
  return { currentContext: "", clusters: new Map(), users: new Map(), contexts: new Map(), preferences: {}, files: [] };
}

/** Adds one file's text to a config. */
export async function mergeInto(config: Config, text: string, file: string): Promise<void> {
  const { parseYaml } = await import("../api/machinery/yaml.ts");
  let value: any;
  try {
    value = parseYaml(text).value;
  } catch (error) {
    throw new CommandError(`error loading config file "${file}": ${(error as Error).message}`);
  }
  config.files.push(file);
  if (value === null || typeof value !== "object") return;
  config.currentContext ||= value["current-context"] ?? "";
  for (const [plural, singular] of [
    ["clusters", "cluster"],
    ["users", "user"],
    ["contexts", "context"],
  ] as const) {
    for (const each of value[plural] ?? []) {
      if (!config[plural].has(each.name)) config[plural].set(each.name, { value: each[singular] ?? {}, file });
    }
  }
}

/** What the flags and the config say about the server, the user and the namespace. Throws a CommandError. */
export async function findAccess(config: Config, flags: Flags, { disk }: Machine, self: Self): Promise<Access> {
  const contextName = flags.string("context") || config.currentContext;
  const context = config.contexts.get(contextName)?.value;
  if (flags.string("context") && !context)
    throw new BareError(`Error in configuration: context was not found for specified context: ${contextName}`);
  const clusterName = flags.string("cluster") || context?.cluster;
  const cluster = clusterName ? config.clusters.get(clusterName) : undefined;
  if (clusterName && !cluster && flags.string("cluster"))
    throw new CommandError(`cluster "${clusterName}" does not exist`);
  const userName = flags.string("user") || context?.user;
  const user = userName ? config.users.get(userName) : undefined;
  if (flags.string("user") && !user) throw new CommandError(`auth info "${userName}" does not exist`);
  const server = flags.string("server") || cluster?.value.server;
  if (!server) {
    const inCluster = await podAccess(flags, disk, self);
    if (inCluster) return inCluster;
  }
  const namespace = flags.string("namespace") || context?.namespace || "default";
  return {
    url: /^https?:\/\//.test(server ?? "")
      ? server
      : server
        ? `https://${server}`.replace(/^https:\/\/(localhost|127\.0\.0\.1):8080$/, "http://$1:8080")
        : "http://localhost:8080",
    ...(await trust(cluster, flags, disk, self)),
    ...(await identity(user, flags, disk, self)),
    headers: { ...(await credentials(user, flags, disk, self)), ...impersonation(flags) },
    namespace,
    namespaceGiven: flags.given("namespace"),
  };
}

async function trust(cluster: Entry | undefined, flags: Flags, disk: Disk, self: Self): Promise<Partial<HttpTarget>> {
  const value = cluster?.value ?? {};
  const insecure = flags.given("insecure-skip-tls-verify")
    ? flags.bool("insecure-skip-tls-verify")
    : Boolean(value["insecure-skip-tls-verify"]);
  const flagged = flags.string("certificate-authority");
  const ca = flagged
    ? await readFile(disk, absolute(flagged, self.cwd()), "certificate-authority", "")
    : await dataOrFile(cluster, "certificate-authority", disk);
  const serverName = flags.string("tls-server-name") || value["tls-server-name"];
  return { ...(ca && !insecure ? { ca } : {}), insecureSkipVerify: insecure, ...(serverName ? { serverName } : {}) };
}

async function identity(user: Entry | undefined, flags: Flags, disk: Disk, self: Self): Promise<Partial<HttpTarget>> {
  const flagged = async (name: string) =>
    flags.string(name) ? await disk.readText(absolute(flags.string(name), self.cwd())) : undefined;
  const certificate = (await flagged("client-certificate")) ?? (await dataOrFile(user, "client-certificate", disk));
  const key = (await flagged("client-key")) ?? (await dataOrFile(user, "client-key", disk));
  return certificate && key ? { identity: { certificate, key } } : {};
}

async function credentials(
  user: Entry | undefined,
  flags: Flags,
  disk: Disk,
  self: Self,
): Promise<Record<string, string>> {
  const value = user?.value ?? {};
  if (value.exec) throw new CommandError("not supported yet: users with exec credential plugins");
  const tokenFile = value.tokenFile ? absolute(value.tokenFile, directoryOf(user!.file)) : undefined;
  const token = flags.string("token") || (tokenFile ? (await disk.readText(tokenFile)).trim() : value.token);
  if (token) return { authorization: `Bearer ${token}` };
  const username = flags.string("username") || value.username;
  const password = flags.string("password") || value.password || "";
  void self;
  return username ? { authorization: `Basic ${btoa(`${username}:${password}`)}` } : {};
}

function impersonation(flags: Flags): Record<string, string> {
  const headers: Record<string, string> = {};
  if (flags.string("as")) headers["impersonate-user"] = flags.string("as");
  if (flags.string("as-uid")) headers["impersonate-uid"] = flags.string("as-uid");
  const groups = flags.list("as-group");
  if (groups.length > 0) headers["impersonate-group"] = groups as unknown as string;
  for (const pair of flags.list("as-user-extra")) {
    const equals = pair.indexOf("=");
    const name = `impersonate-extra-${encodeURIComponent(pair.slice(0, equals).toLowerCase())}`;
    headers[name] = [...(headers[name] ?? []), pair.slice(equals + 1)] as unknown as string;
  }
  return headers;
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

async function dataOrFile(entry: Entry | undefined, field: string, disk: Disk): Promise<string | undefined> {
  const data = entry?.value[`${field}-data`];
  if (data) return new TextDecoder().decode(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
  const path = entry?.value[field];
  return path ? readFile(disk, absolute(path, directoryOf(entry!.file)), field, "") : undefined;
}

async function readFile(disk: Disk, path: string, field: string, name: string): Promise<string> {
  return disk.readText(path).catch(() => {
    throw new CommandError(
      `unable to read ${field} ${path} for ${name || "cluster"} due to open ${path}: no such file or directory`,
    );
  });
}

const accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Inside a pod: its service account. */
async function podAccess(flags: Flags, disk: Disk, self: Self): Promise<Access | undefined> {
  const host = self.env.KUBERNETES_SERVICE_HOST;
  const port = self.env.KUBERNETES_SERVICE_PORT;
  if (!host || !port || !(await disk.stat(`${accountDirectory}/token`))) return undefined;
  const token = (await disk.readText(`${accountDirectory}/token`)).trim();
  const own = await disk.readText(`${accountDirectory}/namespace`).catch(() => "default");
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: await disk.readText(`${accountDirectory}/ca.crt`),
    headers: { authorization: `Bearer ${flags.string("token") || token}`, ...impersonation(flags) },
    namespace: flags.string("namespace") || own.trim() || "default",
    namespaceGiven: flags.given("namespace"),
  };
}
