import type { Resource } from "../api/machinery/resource.ts";
import type { ResourceTable } from "./registry/scope.ts";

/** The resources that are served, those of custom resource definitions coming and going among them. */
export interface ServedResources extends ResourceTable {
  /** Replaces what a definition declares; nothing takes it away. Its preferred version comes first. */
  declare(definition: string, resources: readonly Resource[]): void;
}

/** The resources that are served, in their visible order; Kubernetes' own cannot be replaced. */
export function resourceTable(builtin: readonly Resource[]): ServedResources {
  const declared = new Map<string, readonly Resource[]>();
  const byPlace = new Map<string, Resource>();
  const byId = new Map<string, Resource>();
  const versions = new Map<string, string[]>();
  let all: readonly Resource[] | undefined = builtin;

  function add(resource: Resource): void {
    const place = placeOf(resource);
    if (!byPlace.has(place)) byPlace.set(place, resource);
    // Where a kind is served in several versions, the preferred one comes first.
    if (!byId.has(resource.id)) byId.set(resource.id, resource);
    const known = versions.get(resource.group);
    if (!known) versions.set(resource.group, [resource.version]);
    else if (!known.includes(resource.version)) known.push(resource.version);
  }

  function remove(resource: Resource): void {
    if (byPlace.get(placeOf(resource)) === resource) byPlace.delete(placeOf(resource));
    if (byId.get(resource.id) === resource) byId.delete(resource.id);
  }

  /** Versions are shared by the resources of a group: what is left of them. */
  function recount(group: string): void {
    versions.delete(group);
    const left = new Set<string>();
    for (const resource of byPlace.values()) if (resource.group === group) left.add(resource.version);
    if (left.size > 0) versions.set(group, [...left]);
  }

  for (const resource of builtin) add(resource);
  return {
    find: (group, version, plural) => byPlace.get(`${group}/${version}/${plural}`),
    byId: (id) => byId.get(id),
    versions: (group) => versions.get(group),
    all() {
      all ??= [...builtin, ...[...declared.keys()].sort().flatMap((name) => declared.get(name)!)];
      return all;
    },
    declare(definition, resources) {
      const before = declared.get(definition) ?? [];
      for (const resource of before) remove(resource);
      if (resources.length > 0) declared.set(definition, resources);
      else declared.delete(definition);
      for (const resource of resources) add(resource);
      for (const group of new Set(before.map((each) => each.group))) recount(group);
      all = undefined;
    },
  };
}

function placeOf({ group, version, plural }: Resource): string {
  return `${group}/${version}/${plural}`;
}
