import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { type Status, StatusError } from "../../api/machinery/status.ts";
import type { EncodedEvent, WatchEvent } from "../../base/http.ts";
import { CompactedError } from "../../store/mod.ts";
import { type Cached, type CacheEvent, cached } from "../cache/cache.ts";
import type { Selection } from "./read.ts";
import { cacheOf, type Registry, type Scope, serve, serveAll, serveOne } from "./scope.ts";

export interface WatchRequest {
  selection: Selection;
  /** Undefined or "0": begin with everything that is there. */
  resourceVersion?: string;
  sendInitialEvents?: boolean;
  bookmarks: boolean;
  timeoutMs: number;
}

/** How often a watcher that asked for bookmarks gets one, in milliseconds. */
const bookmarkMs = 50_000;

/** Writes events in the form that the client negotiated. */
export interface EventEncoder {
  /** An event of an object; a bookmark's has only a revision and annotations. */
  item(type: WatchEvent["type"], item: Cached): EncodedEvent;
  /** What has gone wrong, as an ERROR event. */
  status(status: Status): EncodedEvent;
}

const utf8 = new TextEncoder();
const events = {
  ADDED: utf8.encode('{"type":"ADDED","object":'),
  MODIFIED: utf8.encode('{"type":"MODIFIED","object":'),
  DELETED: utf8.encode('{"type":"DELETED","object":'),
  BOOKMARK: utf8.encode('{"type":"BOOKMARK","object":'),
  ERROR: utf8.encode('{"type":"ERROR","object":'),
};
const lineEnd = utf8.encode("}\n");

/** The lines that were made last: all watchers of a write ask for the same one, one after the other. */
const lines: { type: string; item: Cached; line: Uint8Array }[] = [];
const linesMax = 16;

function lineOf(type: WatchEvent["type"], item: Cached): Uint8Array {
  const known = lines.find((each) => each.item === item && each.type === type);
  if (known) return known.line;
  const line = joinLine(type, item.bytes());
  if (lines.unshift({ type, item, line }) > linesMax) lines.pop();
  return line;
}

/** The event as plain JSON, made once for all watchers. */
export const encodePlain: EventEncoder = {
  item: (type, item) => ({
    type,
    get object() {
      return item.object;
    },
    bytes: () => lineOf(type, item),
  }),
  status: (status) => encodeObject("ERROR", status),
};

/** An event of any object, serialised on demand. */
export function encodeObject(type: WatchEvent["type"], object: object): EncodedEvent {
  return { type, object, bytes: () => joinLine(type, utf8.encode(JSON.stringify(object))) };
}

function joinLine(type: WatchEvent["type"], json: Uint8Array): Uint8Array {
  const head = events[type];
  const line = new Uint8Array(head.length + json.length + lineEnd.length);
  line.set(head);
  line.set(json, head.length);
  line.set(lineEnd, head.length + json.length);
  return line;
}

/**
 * Batches of the scope's events until the time is up or the signal is aborted. What is too old comes as an ERROR event
 * with a 410, as the real server's watch cache does.
 */
export async function* watchObjects(
  registry: Registry,
  scope: Scope,
  request: WatchRequest,
  encode: EventEncoder,
): AsyncGenerator<readonly EncodedEvent[]> {
  const { resource, namespace } = scope;
  const prefix = namespace === undefined ? "" : `${namespace}/`;
  const table = cacheOf(registry, resource);
  const { matches, selective } = request.selection;
  // Fields of a custom resource are those of the version that was asked for: they are looked at after its conversion.
  const late = resource.custom !== undefined && request.selection.readsFields === true;
  const wants = ({ item, previous }: CacheEvent): boolean =>
    item.key.startsWith(prefix) &&
    (!selective || late || matches(item.object) || (previous !== undefined && matches(previous.object)));
  const abort = new AbortController();
  const signal = AbortSignal.any([scope.signal, abort.signal, ...(resource.custom ? [resource.custom.ended] : [])]);
  using _timeout = registry.clock.after(request.timeoutMs, () => abort.abort());
  const bookmarks = bookmarkTimer(registry, request.bookmarks);
  using _bookmarks = bookmarks;
  let revision = registry.cache.revision;
  const fromNow = request.sendInitialEvents || !request.resourceVersion || request.resourceVersion === "0";
  if (!fromNow) revision = Number(request.resourceVersion);
  const initial: EncodedEvent[] = [];
  if (fromNow && request.sendInitialEvents !== false) {
    const present = [...table.list(namespace)].filter((item) => late || request.selection.matchesItem(item));
    for (const item of await serveAll(resource, present))
      if (!late || request.selection.matches(item.object)) initial.push(encode.item("ADDED", item));
    if (request.sendInitialEvents && request.bookmarks)
      initial.push(encode.item("BOOKMARK", bookmark(scope, revision, true)));
  }
  if (initial.length > 0) yield initial;
  try {
    for await (const batch of table.watch(revision, signal, wants)) {
      const out: EncodedEvent[] = [];
      for (const event of batch.events) {
        const seen = asSeen(late ? await inVersion(resource, event) : event, request.selection);
        if (seen)
          out.push(
            encode.item(seen.type, resource.custom ? await serveOne(resource, seen.item) : serve(resource, seen.item)),
          );
      }
      if (bookmarks.due()) out.push(encode.item("BOOKMARK", bookmark(scope, batch.revision, false)));
      if (out.length > 0) yield out;
    }
    if (request.bookmarks && !scope.signal.aborted)
      yield [encode.item("BOOKMARK", bookmark(scope, registry.cache.revision, false))];
  } catch (error) {
    if (error instanceof StatusError) {
      yield [encode.status(error.status)];
      return;
    }
    if (!(error instanceof CompactedError)) throw error;
    const message = `too old resource version: ${revision} (${error.compactRevision})`;
    yield [encode.status(new StatusError({ code: 410, reason: "Expired", message }).status)];
  }
}

function bookmarkTimer(registry: Registry, wanted: boolean): Disposable & { due(): boolean } {
  let next = registry.clock.monotonicMs() + bookmarkMs;
  return {
    due() {
      const now = registry.clock.monotonicMs();
      if (!wanted || now < next) return false;
      next = now + bookmarkMs;
      return true;
    },
    [Symbol.dispose]() {},
  };
}

async function inVersion(resource: Resource, event: CacheEvent): Promise<CacheEvent> {
  const { item, previous } = event;
  return {
    ...event,
    item: await serveOne(resource, item),
    ...(previous && { previous: await serveOne(resource, previous) }),
  };
}

/** What an event is to a watcher with selectors: an object may come into view or leave it without being made or deleted. */
function asSeen(
  event: CacheEvent,
  { matches, selective }: Selection,
): { type: "ADDED" | "MODIFIED" | "DELETED"; item: Cached } | undefined {
  const { item, previous } = event;
  if (event.type === "delete") {
    return !selective || matches(item.object) ? { type: "DELETED", item } : undefined;
  }
  if (!selective) return { type: previous ? "MODIFIED" : "ADDED", item };
  const before = previous !== undefined && matches(previous.object);
  if (matches(item.object)) return { type: before ? "MODIFIED" : "ADDED", item };
  if (!before) return undefined;
  return { type: "DELETED", item: cached(item.key, previous.object, event.revision) };
}

/** What a bookmark has of an object. */
function bookmark({ resource: { kind, apiVersion } }: Scope, revision: number, endOfInitial: boolean): Cached {
  const annotations = endOfInitial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  const object = { kind, apiVersion, metadata: { creationTimestamp: null, ...annotations } };
  return cached("", object as unknown as KubeObject, revision);
}
