// Volumes of a pod: each has a name and exactly one source.

import { duplicate, type FieldPath, forbiddenField, required } from "../../machinery/field.ts";
import { dns1123Label } from "../../machinery/names.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import type { VolumeSources } from "./mounts.ts";
import type { Volume } from "./types.ts";
import { volumeSourceChecks } from "./volumesources.ts";

/** Checks `volumes` and gives what the containers' mounts are checked against. */
export function checkVolumes(errors: Errors, volumes: readonly Volume[] | undefined, path: FieldPath): VolumeSources {
  const sources = new Map<string, string>();
  for (const [index, volume] of (volumes ?? []).entries()) {
    const at = path.index(index);
    const source = checkSource(errors, volume, at);
    if (!volume.name) {
      errors.push(required(at.child("name")));
      continue;
    }
    const messages = dns1123Label(volume.name);
    addInvalid(errors, () => at.child("name"), volume.name, messages);
    if (sources.has(volume.name)) errors.push(duplicate(at.child("name"), volume.name));
    else if (messages.length === 0) sources.set(volume.name, source ?? "");
  }
  return sources;
}

function checkSource(errors: Errors, volume: Volume, path: FieldPath): string | undefined {
  let first: string | undefined;
  for (const name in volumeSourceChecks) {
    const source = volume[name];
    if (source === undefined || source === null) continue;
    if (first === undefined) {
      first = name;
      volumeSourceChecks[name]!(errors, source, path.child(name), volume);
    } else {
      errors.push(forbiddenField(path.child(name), "may not specify more than 1 volume type"));
    }
  }
  if (first === undefined) errors.push(required(path, "must specify a volume type"));
  return first;
}
