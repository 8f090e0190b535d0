// What extension servers add to discovery and OpenAPI: pure functions of their documents.

import type { ApiService } from "./api_services.ts";

/** One APIService with what its server said last. */
export interface RemoteVersion {
  service: ApiService;
  /** The server's APIResourceList; undefined if it never answered. */
  resources?: any;
  available: boolean;
}

/** Groups in the order of discovery, their versions with the best first. */
export function remoteGroups(versions: readonly RemoteVersion[]): { group: string; versions: RemoteVersion[] }[] {
  const groups = new Map<string, RemoteVersion[]>();
  for (const version of versions) {
    const group = version.service.spec.group ?? "";
    groups.set(group, [...(groups.get(group) ?? []), version]);
  }
  const priority = (list: readonly RemoteVersion[]) =>
    Math.max(...list.map(({ service }) => service.spec.groupPriorityMinimum));
  const byVersion = (a: RemoteVersion, b: RemoteVersion) =>
    b.service.spec.versionPriority - a.service.spec.versionPriority ||
    (a.service.spec.version < b.service.spec.version ? -1 : 1);
  return [...groups]
    .sort(([a, x], [b, y]) => priority(y) - priority(x) || (a < b ? -1 : 1))
    .map(([group, list]) => ({ group, versions: list.sort(byVersion) }));
}

/** A group as `/apis` lists it. */
export function groupEntry(group: string, versions: readonly RemoteVersion[]): object {
  const entries = versions.map(({ service }) => {
    const { version } = service.spec;
    return { groupVersion: `${group}/${version}`, version };
  });
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** A group as aggregated discovery lists it. What could not be asked lately is `Stale`. */
export function aggregatedEntry(group: string, versions: readonly RemoteVersion[]): object {
  return {
    metadata: { name: group },
    versions: versions.map(({ service, resources, available }) => ({
      version: service.spec.version,
      ...(resources ? { resources: aggregatedResources(resources, group, service.spec.version) } : {}),
      freshness: available ? "Current" : "Stale",
    })),
  };
}

/** The resources of an APIResourceList with their subresources below them. */
function aggregatedResources(list: any, group: string, version: string): object[] {
  const all: any[] = Array.isArray(list.resources) ? list.resources : [];
  const kindOf = (each: any) => ({
    group: each.group ?? group,
    version: each.version ?? version,
    kind: each.kind ?? "",
  });
  return all
    .filter((each) => typeof each?.name === "string" && !each.name.includes("/"))
    .map((each) => {
      const below = all.filter((other) => typeof other?.name === "string" && other.name.startsWith(`${each.name}/`));
      return {
        resource: each.name,
        responseKind: kindOf(each),
        scope: each.namespaced ? "Namespaced" : "Cluster",
        singularResource: each.singularName ?? "",
        verbs: each.verbs ?? [],
        ...(each.shortNames?.length ? { shortNames: each.shortNames } : {}),
        ...(each.categories?.length ? { categories: each.categories } : {}),
        ...(below.length > 0
          ? {
              subresources: below.map((other) => ({
                subresource: other.name.slice(each.name.length + 1),
                responseKind: kindOf(other),
                verbs: other.verbs ?? [],
              })),
            }
          : {}),
      };
    });
}

/** Version 2 documents in one: of the others only what is below their APIServices' paths. */
export function mergeOpenApiV2(own: any, others: readonly { document: any; prefixes: readonly string[] }[]): any {
  const merged = {
    ...own,
    paths: { ...own.paths },
    definitions: { ...own.definitions },
    parameters: { ...own.parameters },
  };
  for (const { document, prefixes } of others) {
    if (typeof document?.paths !== "object") continue;
    const renamed = renameClashes(document, merged);
    for (const [path, item] of Object.entries(renamed.paths as object))
      if (prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) merged.paths[path] ??= item;
    for (const [name, schema] of Object.entries(renamed.definitions ?? {})) merged.definitions[name] ??= schema;
    for (const [name, parameter] of Object.entries(renamed.parameters ?? {})) merged.parameters[name] ??= parameter;
  }
  return merged;
}

/** A document whose definitions have other names where ours say something else under the same name. */
function renameClashes(document: any, own: any): any {
  const clashes = new Map<string, string>();
  for (const [name, schema] of Object.entries(document.definitions ?? {})) {
    const ours = own.definitions[name];
    if (
      ours === undefined ||
      JSON.stringify(ours) === JSON.stringify(schema) ||
      name.startsWith("io.k8s.apimachinery.")
    )
      continue;
    let number = 2;
    while (own.definitions[`${name}_v${number}`]) number++;
    clashes.set(name, `${name}_v${number}`);
  }
  if (clashes.size === 0) return document;
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        const target =
          key === "$ref" && typeof each === "string" ? clashes.get(each.replace("#/definitions/", "")) : undefined;
        return [key, target ? `#/definitions/${target}` : rename(each)];
      }),
    );
  };
  const next = rename(document) as any;
  next.definitions = Object.fromEntries(
    Object.entries(next.definitions).map(([name, schema]) => [clashes.get(name) ?? name, schema]),
  );
  return next;
}
