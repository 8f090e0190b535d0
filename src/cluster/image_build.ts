import type { Disk, Exec } from "../base/world.ts";
import { type ImageConfig, parseDockerfile, type Recipe } from "./dockerfile.ts";
import { readIndex } from "./registry.ts";

const types = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

interface Base {
  layers: Blob[];
  diffIds: string[];
  config: ImageConfig;
}

/** `nginx` → `docker.io/library/nginx:latest`: an image's name in full, as runtimes complete it. */
export function fullName(name: string): string {
  const slash = name.indexOf("/");
  const host = slash > 0 ? name.slice(0, slash) : "";
  const isHost = host === "localhost" || host.includes(".") || host.includes(":");
  const path = isHost ? name : `docker.io/${slash > 0 ? name : `library/${name}`}`;
  return /:[^/]*$/.test(path) ? path : `${path}:latest`;
}

/** Builds an image from a directory's Dockerfile into a registry's directory. Gives its full name and digest. */
export async function buildImage(
  options: { directory: string; dockerfile: string; name: string; registry: string },
  world: { disk: Disk; exec: Exec },
): Promise<{ name: string; digest: string }> {
  const { disk } = world;
  const { directory, registry } = options;
  const recipe = parseDockerfile(await disk.readText(options.dockerfile));
  const base = await baseOf(recipe, registry, disk);
  const layers = [...base.layers];
  const diffIds = [...base.diffIds];
  if (recipe.copies.length > 0) {
    const { layer, diffId } = await copiedLayer(recipe, directory, registry, world);
    layers.push(layer);
    diffIds.push(diffId);
  }
  const config = mergeConfig(base.config, recipe.config);
  const document = { architecture: "amd64", os: "linux", config, rootfs: { type: "layers", diff_ids: diffIds } };
  const configBlob = await putBlob(registry, types.config, new TextEncoder().encode(JSON.stringify(document)), disk);
  const manifest = { schemaVersion: 2, mediaType: types.manifest, config: configBlob, layers };
  const { digest } = await putBlob(registry, types.manifest, new TextEncoder().encode(JSON.stringify(manifest)), disk);
  const name = fullName(options.name);
  await disk.replace(
    `${registry}/index.json`,
    JSON.stringify({ ...(await readIndex(registry, disk)), [name]: digest }, null, 2),
  );
  return { name, digest };
}

async function baseOf(recipe: Recipe, registry: string, disk: Disk): Promise<Base> {
  if (recipe.from === "scratch") return { layers: [], diffIds: [], config: {} };
  const name = fullName(recipe.from);
  const digest = (await readIndex(registry, disk))[name];
  if (!digest)
    throw new Error(
      `FROM ${recipe.from}: the cluster's registry does not have ${name}; not supported yet: images of other registries`,
    );
  const manifest = JSON.parse(await disk.readText(blobPath(registry, digest)));
  const document = JSON.parse(await disk.readText(blobPath(registry, manifest.config.digest)));
  return { layers: manifest.layers, diffIds: document.rootfs.diff_ids, config: document.config ?? {} };
}

/** The base's configuration under the recipe's own: a new entry point forgets the base's command. */
function mergeConfig(base: ImageConfig, own: ImageConfig): ImageConfig {
  const names = new Set((own.Env ?? []).map((each) => each.split("=")[0]));
  const env = [...(base.Env ?? []).filter((each) => !names.has(each.split("=")[0])), ...(own.Env ?? [])];
  const command = own.Cmd ?? (own.Entrypoint ? undefined : base.Cmd);
  return { ...base, ...own, ...(env.length > 0 ? { Env: env } : {}), Cmd: command };
}

async function copiedLayer(
  recipe: Recipe,
  directory: string,
  registry: string,
  { disk, exec }: { disk: Disk; exec: Exec },
): Promise<{ layer: Blob; diffId: string }> {
  const root = `${registry}/.build`;
  await disk.remove(root, { recursive: true });
  for (const { sources, target } of recipe.copies) {
    for (const source of sources) {
      const from = await disk.realPath(`${directory}/${source}`);
      const inside = await disk.realPath(directory);
      if (from !== inside && !from.startsWith(`${inside}/`))
        throw new Error(`COPY ${source}: it is outside of the build's directory`);
      const isDirectory = (await disk.stat(from))?.kind === "directory";
      const intoDirectory = target.endsWith("/") || sources.length > 1 || isDirectory;
      const to = `${root}${target}`;
      await disk.makeDirectory(intoDirectory ? to : to.slice(0, to.lastIndexOf("/")));
      await must(exec, "cp", ["-a", isDirectory ? `${from}/.` : from, to]);
    }
  }
  const tar = `${registry}/.layer.tar`;
  await must(exec, "tar", [
    "--sort=name",
    "--mtime=@1700000000",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "-cf",
    tar,
    "-C",
    root,
    ".",
  ]);
  const diffId = await digestOf(await disk.read(tar));
  await must(exec, "gzip", ["-nf", tar]);
  const layer = await putBlob(registry, types.layer, await disk.read(`${tar}.gz`), disk);
  await disk.remove(`${tar}.gz`);
  await disk.remove(root, { recursive: true });
  return { layer, diffId };
}

async function must(exec: Exec, program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await exec.run(program, args);
  if (code !== 0) throw new Error(`${program}: ${stderr.trim()}`);
}

function blobPath(registry: string, digest: string): string {
  return `${registry}/blobs/sha256/${digest.replace("sha256:", "")}`;
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function putBlob(registry: string, mediaType: string, bytes: Uint8Array, disk: Disk): Promise<Blob> {
  const digest = await digestOf(bytes);
  await disk.makeDirectory(`${registry}/blobs/sha256`);
  await disk.replace(blobPath(registry, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}
