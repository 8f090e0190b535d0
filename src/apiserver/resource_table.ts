import type { Resource } from "../api/machinery/resource.ts";
import type { ResourceTable } from "./registry/scope.ts";

/** The resources that are served, in their visible order. */
export function resourceTable(resources: readonly Resource[]): ResourceTable {
  const byPlace = new Map<string, Resource>();
  const byId = new Map<string, Resource>();
  const versions = new Map<string, string[]>();
  for (const resource of resources) {
    byPlace.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
    // Where a kind is served in several versions, the preferred one comes first.
    if (!byId.has(resource.id)) byId.set(resource.id, resource);
    const known = versions.get(resource.group);
    if (!known) versions.set(resource.group, [resource.version]);
    else if (!known.includes(resource.version)) known.push(resource.version);
  }
  return {
    find: (group, version, plural) => byPlace.get(`${group}/${version}/${plural}`),
    byId: (id) => byId.get(id),
    versions: (group) => versions.get(group),
    all: () => resources,
  };
}
