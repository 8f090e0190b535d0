import { resourceById } from "../api/resources.ts";
import type { ResourceLike, ResourceRef } from "./client.ts";

const known = new Map<string, ResourceRef>();

/** The reference of a built-in resource by its id (`pods`, `deployments.apps`). Throws for an unknown one. */
export function resourceRef(resource: ResourceLike): ResourceRef {
  if (typeof resource !== "string") return resource;
  let ref = known.get(resource);
  if (!ref) {
    const found = resourceById(resource);
    if (!found)
      throw new Error(`unknown resource ${JSON.stringify(resource)}: wanted an id such as pods or deployments.apps`);
    const { group, version, plural, namespaced, kind } = found;
    ref = { group, version, plural, namespaced, kind };
    known.set(resource, ref);
  }
  return ref;
}

/** `pods`, `deployments.apps`: the id that a reference stands for. */
export function resourceId(resource: ResourceLike): string {
  if (typeof resource === "string") return resource;
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** `/api/v1/namespaces/default/pods/web/log`: the path of a collection, an object or what is below it. */
export function resourcePath(resource: ResourceRef, namespace?: string, name?: string, subresource?: string): string {
  const { group, version, plural, namespaced } = resource;
  let path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  if (namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  if (subresource !== undefined) path += `/${subresource}`;
  return path;
}
