// Files of one volume that are in each other's way: the same path twice, or one below another.

import type { Volume } from "./types.ts";

interface File {
  path: string;
  /** What puts it there, where several may; else empty. */
  from: string;
}

const show = ({ path, from }: File): string => (from ? `${JSON.stringify(path)} (${from})` : JSON.stringify(path));

/** Whether a path is the other one, or below it. */
const isBelow = (path: string, other: string): boolean =>
  path.startsWith(other) && (path.length === other.length || path[other.length] === "/");

const withoutSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

function* overlaps(files: readonly File[]): Iterable<string> {
  const paths = files.map(({ path }) => withoutSlash(path));
  for (let index = 1; index < files.length; index++) {
    const path = paths[index]!;
    for (let before = 0; before < index && path !== ""; before++) {
      const other = paths[before]!;
      if (other === "" || !(isBelow(path, other) || isBelow(other, path))) continue;
      const [one, two] = [files[index]!, files[before]!];
      yield `${show({ ...one, path })} with ${show({ ...two, path: other })}`;
    }
  }
}

const itemFiles = (items: any[] | undefined, from: string): File[] =>
  (items ?? []).map(({ path }) => ({ path: path ?? "", from }));

/** The files of one source of a projected volume; undefined if it has none of the kinds of source. */
function projectedFiles(source: any): File[] | undefined {
  const { configMap, secret, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle } = source;
  if (configMap) return itemFiles(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? "")}`);
  if (secret) return itemFiles(secret.items, `Secret ${JSON.stringify(secret.name ?? "")}`);
  if (downwardAPI) return itemFiles(downwardAPI.items, "DownwardAPI");
  if (token) return [{ path: token.path ?? "", from: "ServiceAccountToken" }];
  if (bundle) {
    const name = JSON.stringify(bundle.name ?? bundle.signerName ?? "");
    return [{ path: bundle.path ?? "", from: `ClusterTrustBundle ${name}` }];
  }
  return source.podCertificate ? [] : undefined;
}

const quoted = (name: string | undefined): string => JSON.stringify(name ?? "");

/** The sources of a volume that are made of keys and fields: what it is called in messages, and its files. */
function sourceOf({
  configMap,
  secret,
  downwardAPI,
}: Volume): [kind: () => string, files: readonly File[]] | undefined {
  if (configMap) return [() => `ConfigMap ${quoted(configMap.name)}`, itemFiles(configMap.items, "")];
  if (secret) return [() => `Secret ${quoted(secret.secretName)}`, itemFiles(secret.items, "")];
  if (downwardAPI) return [() => "DownwardAPI", itemFiles(downwardAPI.items, "")];
  return undefined;
}

/** Overlapping files in the volumes that are made of keys and fields. */
export function* pathWarnings(volumes: readonly Volume[]): Iterable<string> {
  for (const volume of volumes) {
    const source = sourceOf(volume);
    const about = (kind: string) => `volume ${quoted(volume.name)} (${kind})`;
    if (source) for (const text of overlaps(source[1])) yield `${about(source[0]())}: overlapping paths: ${text}`;
    if (!volume.projected) continue;
    const all: File[] = [];
    for (const each of volume.projected.sources ?? []) {
      const files = projectedFiles(each);
      if (files) all.push(...files);
      else yield `${about("Projected")} has no sources provided`;
    }
    for (const text of overlaps(all)) yield `${about("Projected")}: overlapping paths: ${text}`;
  }
}
