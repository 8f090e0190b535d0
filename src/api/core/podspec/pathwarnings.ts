// Files of one volume that are in each other's way: the same path twice, or one below another.

import type { Volume } from "./types.ts";

interface File {
  path: string;
  /** What puts it there, where several may; else empty. */
  from: string;
}

const show = ({ path, from }: File): string => (from ? `${JSON.stringify(path)} (${from})` : JSON.stringify(path));

const isBelow = (path: string, other: string): boolean => `${path}/`.startsWith(`${other}/`);

function* overlaps(files: readonly File[]): Iterable<string> {
  const before: File[] = [];
  for (const each of files) {
    const file = { ...each, path: each.path.replace(/\/$/, "") };
    for (const other of before) {
      if (file.path === "" || other.path === "") continue;
      if (isBelow(file.path, other.path) || isBelow(other.path, file.path)) yield `${show(file)} with ${show(other)}`;
    }
    before.push(file);
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

/** Overlapping files in the volumes that are made of keys and fields. */
export function* pathWarnings(volumes: readonly Volume[]): Iterable<string> {
  for (const { name, configMap, secret, downwardAPI, projected } of volumes) {
    const volume = `volume ${JSON.stringify(name ?? "")}`;
    const report = function* (kind: string, files: readonly File[]) {
      for (const text of overlaps(files)) yield `${volume} (${kind}): overlapping paths: ${text}`;
    };
    if (configMap) yield* report(`ConfigMap ${JSON.stringify(configMap.name ?? "")}`, itemFiles(configMap.items, ""));
    if (secret) yield* report(`Secret ${JSON.stringify(secret.secretName ?? "")}`, itemFiles(secret.items, ""));
    if (downwardAPI) yield* report("DownwardAPI", itemFiles(downwardAPI.items, ""));
    const all: File[] = [];
    for (const source of projected?.sources ?? []) {
      const files = projectedFiles(source);
      if (files) all.push(...files);
      else yield `${volume} (Projected) has no sources provided`;
    }
    yield* report("Projected", all);
  }
}
