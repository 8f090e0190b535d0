import { parseYaml } from "../api/machinery/yaml.ts";
import type { Disk } from "../base/world.ts";
import type { HttpAccess } from "./transport.ts";

/** A kubeconfig file as it stands on disk. */
export interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  preferences?: object;
  "current-context"?: string;
  clusters?: { name: string; cluster: Record<string, any> }[];
  users?: { name: string; user: Record<string, any> }[];
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
}

/** Parses kubeconfig text (YAML or JSON). Throws for text that is no map. */
export function parseKubeconfig(text: string): Kubeconfig {
  const { value } = parseYaml(text);
  if (value !== null && (typeof value !== "object" || Array.isArray(value)))
    throw new Error("kubeconfig: wanted a map");
  return (value ?? {}) as Kubeconfig;
}

/**
 * What a context of a kubeconfig says about how to reach the API. Certificates in files are read; relative paths are
 * taken from `directory`. Throws when the context, cluster or user is missing.
 */
export async function accessFrom(
  config: Kubeconfig,
  disk: Disk,
  directory: string,
  contextName = config["current-context"] ?? "",
): Promise<HttpAccess & { namespace?: string }> {
  const context = config.contexts?.find((each) => each.name === contextName)?.context;
  if (!context) throw new Error(`context ${JSON.stringify(contextName)} does not exist`);
  const cluster = config.clusters?.find((each) => each.name === context.cluster)?.cluster;
  if (!cluster) throw new Error(`cluster ${JSON.stringify(context.cluster)} does not exist`);
  const user = config.users?.find((each) => each.name === context.user)?.user ?? {};
  const file = async (data: unknown, path: unknown): Promise<string | undefined> => {
    if (typeof data === "string" && data !== "")
      return new TextDecoder().decode(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
    if (typeof path !== "string" || path === "") return undefined;
    return disk.readText(path.startsWith("/") ? path : `${directory}/${path}`);
  };
  const certificate = await file(user["client-certificate-data"], user["client-certificate"]);
  const key = await file(user["client-key-data"], user["client-key"]);
  const token: string | undefined =
    user.token ?? (user.tokenFile ? (await disk.readText(user.tokenFile)).trim() : undefined);
  const basic = user.username ? `Basic ${btoa(`${user.username}:${user.password ?? ""}`)}` : undefined;
  const authorization = token ? `Bearer ${token}` : basic;
  return {
    url: cluster.server,
    ca: await file(cluster["certificate-authority-data"], cluster["certificate-authority"]),
    insecureSkipVerify: cluster["insecure-skip-tls-verify"],
    serverName: cluster["tls-server-name"],
    ...(certificate && key ? { identity: { certificate, key } } : {}),
    ...(authorization ? { headers: { authorization } } : {}),
    namespace: context.namespace,
  };
}
