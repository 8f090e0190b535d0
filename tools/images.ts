// Builds the stand-in images once and serves them to the running cluster, under the names in the notes.

import { join } from "node:path";
import { buildImages } from "../images/build.ts";
import { must, typernetes } from "./run.ts";
import { root } from "./sources.ts";

/** Builds what is missing and gives the directory that holds it. */
export function standIns(): string {
  const cache = join(root, ".cache");
  const directory = join(cache, "images");
  buildImages(directory, cache);
  return directory;
}

if (import.meta.main) must(typernetes, "images", "load", standIns(), ...process.argv.slice(2));
