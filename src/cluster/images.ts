import type { Machine, Self } from "../host/mod.ts";
import { type FlagTable, type ParsedFlags, parseFlags } from "./flags.ts";
import { buildImage } from "./image_build.ts";
import { networkOf, registryPort } from "./node.ts";
import { readIndex, writeRegistryHosts } from "./registry.ts";
import { type Places, placesOf, readSettings, type Settings } from "./settings.ts";
import { clusterFlags, serverPid } from "./up.ts";

const imagesFlags: FlagTable = {
  ...clusterFlags,
  tag: { type: "string", help: "The name of the image to build" },
  file: { type: "string", help: "The Dockerfile; DIRECTORY/Dockerfile if absent" },
};

/**
 * `images load FILE` puts an image archive (OCI or Docker) into the cluster's runtime; `images load DIRECTORY` adds a
 * registry's directory to the cluster's own registry, from where its images are pulled. Gives the exit code.
 */
export async function images(args: readonly string[], machine: Machine, self: Self): Promise<number> {
  const flags = parseFlags(args, imagesFlags);
  const [command, file] = flags.rest;
  const places = placesOf(flags.string("name")!, flags.string("data-dir")!);
  switch (command) {
    case "load": {
      if (!file) throw new Error("images load: wanted a FILE or a DIRECTORY");
      if ((await machine.disk.stat(file))?.kind === "directory")
        return await addToRegistry(file, places, machine, self);
      if (!(await serverPid(places, machine)))
        throw new Error(`the cluster ${JSON.stringify(flags.string("name"))} is not running`);
      const { code, stdout, stderr } = await machine.exec.run("ctr", [
        "-a",
        places.socket,
        "-n",
        "k8s.io",
        "images",
        "import",
        file,
      ]);
      if (code !== 0) throw new Error(`images load ${file}: ${stderr.trim()}`);
      self.print(stdout);
      return 0;
    }
    case "build":
      return await build(flags, places, machine, self);
    default:
      throw new Error(`unknown command ${JSON.stringify(command ?? "")} for "typernetes images": wanted load or build`);
  }
}

/** `images build -t NAME [--file F] DIRECTORY`: an image from a Dockerfile, into the cluster's registry. */
async function build(flags: ParsedFlags, places: Places, machine: Machine, self: Self): Promise<number> {
  const [, directory] = flags.rest;
  const name = flags.string("tag");
  if (!directory || !name) throw new Error("images build: wanted -t NAME and a DIRECTORY");
  const settings = await readSettings(places, machine.disk);
  if (!settings) throw new Error(`no cluster in ${places.data}: "typernetes up" makes one`);
  await machine.disk.makeDirectory(places.registry);
  const dockerfile = flags.string("file") ?? `${directory}/Dockerfile`;
  const built = await buildImage({ directory, dockerfile, name, registry: places.registry }, machine);
  await tellRuntime(settings, places, machine);
  self.print(`${built.name}@${built.digest}\n`);
  return 0;
}

async function tellRuntime(settings: Settings, places: Places, machine: Machine): Promise<void> {
  const { machineAddress } = networkOf(settings);
  await writeRegistryHosts(
    places.registry,
    places.registryHosts,
    `http://${machineAddress}:${registryPort}`,
    machine.disk,
  );
}

/** Copies a registry's directory into the cluster's and tells containerd of the names that it serves. */
async function addToRegistry(from: string, places: Places, machine: Machine, self: Self): Promise<number> {
  const { disk, exec } = machine;
  const settings = await readSettings(places, disk);
  if (!settings) throw new Error(`no cluster in ${places.data}: "typernetes up" makes one`);
  const added = await readIndex(from, disk);
  if (Object.keys(added).length === 0)
    throw new Error(`images load ${from}: it has no index.json with names of images`);
  await disk.makeDirectory(`${places.registry}/blobs`);
  const { code, stderr } = await exec.run("cp", ["-r", "--no-clobber", `${from}/blobs/.`, `${places.registry}/blobs`]);
  if (code !== 0) throw new Error(`images load ${from}: ${stderr.trim()}`);
  const index = { ...(await readIndex(places.registry, disk)), ...added };
  await disk.replace(`${places.registry}/index.json`, JSON.stringify(index, null, 2));
  await tellRuntime(settings, places, machine);
  for (const name of Object.keys(added)) self.print(`${name}\n`);
  return 0;
}
