import { compileFieldSelector, parseFieldSelector } from "../../api/machinery/field_selector.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { compileLabelSelector, parseLabelSelector } from "../../api/machinery/selector.ts";
import { badRequest, expired, invalidResourceVersion, notFound, StatusError } from "../../api/machinery/status.ts";
import { CompactedError } from "../../store/mod.ts";
import { type Cached, storagePrefix } from "../cache/cache.ts";
import { cacheOf, keyIn, type Registry, type Scope, serve, serveAll, serveOne, storedResource } from "./scope.ts";

/** Gives the object as it is now. Throws NotFound. */
export function getObject(registry: Registry, scope: Scope, name: string): Cached | Promise<Cached> {
  const item = cacheOf(registry, scope.resource).get(keyIn(scope, name));
  if (!item) throw notFound(scope.resource, name);
  return serveOne(scope.resource, item);
}

/** Label and field selector of a request. */
export interface Selection {
  matches(object: KubeObject): boolean;
  /** The same of an item of the resource's own cache, without its object where that can be. */
  matchesItem(item: Cached): boolean;
  /** False if everything matches. */
  selective: boolean;
  /** Whether it looks at more than metadata: at what may differ between an object's versions. */
  readsFields?: boolean;
}

const selectAll: Selection = { matches: () => true, matchesItem: () => true, selective: false };

/** Compiles a request's selectors. Throws a 400 for what cannot be read or is not supported. */
export function selection(resource: Resource, labelSelector: string | null, fieldSelector: string | null): Selection {
  if (!labelSelector && !fieldSelector) return selectAll;
  let byLabels: (labels: Record<string, string> | undefined) => boolean;
  let byFields: (object: KubeObject) => boolean;
  let byOutline: (item: Cached) => boolean;
  let readsFields = false;
  try {
    byLabels = compileLabelSelector(parseLabelSelector(labelSelector ?? ""));
  } catch (error) {
    throw badRequest(
      `unable to parse requirement: ${(error as Error).message}`.replace(/^(unable to parse requirement: )+/, "$1"),
    );
  }
  try {
    const requirements = parseFieldSelector(fieldSelector ?? "");
    for (const { field } of requirements) {
      if (!isSelectable(resource, field)) throw badRequest(unknownField(resource, field));
      if (!field.startsWith("metadata.")) readsFields = true;
    }
    byFields = compileFieldSelector<KubeObject>(requirements, (object, field) => readField(resource, object, field));
    byOutline = compileFieldSelector<Cached>(requirements, readOutline);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const kind = `"${resource.apiVersion}, Resource=${resource.plural}"`.replace('"v1,', '"/v1,');
    const what = `label selector "${labelSelector ?? ""}", field selector "${fieldSelector ?? ""}"`;
    throw badRequest(`Unable to find ${kind} that match ${what}: ${(error as Error).message}`);
  }
  const matches = (object: KubeObject) => byLabels(object.metadata.labels) && byFields(object);
  // What is served in other words than it is stored in has other fields.
  const apart = resource.storedAs !== undefined || resource.custom !== undefined;
  const matchesItem = (item: Cached) =>
    resource.shownAs
      ? matches(serve(resource, item).object)
      : apart || !item.outline
        ? matches(item.object)
        : byLabels(item.outline().labels) && byOutline(item);
  return { matches, matchesItem, selective: true, readsFields };
}

/** A field by the outline: names are in the key. */
function readOutline(item: Cached, field: string): string | undefined {
  const slash = item.key.indexOf("/");
  if (field === "metadata.name") return item.key.slice(slash + 1);
  if (field === "metadata.namespace") return item.key.slice(0, Math.max(0, slash));
  const { places, values } = item.outline!();
  return values[places.get(field)!];
}

/** How a field is refused: kinds with fields of their own word it differently from those without. */
function unknownField(resource: Resource, field: string): string {
  if (resource.group === "batch" && resource.selectableFields)
    return `field label ${JSON.stringify(field)} not supported for ${resource.kind}`;
  if (resource.group === "resource.k8s.io" && resource.selectableFields)
    return `field label not supported for ${resource.apiVersion}, Kind=${resource.kind}: ${field}`;
  if (resource.selectableFields) return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function isSelectable(resource: Resource, field: string): boolean {
  return (
    field === "metadata.name" ||
    // A kind without fields of its own takes both names, wherever its objects are.
    (field === "metadata.namespace" && (resource.namespaced || !resource.selectableFields)) ||
    resource.selectableFields?.[field] !== undefined
  );
}

function readField(resource: Resource, object: KubeObject, field: string): string | undefined {
  if (field === "metadata.name") return object.metadata.name;
  if (field === "metadata.namespace") return object.metadata.namespace ?? "";
  return resource.selectableFields?.[field]?.(object);
}

export interface ListRequest {
  selection: Selection;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
}

export interface Listed {
  items: Cached[];
  revision: number;
  continue?: string;
  remainingItemCount?: number;
}

/** Lists the scope's objects. Throws 400 for a bad token or version, 410 for what is compacted, 504 for the future. */
export async function listObjects(registry: Registry, scope: Scope, request: ListRequest): Promise<Listed> {
  const { resource } = scope;
  const exact = exactRevision(request);
  const token = request.continue ? decodeContinue(request.continue) : undefined;
  const wanted = token ? token.revision : exact;
  if (request.resourceVersion && !token) checkNotTooLarge(registry, request.resourceVersion);
  const table = cacheOf(registry, resource);
  const revision = wanted ?? registry.cache.revision;
  const stored =
    wanted === undefined || wanted === registry.cache.revision
      ? table.list(scope.namespace)
      : await listAt(registry, scope, wanted, token?.startAfter);
  // Fields of a custom resource are those of the version that was asked for.
  const early = resource.custom !== undefined && request.selection.readsFields === true;
  const source = early ? await serveAll(resource, [...stored]) : stored;
  const items: Cached[] = [];
  let remaining = 0;
  let last = "";
  for (const item of source) {
    if (token && item.key <= token.startAfter) continue;
    if (!request.selection.matchesItem(item)) continue;
    if (request.limit && items.length >= request.limit) {
      remaining++;
      continue;
    }
    items.push(item);
    last = item.key;
  }
  const served = early ? items : [...(await serveAll(resource, items))];
  if (remaining === 0) return { items: served, revision };
  return {
    items: served,
    revision,
    continue: encodeContinue(revision, last),
    ...(request.selection.selective ? {} : { remainingItemCount: remaining }),
  };
}

function exactRevision({ resourceVersion, resourceVersionMatch, limit }: ListRequest): number | undefined {
  if (!resourceVersion || resourceVersion === "0") return undefined;
  if (!/^\d+$/.test(resourceVersion)) throw invalidResourceVersion(resourceVersion);
  if (resourceVersionMatch === "Exact" || (resourceVersionMatch === undefined && limit)) return Number(resourceVersion);
  return undefined;
}

/** What a client is told that took too long between two pages. */
const tooOldToContinue =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
  "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
  "deleted between the time the first chunk was returned and now may show up in the list.";

/** The list as it was, from the store. */
async function listAt(
  registry: Registry,
  scope: Scope,
  revision: number,
  continuedAfter: string | undefined,
): Promise<Cached[]> {
  const stored = storedResource(registry, scope.resource);
  const prefix = storagePrefix(stored);
  const within = scope.namespace === undefined ? prefix : `${prefix}${scope.namespace}/`;
  try {
    const { entries } = await registry.store.range(within, { revision });
    return entries.map((entry) => registry.cache.read(stored, entry));
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    if (continuedAfter === undefined) throw expired("The resourceVersion for the provided list is too old.");
    const refusal = expired(tooOldToContinue);
    refusal.status.metadata = { continue: encodeContinue(undefined, continuedAfter) };
    throw refusal;
  }
}

/** Refuses a version that the server has not reached, as a 504. */
export function checkNotTooLarge(registry: Registry, resourceVersion: string): void {
  if (!/^\d+$/.test(resourceVersion)) throw invalidResourceVersion(resourceVersion);
  const wanted = Number(resourceVersion);
  if (wanted <= registry.cache.revision) return;
  throw new StatusError({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${wanted}, current: ${registry.cache.revision}`,
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
}

/** A token to go on with; without a revision the rest is listed as it is by then. */
function encodeContinue(revision: number | undefined, startAfter: string): string {
  const text = JSON.stringify({ v: "meta.k8s.io/v1", rv: revision ?? -1, start: startAfter });
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function decodeContinue(token: string): { revision: number | undefined; startAfter: string } {
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  let parsed: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    const text = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
    parsed = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  } catch {
    throw refuse("illegal base64 data at input byte 0");
  }
  const { v, rv, start } = parsed;
  if (v !== "meta.k8s.io/v1") throw refuse(`server does not recognize this encoded version ${v}`);
  if (typeof rv !== "number" || rv === 0 || rv < -1)
    throw refuse("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (typeof start !== "string" || start === "") throw refuse("encoded start key empty (version meta.k8s.io/v1)");
  return { revision: rv === -1 ? undefined : rv, startAfter: start };
}
