import { type FieldError, FieldPath, forbiddenField, notSupported, throwInvalid } from "../../api/machinery/field.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource, Subresource } from "../../api/machinery/resource.ts";
import { badRequest, methodRefused, notFound, pathNotFound, StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer, HttpRequest, UserInfo } from "../../base/http.ts";
import type { Cached } from "../cache/cache.ts";
import { answeredWithObject, type Deletion, deletedStatus, deleteObject } from "../registry/delete.ts";
import { checkNotTooLarge, getObject, type ListRequest, listObjects, selection } from "../registry/read.ts";
import { cacheOf, keyIn, type Registry, type Scope } from "../registry/scope.ts";
import { managerOf } from "../registry/tracking.ts";
import { type EventEncoder, encodeObject, encodePlain, watchObjects } from "../registry/watch.ts";
import { createObject, replaceObject } from "../registry/write.ts";
import { itemAnswer, listAnswer, objectAnswer, statusAnswer } from "./answer.ts";
import { decodeDeleteOptions, decodeObject } from "./body.ts";
import { type Negotiated, negotiate, negotiateStream, plainFormat } from "./negotiate.ts";
import { checkDeleteOptions, writeOptions } from "./options.ts";
import { patchObject } from "./patch.ts";
import { protobufEvents, protobufWatchType } from "./protobuf.ts";
import type { Route } from "./route.ts";
import { type SubresourceHandlers, subresourceAnswer } from "./subresources.ts";
import { columnsOf, partialObject, toTable } from "./table.ts";
import { watchInWebSocket, webSocketUpgrade } from "./web_socket.ts";

/** A resource request with everything that its handlers need. */
export interface Call {
  registry: Registry;
  scope: Scope;
  route: Route;
  request: HttpRequest;
  form: Negotiated;
  name?: string;
  subresource?: Subresource;
  now: number;
  handlers: SubresourceHandlers;
}

/** How long a watch lasts whose client names no end, in milliseconds: between half an hour and an hour. */
const watchMsMin = 1_800_000;

/** Answers a request for a resource. Throws StatusErrors. */
export async function resourceAnswer(
  registry: Registry,
  handlers: SubresourceHandlers,
  route: Route,
  request: HttpRequest,
  user: UserInfo,
  auditAnnotations?: Record<string, string>,
): Promise<HttpAnswer> {
  const where = route.resource!;
  const resource = registry.resources.find(where.group, where.version, where.plural);
  if (!resource) throw pathNotFound();
  const subresource =
    where.subresource === undefined
      ? undefined
      : resource.subresources?.find((each) => each.name === where.subresource);
  if (where.subresource !== undefined && !subresource)
    throw resource.custom && where.name ? notFound(resource, where.name) : pathNotFound();
  if (resource.custom?.terminating && route.verb === "create") throw terminatingError(resource);
  if (where.rest !== "" && where.subresource !== "proxy") throw pathNotFound();
  if (!resource.namespaced && where.namespace !== undefined) throw pathNotFound();
  // What can only be asked has no paths with names.
  if (!resource.stored && !resource.verbs.includes("get") && where.name !== undefined && !subresource)
    throw pathNotFound();
  checkVerb(resource, route, subresource);
  const scope: Scope = {
    resource,
    namespace: where.namespace,
    user,
    ...writeOptions(route),
    userAgent: managerOf(request.headers["user-agent"]),
    signal: request.signal,
    auditAnnotations,
    warnings: resource.deprecation === undefined ? [] : [resource.deprecation],
  };
  const form = formOf(resource, subresource, route, request.headers.accept);
  const call: Call = {
    registry,
    scope,
    route,
    request,
    form,
    name: where.name,
    subresource,
    now: registry.clock.now(),
    handlers,
  };
  return withWarnings(call);
}

/** Answers that are no objects: whatever is behind them chooses their form. */
const formless = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** What is done to an object, and has no columns. */
const untabled = new Set(["binding", "eviction", "token"]);

/** How the answer is to be written. Throws a 406. */
function formOf(
  resource: Resource,
  subresource: Subresource | undefined,
  { verb }: Route,
  accept?: string,
): Negotiated {
  if (subresource && formless.has(subresource.name)) return negotiate(undefined);
  const isTabled = subresource ? !untabled.has(subresource.name) : resource.stored || resource.verbs.includes("list");
  const possible = { messages: resource.custom === undefined, tables: isTabled };
  return verb === "watch" && !subresource ? negotiateStream(accept, possible) : negotiate(accept, possible);
}

/** The answer, or the failure's, with what the client is warned of. */
async function withWarnings(call: Call): Promise<HttpAnswer> {
  const { subresource, scope } = call;
  let answer: HttpAnswer;
  try {
    answer = subresource && subresource.name !== "status" ? await subresourceAnswer(call) : await mainAnswer(call);
  } catch (error) {
    if (!(error instanceof StatusError) || scope.warnings.length === 0) throw error;
    answer = statusAnswer(error.status, plainFormat(call.request.headers.accept));
  }
  if (scope.warnings.length > 0) answer.headers = { ...answer.headers, warning: warningHeader(scope.warnings) };
  return answer;
}

/** Nothing new is made of a kind that is on its way out. */
function terminatingError({ group, plural }: Resource): StatusError {
  const message = "create not allowed while custom resource definition is terminating";
  return new StatusError({ code: 405, reason: "MethodNotAllowed", message, details: { group, kind: plural } });
}

/** How long all warnings of an answer may be together, and each of them where they are longer, in letters. */
const warningLettersMax = 4_096;
const longWarningMax = 256;

function warningHeader(warnings: readonly string[]): string[] {
  const texts = [...new Set(warnings)];
  const header = (text: string) => `299 - ${JSON.stringify(text)}`;
  if (texts.reduce((sum, text) => sum + text.length, 0) <= warningLettersMax) return texts.map(header);
  const shown: string[] = [];
  let left = warningLettersMax;
  for (const text of texts) {
    const short = text.slice(0, longWarningMax);
    left -= short.length;
    if (left < 0) break;
    shown.push(header(short));
  }
  return shown;
}

/** What may be asked of what is behind a proxy. */
const proxied = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]);

function checkVerb(resource: Resource, { verb, method, resource: where }: Route, subresource?: Subresource): void {
  if (subresource?.name === "proxy" && proxied.has(method) && where!.name !== undefined) return;
  const known: readonly string[] = subresource ? subresource.verbs : resource.verbs;
  const wanted = subresource ? (methodVerbs[method] ?? verb) : verb;
  const collection = verb === "create" && where!.name !== undefined && !subresource;
  const missingNamespace =
    resource.namespaced && where!.namespace === undefined && !["list", "watch"].includes(verb) && resource.stored;
  const named = ["update", "patch"].includes(verb) && where!.name === undefined;
  if (known.includes(wanted) && !collection && !missingNamespace && !named && method !== "HEAD") return;
  throw methodRefused();
}

const methodVerbs: Record<string, string> = {
  GET: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

async function mainAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, scope, route, request, form, name, now } = call;
  const include = route.query.get("includeObject") ?? "Metadata";
  switch (route.verb) {
    case "get": {
      if (!scope.resource.stored) return call.handlers.virtual(call);
      const version = route.query.get("resourceVersion");
      if (version && version !== "0") checkReadVersion(registry, version);
      return itemAnswer(200, await getObject(registry, scope, name!), form, scope.resource, include, now);
    }
    case "list":
      if (!scope.resource.stored) return call.handlers.virtual(call);
      return listAnswer(await listObjects(registry, scope, listRequest(call)), form, scope.resource, include, now);
    case "watch": {
      const answer = watchAnswer(call, include);
      const upgrade = webSocketUpgrade(request);
      return upgrade ? watchInWebSocket(upgrade, answer) : answer;
    }
    case "create": {
      if (!scope.resource.stored) return call.handlers.virtual(call);
      const draft = await decodeObject(call, request);
      return itemAnswer(201, await createObject(registry, scope, draft), form, scope.resource, include, now);
    }
    case "update": {
      const body = await decodeObject(call, request);
      const { item, created } = await replaceObject(registry, scope, name!, body, call.subresource?.name);
      return itemAnswer(created ? 201 : 200, item, form, scope.resource, include, now);
    }
    case "patch": {
      const { item, created } = await patchObject(call);
      return itemAnswer(created ? 201 : 200, item, form, scope.resource, include, now);
    }
    case "delete":
      return deleteAnswer(call);
    case "deletecollection":
      return deleteCollection(call);
    default:
      throw pathNotFound();
  }
}

function checkReadVersion(registry: Registry, version: string): void {
  if (!/^\d+$/.test(version)) {
    const quoted = JSON.stringify(version);
    throw new StatusError({
      code: 500,
      message: `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
    });
  }
  checkNotTooLarge(registry, version);
}

function listRequest({ scope, route, name }: Call): ListRequest {
  const { query } = route;
  const limit = integer(query, "limit");
  integer(query, "timeoutSeconds");
  checkListOptions(query, route.verb === "watch");
  const isPaged = scope.resource.alwaysPaged === true || query.get("resourceVersion") !== "0";
  const fields = name === undefined ? query.get("fieldSelector") : `metadata.name=${name}`;
  return {
    selection: selection(scope.resource, query.get("labelSelector"), fields),
    limit: limit && limit > 0 && isPaged ? limit : undefined,
    continue: query.get("continue") ?? undefined,
    resourceVersion: query.get("resourceVersion") ?? undefined,
    resourceVersionMatch: query.get("resourceVersionMatch") ?? undefined,
  };
}

/** What a list's or watch's options may be together (API concepts, "Resource versions", "Streaming lists"). */
function checkListOptions(query: URLSearchParams, isWatch: boolean): void {
  const path = new FieldPath("resourceVersionMatch");
  const match = query.get("resourceVersionMatch");
  const initial = query.get("sendInitialEvents");
  const errors: FieldError[] = [];
  const forbid = (why: string): void => void errors.push(forbiddenField(path, why));
  const allowed = isWatch ? ["NotOlderThan"] : ["Exact", "NotOlderThan", ""];
  if (isWatch && initial !== null && match !== "NotOlderThan")
    forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (match) {
    if (isWatch && initial === null)
      forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (!isWatch && !query.get("resourceVersion"))
      forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (!isWatch && query.get("continue")) forbid("resourceVersionMatch is forbidden when continue is provided");
    if (!allowed.includes(match)) errors.push(notSupported(path, match, allowed));
    if (isWatch && query.get("continue")) forbid("resourceVersionMatch is forbidden when continue is provided");
    if (!isWatch && match === "Exact" && query.get("resourceVersion") === "0")
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (!isWatch && initial !== null)
    errors.push(forbiddenField(new FieldPath("sendInitialEvents"), "sendInitialEvents is forbidden for list"));
  throwInvalid("meta.k8s.io", "ListOptions", "", errors);
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (BigInt(text) !== BigInt.asIntN(64, BigInt(text)))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}

function watchAnswer(call: Call, include: string): HttpAnswer {
  const { registry, scope, route, form } = call;
  const { query } = route;
  const list = listRequest(call);
  if (list.resourceVersion && !/^\d+$/.test(list.resourceVersion)) checkReadVersion(registry, list.resourceVersion);
  const seconds = integer(query, "timeoutSeconds");
  const timeoutMs = seconds ? seconds * 1000 : watchMsMin * (1 + registry.random.next());
  const sendInitialEvents = query.get("sendInitialEvents");
  const events = watchObjects(
    registry,
    scope,
    {
      selection: list.selection,
      resourceVersion: list.resourceVersion,
      sendInitialEvents: sendInitialEvents === null ? undefined : sendInitialEvents === "true",
      bookmarks: query.get("allowWatchBookmarks") === "true" || query.get("allowWatchBookmarks") === "1",
      timeoutMs,
    },
    eventEncoder(call, form, include),
  );
  const type = form.format === "protobuf" ? protobufWatchType : form.contentType;
  return { status: 200, headers: { "content-type": type }, body: { events } };
}

/** Events in the form that was negotiated. The first table carries the columns, the rest only rows. */
function eventEncoder({ scope, registry }: Call, form: Negotiated, include: string): EventEncoder {
  const { resource } = scope;
  if (form.as === "object") return form.format === "protobuf" ? protobufEvents(resource) : encodePlain;
  const partial = (item: Cached) => partialObject(item.object, form.metaVersion);
  if (form.format === "protobuf") return protobufEvents(resource, partial);
  if (form.as !== "Table") return { ...encodePlain, item: (type, item) => encodeObject(type, partial(item)) };
  let first = true;
  return {
    ...encodePlain,
    item(type, item) {
      const meta = { resourceVersion: item.object.metadata.resourceVersion };
      const items = type === "BOOKMARK" ? [] : [item];
      const table = toTable(resource, items, meta, form.metaVersion, include, registry.clock.now());
      if (type === "BOOKMARK") table.rows.push({ cells: columnsOf(resource).map(() => null), object: partial(item) });
      if (!first) table.columnDefinitions = null;
      first = false;
      return encodeObject(type, table);
    },
  };
}

async function deletionOf(call: Call): Promise<Deletion> {
  const { route, request, scope } = call;
  const { query } = route;
  // Options in the body make those in the query void.
  const inBody = request.body === undefined ? undefined : await decodeDeleteOptions(request);
  const options = inBody ?? optionsInQuery(query);
  const { gracePeriodSeconds: grace, orphanDependents: orphan, propagationPolicy: policy } = options;
  checkDeleteOptions(options);
  scope.dryRun = (options.dryRun?.length ?? 0) > 0;
  // In a query every word but these two means yes.
  const isFalse = ["false", "0"].includes(String(orphan));
  const legacy = orphan === undefined || orphan === null ? undefined : isFalse ? "Background" : "Orphan";
  const { deletionWarning } = scope.resource;
  if (deletionWarning !== undefined && !policy && legacy === undefined) scope.warnings.push(deletionWarning);
  return {
    gracePeriodSeconds: grace,
    propagationPolicy: (policy ?? legacy) as Deletion["propagationPolicy"],
    preconditions: options.preconditions,
  };
}

function optionsInQuery(query: URLSearchParams): Record<string, any> {
  return {
    gracePeriodSeconds: integer(query, "gracePeriodSeconds"),
    orphanDependents: query.get("orphanDependents") ?? undefined,
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    dryRun: query.getAll("dryRun"),
  };
}

async function deleteAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, scope, form, name, now } = call;
  const deletion = await deletionOf(call);
  const { item, gone } = await deleteObject(registry, scope, name!, deletion);
  if (gone && (scope.resource.custom || !answeredWithObject.has(scope.resource.kind)))
    return objectAnswer(200, deletedStatus(scope.resource, item.object), form);
  return itemAnswer(200, item, form, scope.resource, "Metadata", now);
}

async function deleteCollection(call: Call): Promise<HttpAnswer> {
  const { registry, scope, form, now } = call;
  const deletion = await deletionOf(call);
  const listed = await listObjects(registry, scope, listRequest(call));
  for (const item of listed.items) {
    const { namespace, name } = item.object.metadata;
    try {
      await deleteObject(registry, { ...scope, namespace }, name, { ...deletion, collection: true });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
    }
  }
  return listAnswer({ ...listed, revision: registry.cache.revision }, form, scope.resource, "Metadata", now);
}

/** The object that a subresource's request is about, as it is now. Throws NotFound. */
export function parentOf({ registry, scope, name }: Call): KubeObject {
  const item = cacheOf(registry, scope.resource).get(keyIn(scope, name!));
  if (!item) throw notFound(scope.resource, name!);
  return item.object;
}
