import { groupOf } from "../../api/machinery/object.ts";
import { builtinResources } from "../../api/resources.ts";

/** Kinds that the real server knows besides resources. */
const others = ["v1/List", "v1/Status", "v1/PodStatusResult", "v1/RangeAllocation", "v1/SerializedReference"];

const everywhere = ["DeleteOptions", "CreateOptions", "UpdateOptions", "PatchOptions", "ListOptions", "GetOptions"];

let known: Set<string> | undefined;

/** Whether an apiVersion has a kind of this name among Kubernetes' own, served or not. */
export function isRegistered(apiVersion: string, kind: string): boolean {
  if (!known) {
    known = new Set(others);
    for (const { apiVersion: version, kind: name, listKind, subresources } of builtinResources) {
      known.add(`${version}/${name}`).add(`${version}/${listKind}`);
      for (const each of everywhere) known.add(`${version}/${each}`);
      for (const { kind: own, group, version: its } of subresources ?? [])
        if (own) known.add(`${group ? `${group}/` : ""}${its ?? "v1"}/${own}`);
    }
  }
  return known.has(`${apiVersion}/${kind}`);
}

/** Where the real server's kinds are registered: extensions and aggregation have schemes of their own. */
const schemes: Record<string, string> = {
  "apiextensions.k8s.io": "pkg/apiserver/apiserver.go:53",
  "apiregistration.k8s.io": "pkg/apiserver/scheme/scheme.go:32",
};
const mainScheme = "pkg/api/legacyscheme/scheme.go:30";

/** Go's package of a group's own types, which stand for all of its versions: `core`, `networking`. */
export function hubPackage(group: string): string {
  return group === "" ? "core" : group.split(".")[0]!;
}

/** Why a body of another kind or version cannot be read: it is known and something else, or nobody knows it. */
export function conversionError(
  given: { kind: string; apiVersion: string },
  wanted: { kind: string; group: string },
): string {
  const { kind, apiVersion } = given;
  const scheme = schemes[wanted.group];
  if (!isRegistered(apiVersion, kind) || (scheme && groupOf(apiVersion) !== wanted.group)) {
    const [name, version] = [JSON.stringify(kind), JSON.stringify(apiVersion)];
    return `no kind ${name} is registered for version ${version} in scheme "${scheme ?? mainScheme}"`;
  }
  const version = groupOf(apiVersion) === "" ? apiVersion : apiVersion.slice(apiVersion.indexOf("/") + 1);
  return `converting (${version}.${kind}) to (${hubPackage(wanted.group)}.${wanted.kind}): unknown conversion`;
}
