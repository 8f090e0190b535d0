// Builds the stand-in images once and serves them to the running cluster, under the names in the notes.

import { join } from "node:path";
import { buildImages } from "../images/build.ts";
import { baseImages } from "../images/catalog.ts";
import { must, typernetes } from "./run.ts";
import { root } from "./sources.ts";

const cache = join(root, ".cache");

/** Builds all stand-ins that are missing and gives the directory that holds them. */
export function standIns(): string {
  const directory = join(cache, "images");
  buildImages(directory, cache);
  return directory;
}

/** Builds only what a cluster and the example need: nothing of anybody else's name but the sandbox's image. */
export function ownImages(): string {
  const directory = join(cache, "base");
  buildImages(directory, cache, baseImages);
  return directory;
}

if (import.meta.main) must(typernetes, "images", "load", standIns(), ...process.argv.slice(2));
