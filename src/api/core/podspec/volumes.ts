// Volumes of a pod: each has a name and exactly one source.

import { duplicate, type FieldPath, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../../machinery/names.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import type { VolumeSources } from "./mounts.ts";
import type { Volume } from "./types.ts";
import { initiatorLettersMax, initiatorRule, volumeSourceChecks } from "./volumesources.ts";

/** Checks `volumes` and gives what the containers' mounts are checked against. */
export function checkVolumes(
  errors: Errors,
  volumes: readonly Volume[] | undefined,
  podName: string | undefined,
  path: FieldPath,
): VolumeSources {
  const sources = new Map<string, string>();
  for (const [index, volume] of (volumes ?? []).entries()) {
    const at = path.index(index);
    const before = errors.length;
    const source = checkSource(errors, volume, at);
    const { initiatorName, targetPortal = "" } = volume.iscsi ?? {};
    if (initiatorName !== undefined && `${volume.name ?? ""}:${targetPortal}`.length > initiatorLettersMax) {
      errors.push(invalid(at.child("name"), volume.name ?? "", initiatorRule));
    }
    if (volume.ephemeral && podName && volume.name) checkMadeClaim(errors, podName, volume.name, at);
    if (!volume.name) errors.push(required(at.child("name")));
    else addInvalid(errors, () => at.child("name"), volume.name, dns1123Label(volume.name));
    if (sources.has(volume.name)) errors.push(duplicate(at.child("name"), volume.name));
    // What is wrong in any way is not there to be mounted.
    if (errors.length === before) sources.set(volume.name, source ?? "");
    const claimName = volume.persistentVolumeClaim?.claimName;
    if (podName && volumes?.some(({ name, ephemeral }) => ephemeral && `${podName}-${name}` === claimName)) {
      const why = "must not reference a PVC that gets created for an ephemeral volume";
      errors.push(invalid(at.child("persistentVolumeClaim", "claimName"), claimName, why));
    }
  }
  return sources;
}

/** The claim that is made for an ephemeral volume is named after the pod and the volume. */
function checkMadeClaim(errors: Errors, podName: string, volume: string, path: FieldPath): void {
  const claim = `${podName}-${volume}`;
  for (const why of dns1123Subdomain(claim)) {
    errors.push(invalid(path.child("name"), volume, `PVC name ${JSON.stringify(claim)}: ${why}`));
  }
}

/** Names that the real server gives some sources where there is more than one; its own slips. */
const repeatedNames: Record<string, string> = { cephfs: "cephFS", downwardAPI: "downwarAPI" };

/** Names that the real server gives some sources where something in them is wrong. */
export const sourceNames: Record<string, string> = { gcePersistentDisk: "persistentDisk" };

function checkSource(errors: Errors, volume: Volume, path: FieldPath): string | undefined {
  let first: string | undefined;
  for (const name in volumeSourceChecks) {
    const source = volume[name];
    if (source === undefined || source === null) continue;
    if (first === undefined) {
      first = name;
      volumeSourceChecks[name]!(errors, source, path.child(sourceNames[name] ?? name), volume);
    } else {
      const at = path.child(repeatedNames[name] ?? name);
      errors.push(forbiddenField(at, "may not specify more than 1 volume type"));
    }
  }
  if (first === undefined) errors.push(required(path, "must specify a volume type"));
  return first;
}
