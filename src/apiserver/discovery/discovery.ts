// Discovery documents: which groups, versions and resources the server has. Pure functions of the resources.

import { apiVersionOf } from "../../api/machinery/object.ts";
import type { Resource, Subresource } from "../../api/machinery/resource.ts";
import { type GroupVersions, groupsOf } from "./groups.ts";

/** `/api`. `serverAddress` is `host:port` as clients reach the server. */
export function apiVersions(serverAddress: string): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** `/apis`. */
export function apiGroupList(resources: readonly Resource[]): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groupsOf(resources).map(groupEntry) };
}

/** `/apis/GROUP`; undefined for a group that no resource has. */
export function apiGroup(resources: readonly Resource[], group: string): object | undefined {
  const found = groupsOf(resources).find((each) => each.group === group);
  return found && { kind: "APIGroup", apiVersion: "v1", ...groupEntry(found) };
}

function groupEntry({ group, versions }: GroupVersions): object {
  const entries = versions.map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

interface ApiResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs: readonly string[];
  shortNames?: readonly string[];
  categories?: readonly string[];
  storageVersionHash?: string;
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined for one that no resource has. */
export async function apiResourceList(
  resources: readonly Resource[],
  groupVersion: string,
): Promise<object | undefined> {
  const own = resources.filter((resource) => resource.apiVersion === groupVersion);
  if (own.length === 0) return undefined;
  const entries: ApiResource[] = [];
  for (const resource of own.toSorted(byPlural)) {
    entries.push(
      await resourceEntry(resource),
      ...subresourcesOf(resource).map((each) => subresourceEntry(resource, each)),
    );
  }
  // The core list has no apiVersion: it is older than that rule.
  const version = groupVersion === "v1" ? {} : { apiVersion: "v1" };
  return { kind: "APIResourceList", ...version, groupVersion, resources: entries };
}

/** By plural name: the order of resources everywhere in discovery. */
export function byPlural(a: Resource, b: Resource): number {
  return a.plural < b.plural ? -1 : a.plural > b.plural ? 1 : 0;
}

/** A resource's subresources by name. */
export function subresourcesOf(resource: Resource): Subresource[] {
  return [...(resource.subresources ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function resourceEntry(resource: Resource): Promise<ApiResource> {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: resource.custom?.listedVerbs ?? verbs.toSorted(),
    ...(shortNames?.length && { shortNames }),
    ...(categories?.length && { categories }),
    ...(resource.stored && { storageVersionHash: await storageVersionHash(resource) }),
  };
}

function subresourceEntry(parent: Resource, { name, verbs, kind, group, version }: Subresource): ApiResource {
  const elsewhere =
    kind !== undefined &&
    version !== undefined &&
    (version !== parent.version || (group ?? parent.group) !== parent.group);
  return {
    name: `${parent.plural}/${name}`,
    singularName: "",
    namespaced: parent.namespaced,
    ...(elsewhere && { group: group ?? "", version }),
    kind: kind ?? parent.kind,
    verbs: verbs.toSorted(),
  };
}

/** Kinds that the real server stores in another group or version than they are served in. */
const storedAs: Record<string, string> = {
  "autoscaling/v1/HorizontalPodAutoscaler": "autoscaling/v2/HorizontalPodAutoscaler",
  "events.k8s.io/v1/Event": "/v1/Event",
  "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy":
    "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding":
    "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding",
};

/** What tells clients that a stored version has changed: eight bytes of a hash of group, version and kind. */
async function storageVersionHash({ group, version, kind, custom }: Resource): Promise<string> {
  const name = `${custom?.storageApiVersion ?? `${group}/${version}`}/${kind}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(storedAs[name] ?? name));
  return btoa(String.fromCharCode(...new Uint8Array(digest, 0, 8)));
}

/** `/version`. `platform` as Go names it: `linux/amd64`. */
export function versionInfo(build: {
  gitVersion: string;
  gitCommit: string;
  buildDate: string;
  platform: string;
}): object {
  return {
    major: "1",
    minor: "36",
    emulationMajor: "1",
    emulationMinor: "36",
    minCompatibilityMajor: "1",
    minCompatibilityMinor: "35",
    gitVersion: build.gitVersion,
    gitCommit: build.gitCommit,
    gitTreeState: "clean",
    buildDate: build.buildDate,
    goVersion: "go1.25.0",
    compiler: "gc",
    platform: build.platform,
  };
}
