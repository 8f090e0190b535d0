import type { HttpAnswer, HttpHandler } from "../base/http.ts";
import type { Disk } from "../base/world.ts";

/** Manifests by what they are, as clients ask for them. */
const manifestType = "application/vnd.oci.image.manifest.v1+json";

const notFound: HttpAnswer = {
  status: 404,
  headers: { "content-type": "application/json" },
  body: new TextEncoder().encode('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'),
};

/**
 * A read-only image registry over a directory: `index.json` (full name → manifest digest) and `blobs/sha256/`. It serves
 * any registry's names: the one asked for comes as `?ns=docker.io`, as containerd's mirrors are asked.
 */
export function registryHandler(directory: string, disk: Disk): HttpHandler {
  return async ({ method, url }) => {
    const { pathname, searchParams } = new URL(url, "http://registry");
    if (method !== "GET" && method !== "HEAD") return { status: 405, headers: {} };
    if (pathname === "/v2/" || pathname === "/v2") return { status: 200, headers: {} };
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(pathname);
    if (!match) return notFound;
    const [, repository, kind, reference] = match as unknown as [string, string, string, string];
    const host = searchParams.get("ns");
    const name = host ? `${host}/${repository}` : repository;
    const digest = reference.startsWith("sha256:")
      ? reference
      : kind === "manifests"
        ? await digestOf(directory, `${name}:${reference}`, disk)
        : undefined;
    const path =
      digest && /^sha256:[0-9a-f]{64}$/.test(digest) ? `${directory}/blobs/sha256/${digest.slice(7)}` : undefined;
    const stat = path ? await disk.stat(path) : undefined;
    if (!path || !stat) return notFound;
    const headers = {
      "content-type": kind === "manifests" ? manifestType : "application/octet-stream",
      "docker-content-digest": digest!,
      "content-length": String(stat.size),
    };
    return { status: 200, headers, ...(method === "GET" ? { body: await disk.read(path) } : {}) };
  };
}

async function digestOf(directory: string, name: string, disk: Disk): Promise<string | undefined> {
  return (await readIndex(directory, disk))[name];
}

/** The images that a registry's directory holds. */
export async function readIndex(directory: string, disk: Disk): Promise<Record<string, string>> {
  const path = `${directory}/index.json`;
  if (!(await disk.stat(path))) return {};
  return JSON.parse(await disk.readText(path)) as Record<string, string>;
}

/**
 * Tells containerd to ask the cluster's registry first for images of every registry that the index names. A registry that
 * can be reached is asked for what is not there.
 */
export async function writeRegistryHosts(registry: string, hosts: string, address: string, disk: Disk): Promise<void> {
  const names = new Set(Object.keys(await readIndex(registry, disk)).map((name) => name.slice(0, name.indexOf("/"))));
  for (const name of names) {
    const lines = [`[host."${address}"]`, '  capabilities = ["pull", "resolve"]', ""];
    await disk.makeDirectory(`${hosts}/${name}`);
    await disk.replace(`${hosts}/${name}/hosts.toml`, lines.join("\n"));
  }
}
