import type { Machine, Self } from "../host/mod.ts";
import { parseFlags } from "./flags.ts";
import { networkOf, registryPort } from "./node.ts";
import { readIndex, writeRegistryHosts } from "./registry.ts";
import { type Places, placesOf, readSettings } from "./settings.ts";
import { clusterFlags, serverPid } from "./up.ts";

/**
 * `images load FILE` puts an image archive (OCI or Docker) into the cluster's runtime; `images load DIRECTORY` adds a
 * registry's directory to the cluster's own registry, from where its images are pulled. Gives the exit code.
 */
export async function images(args: readonly string[], machine: Machine, self: Self): Promise<number> {
  const flags = parseFlags(args, clusterFlags);
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
      throw new Error("not supported yet: images build");
    default:
      throw new Error(`unknown command ${JSON.stringify(command ?? "")} for "typernetes images": wanted load or build`);
  }
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
  const { machineAddress } = networkOf(settings);
  await writeRegistryHosts(places.registry, places.registryHosts, `http://${machineAddress}:${registryPort}`, disk);
  for (const name of Object.keys(added)) self.print(`${name}\n`);
  return 0;
}
