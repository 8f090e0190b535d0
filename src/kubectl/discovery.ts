// Which resources a server has: aggregated discovery in two requests, kept on disk for a while.

import type { Rest } from "./rest.ts";
import type { Machine } from "./world.ts";

export interface Mapping {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  verbs: string[];
  subresources: string[];
}

export interface Discovered {
  /** `v1`, `apps/v1`, … in the server's order, the preferred version of a group first. */
  groupVersions: string[];
  resources: Mapping[];
}

/** How long what was discovered counts, in milliseconds. What is not found is asked again at once. */
const discoveredMsMax = 10 * 60_000;

const accept =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

export interface Discovery {
  /** What the server has; from disk if that is young enough and `fresh` is not set. */
  all(fresh?: boolean): Promise<Discovered>;
}

/** Discovery with a cache file. A cache that cannot be written is no failure. */
export function openDiscovery(rest: Rest, { disk, clock }: Machine, cacheFile: string): Discovery {
  let known: Promise<Discovered> | undefined;
  let isFresh = false;

  async function read(): Promise<Discovered> {
    try {
      const cached = JSON.parse(await disk.readText(cacheFile)) as Discovered & { at: number };
      if (clock.now() - cached.at < discoveredMsMax) return cached;
    } catch {
      // None yet.
    }
    return ask();
  }

  async function ask(): Promise<Discovered> {
    isFresh = true;
    const found = await discover(rest);
    await disk.makeDirectory(cacheFile.slice(0, cacheFile.lastIndexOf("/"))).catch(() => {});
    await disk.replace(cacheFile, JSON.stringify({ at: clock.now(), ...found })).catch(() => {});
    return found;
  }

  return {
    all(fresh = false) {
      if (known === undefined || (fresh && !isFresh)) known = fresh ? ask() : read();
      return known;
    },
  };
}

async function discover(rest: Rest): Promise<Discovered> {
  const [core, groups] = await Promise.all([rest.json({ path: "/api", accept }), rest.json({ path: "/apis", accept })]);
  if (core.kind !== "APIGroupDiscoveryList" || groups.kind !== "APIGroupDiscoveryList")
    return discoverLegacy(rest, core, groups);
  const found: Discovered = { groupVersions: [], resources: [] };
  for (const item of [...core.items, ...groups.items]) {
    const group: string = item.metadata?.name ?? "";
    for (const { version, resources = [] } of item.versions) {
      found.groupVersions.push(group ? `${group}/${version}` : version);
      for (const each of resources) {
        found.resources.push({
          group,
          version,
          kind: each.responseKind?.kind ?? "",
          plural: each.resource,
          singular: each.singularResource ?? "",
          namespaced: each.scope === "Namespaced",
          shortNames: each.shortNames ?? [],
          categories: each.categories ?? [],
          verbs: each.verbs ?? [],
          subresources: (each.subresources ?? []).map((sub: { subresource: string }) => sub.subresource),
        });
      }
    }
  }
  return found;
}

/** Servers before aggregated discovery: one request for each version. */
async function discoverLegacy(rest: Rest, core: any, groups: any): Promise<Discovered> {
  const versions: { path: string; groupVersion: string }[] = (core.versions ?? []).map((version: string) => ({
    path: `/api/${version}`,
    groupVersion: version,
  }));
  for (const group of groups.groups ?? []) {
    const preferred = group.preferredVersion?.groupVersion;
    const sorted = [...group.versions].sort(
      (a: any, b: any) => Number(b.groupVersion === preferred) - Number(a.groupVersion === preferred),
    );
    for (const { groupVersion } of sorted) versions.push({ path: `/apis/${groupVersion}`, groupVersion });
  }
  const lists = await Promise.all(versions.map(({ path }) => rest.json({ path }).catch(() => ({ resources: [] }))));
  return {
    groupVersions: versions.map(({ groupVersion }) => groupVersion),
    resources: versions.flatMap(({ groupVersion }, index) => fromLegacy(groupVersion, lists[index].resources)),
  };
}

function fromLegacy(groupVersion: string, resources: any[]): Mapping[] {
  const [version, group = ""] = groupVersion.split("/").reverse() as [string, string?];
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map((each) => ({
      group,
      version,
      kind: each.kind,
      plural: each.name,
      singular: each.singularName || each.kind.toLowerCase(),
      namespaced: each.namespaced,
      shortNames: each.shortNames ?? [],
      categories: each.categories ?? [],
      verbs: each.verbs ?? [],
      subresources: resources
        .filter(({ name }) => name.startsWith(`${each.name}/`))
        .map(({ name }) => name.slice(each.name.length + 1)),
    }));
}

/** Finds a resource by what a user calls it: `po`, `pod`, `pods`, `deployments.apps`, `deployments.v1.apps`. */
export function findResource({ resources }: Discovered, word: string): Mapping | undefined {
  const name = word.toLowerCase();
  const [first, ...rest] = name.split(".");
  const candidates: { name: string; fits: (each: Mapping) => boolean }[] = [];
  if (rest.length >= 2) {
    const [version, ...group] = rest;
    candidates.push({ name: first!, fits: (each) => each.version === version && each.group === group.join(".") });
  }
  if (rest.length === 1)
    candidates.push({ name: first!, fits: (each) => each.version === rest[0] && each.group === "" });
  if (rest.length >= 1) {
    const group = rest.join(".");
    candidates.push({ name: first!, fits: (each) => each.group === group });
    candidates.push({ name: first!, fits: (each) => each.group.startsWith(`${group}.`) });
  } else candidates.push({ name, fits: () => true });
  for (const candidate of candidates) {
    const fitting = resources.filter(candidate.fits);
    const found =
      fitting.find((each) => each.plural === candidate.name || each.singular === candidate.name) ??
      fitting.find((each) => each.shortNames.includes(candidate.name)) ??
      fitting.find((each) => each.kind.toLowerCase() === candidate.name);
    if (found) return found;
  }
  return undefined;
}

/** Finds the resource of an object by its apiVersion and kind. */
export function findKind({ resources }: Discovered, apiVersion: string, kind: string): Mapping | undefined {
  const [version, group = ""] = apiVersion.split("/").reverse() as [string, string?];
  return resources.find((each) => each.kind === kind && each.group === group && each.version === version);
}

/** `deployments.apps`, `pods`. */
export function qualifiedName({ plural, group }: Mapping): string {
  return group ? `${plural}.${group}` : plural;
}

/** What success messages call a resource: `deployment.apps`, `pod`. */
export function shownKind({ kind, group }: Pick<Mapping, "kind" | "group">): string {
  return group ? `${kind.toLowerCase()}.${group}` : kind.toLowerCase();
}

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Mapping): string {
  return group ? `${group}/${version}` : version;
}

/** The path of a collection, an object or what is below it. */
export function pathOf(mapping: Mapping, namespace?: string, name?: string, subresource?: string): string {
  const { group, version, plural, namespaced } = mapping;
  let path = group ? `/apis/${group}/${version}` : `/api/${version}`;
  if (namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}
