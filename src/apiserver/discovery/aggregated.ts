// Aggregated discovery (KEP-3352): everything about all groups in two documents, with an ETag to ask again cheaply.

import type { Resource, Subresource } from "../../api/machinery/resource.ts";
import { byPlural, subresourcesOf } from "./discovery.ts";
import { groupsOf, isBuiltinGroup } from "./groups.ts";

/** The media type that asks for it, in the versions that the server speaks. */
export const aggregatedMediaType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether an Accept header asks for aggregated discovery before anything else that the server could give. */
export function asksForAggregated(accept: string | undefined): boolean {
  for (const range of (accept ?? "").split(",")) {
    const parameters = range.split(";").map((part) => part.trim());
    const has = (parameter: string): boolean => parameters.includes(parameter);
    if (has("g=apidiscovery.k8s.io") && has("v=v2") && has("as=APIGroupDiscoveryList"))
      return parameters[0] === "application/json";
    if (!has("as=APIGroupDiscoveryList") && (parameters[0] === "application/json" || parameters[0] === "*/*"))
      return false;
  }
  return false;
}

/** The document for `/api` (`core`) or `/apis` (`groups`). */
export function aggregatedDiscovery(resources: readonly Resource[], which: "core" | "groups"): object {
  const groups = which === "core" ? [{ group: "", versions: ["v1"] }] : groupsOf(resources);
  const items = groups.map(({ group, versions }) => ({
    metadata: group === "" ? {} : { name: group },
    versions: versions.map((version) => ({
      version,
      resources: resources
        .filter((resource) => resource.group === group && resource.version === version)
        .toSorted(byPlural)
        .map(resourceEntry),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

/** Kubernetes' own kinds go without group and version: they are the document's. */
function ownKind({ group, version, kind }: Resource): object {
  return isBuiltinGroup(group) ? { group: "", version: "", kind } : { group, version, kind };
}

function resourceEntry(resource: Resource): object {
  const { plural, scope, singular, verbs, shortNames, categories } = resource;
  const subresources = subresourcesOf(resource);
  return {
    resource: plural,
    responseKind: ownKind(resource),
    scope,
    singularResource: singular,
    verbs: resource.custom?.listedVerbs ?? verbs.toSorted(),
    ...(shortNames?.length && { shortNames }),
    ...(categories?.length && { categories }),
    ...(subresources.length > 0 && { subresources: subresources.map((each) => subresourceEntry(resource, each)) }),
  };
}

function subresourceEntry(parent: Resource, { name, verbs, kind, group, version }: Subresource): object {
  const elsewhere = version !== undefined && (version !== parent.version || (group ?? parent.group) !== parent.group);
  const responseKind = elsewhere
    ? { group: group ?? "", version, kind }
    : ownKind({ ...parent, kind: kind ?? parent.kind });
  return { subresource: name, responseKind, verbs: verbs.toSorted() };
}

/** A document's ETag: its hash in quotes. */
export async function etagOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-512", bytes as Uint8Array<ArrayBuffer>);
  return `"${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase()}"`;
}
