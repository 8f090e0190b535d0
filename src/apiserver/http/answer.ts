import type { KubeObject, ListMeta } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { type Status, StatusError } from "../../api/machinery/status.ts";
import { dumpYaml } from "../../api/machinery/yaml.ts";
import { joined } from "../../base/bytes.ts";
import type { AnswerBody, HttpAnswer } from "../../base/http.ts";
import type { Cached } from "../cache/cache.ts";
import type { Listed } from "../registry/read.ts";
import { type AnswerFormat, mediaTypeOf, type Negotiated } from "./negotiate.ts";
import { protobufItems, protobufList, protobufOf, protobufOfItem } from "./protobuf.ts";
import { partialObject, tableText, toTable } from "./table.ts";

const utf8 = new TextEncoder();

/** An answer of one object that has its JSON at hand. */
export function itemAnswer(
  status: number,
  item: Cached,
  form: Negotiated,
  resource: Resource,
  include: string,
  now: number,
): HttpAnswer {
  if (form.as === "object" && form.format === "json") {
    return { status, headers: { "content-type": "application/json" }, body: item };
  }
  if (form.as === "object" && form.format === "protobuf") {
    const body = { object: item.object, bytes: () => protobufOfItem(resource, item) };
    return { status, headers: { "content-type": form.contentType }, body };
  }
  if (form.as === "object") return objectAnswer(status, item.object, form);
  if (form.as === "PartialObjectMetadata")
    return objectAnswer(status, partialObject(item.object, form.metaVersion), form);
  if (form.as === "PartialObjectMetadataList") {
    throw new StatusError({
      code: 406,
      reason: "NotAcceptable",
      message: `you requested PartialObjectMetadataList, but the requested object is not a list (*core.${resource.kind})`,
    });
  }
  const meta = { resourceVersion: item.object.metadata.resourceVersion };
  return objectAnswer(status, toTable(resource, [item], meta, form.metaVersion, include, now), form);
}

/** An answer of any object. */
export function objectAnswer(
  status: number,
  object: object,
  form: Pick<Negotiated, "format" | "contentType">,
): HttpAnswer {
  return {
    status,
    headers: { "content-type": form.contentType },
    body: { object, bytes: () => encoded(object, form.format) },
  };
}

function encoded(object: object, format: AnswerFormat): Uint8Array {
  if (format === "protobuf") return protobufOf(object);
  return utf8.encode(format === "yaml" ? dumpYaml(object) : JSON.stringify(object));
}

/** An answer of a list, put together from the items' own bytes. */
export function listAnswer(
  listed: Listed,
  form: Negotiated,
  resource: Resource,
  include: string,
  now: number,
): HttpAnswer {
  // Lists of custom resources have the field whether there is more or not.
  const metadata: ListMeta = {
    ...(resource.custom && form.as === "object" ? { continue: "" } : {}),
    resourceVersion: String(listed.revision),
  };
  if (listed.continue) metadata.continue = listed.continue;
  if (listed.remainingItemCount !== undefined) metadata.remainingItemCount = listed.remainingItemCount;
  const { listKind: kind, apiVersion } = resource;
  switch (form.as) {
    case "object":
      if (form.format !== "yaml") {
        const head = { kind, apiVersion, metadata };
        const parts =
          form.format === "json"
            ? () => jsonList(head, joinedItems(resource, listed.items, "json"))
            : () => protobufList(resource, metadata, joinedItems(resource, listed.items, "protobuf"));
        const body = lazyList(listed.items, head, parts);
        return { status: 200, headers: { "content-type": form.contentType }, body };
      }
      return objectAnswer(
        200,
        {
          kind,
          apiVersion,
          metadata,
          items: listed.items.map((item) => (resource.custom ? item.object : withoutType(item.object))),
        },
        form,
      );
    case "Table":
      return tableAnswer(listed.items, metadata, form, resource, include, now);
    case "PartialObjectMetadataList": {
      const items = listed.items.map((item) => partialObject(item.object, form.metaVersion));
      return objectAnswer(
        200,
        { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${form.metaVersion}`, metadata, items },
        form,
      );
    }
    case "PartialObjectMetadata":
      throw new StatusError({
        code: 406,
        reason: "NotAcceptable",
        message: `you requested PartialObjectMetadata, but the requested object is a list (*core.${kind})`,
      });
  }
}

/** A table, put together from the rows' texts. */
function tableAnswer(
  items: readonly Cached[],
  metadata: ListMeta,
  form: Negotiated,
  resource: Resource,
  include: string,
  now: number,
): HttpAnswer {
  const table = () => toTable(resource, items, metadata, form.metaVersion, include, now);
  if (form.format === "yaml") return objectAnswer(200, table(), form);
  const body: AnswerBody = {
    get object() {
      return table();
    },
    bytes: () => utf8.encode(tableText(resource, items, metadata, form.metaVersion, include, now)),
  };
  return { status: 200, headers: { "content-type": form.contentType }, body };
}

function withoutType({ kind: _kind, apiVersion: _apiVersion, ...object }: KubeObject): object {
  return object;
}

/** The list as an object for the same process, and as bytes for a socket: each made only when asked for. */
function lazyList(
  items: readonly Cached[],
  head: { kind: string; apiVersion: string; metadata: ListMeta },
  parts: () => readonly Uint8Array[],
): AnswerBody {
  return {
    get object() {
      return { ...head, items: items.map((item) => item.object) };
    },
    parts,
    bytes: () => joined(parts()),
  };
}

function jsonList(head: object, items: Uint8Array): Uint8Array[] {
  return [utf8.encode(`${JSON.stringify(head).slice(0, -1)},"items":[`), items, listEnd];
}

const listEnd = utf8.encode("]}");

/** The items of long lists that were sent lately, as long as memory allows: several clients list the same. */
const longLists = new WeakMap<Resource, Map<string, WeakRef<{ items: readonly Cached[]; bytes: Uint8Array }>>>();

/** From how many items on a list's bytes are kept, and how many lists of a resource. */
const longFrom = 100;
const longListsMax = 8;

function joinedItems(resource: Resource, items: readonly Cached[], format: "json" | "protobuf"): Uint8Array {
  const join = format === "protobuf" ? protobufItems : joinItems;
  if (items.length < longFrom) return join(resource, items);
  let known = longLists.get(resource);
  if (!known) {
    known = new Map();
    longLists.set(resource, known);
  }
  const name = `${format} ${items.length} ${items[0]!.key} ${items.at(-1)!.key}`;
  const before = known.get(name)?.deref();
  if (before && items.every((item, index) => item === before.items[index])) return before.bytes;
  const made = { items, bytes: join(resource, items) };
  if (known.size >= longListsMax) known.delete(known.keys().next().value!);
  known.set(name, new WeakRef(made));
  holders.set(made.bytes, made);
  return made.bytes;
}

/** What a list's bytes were made of lives as long as they do. */
const holders = new WeakMap<Uint8Array, object>();

/**
 * Items in lists have no kind and apiVersion: their JSON is cut off at the front. Those of custom resources have them: of
 * theirs only the brace goes, and comes back.
 */
function joinItems({ kind, apiVersion, custom }: Resource, items: readonly Cached[]): Uint8Array {
  const type = custom ? "{" : `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
  const typeBytes = utf8.encode(type).length;
  const parts = items.map((item) => item.bytes());
  const bytes = new Uint8Array(
    Math.max(
      0,
      parts.reduce((sum, part) => sum + part.length - typeBytes + 2, -1),
    ),
  );
  let at = 0;
  for (const part of parts) {
    if (at > 0) bytes[at++] = 0x2c;
    bytes[at++] = 0x7b;
    bytes.set(part.subarray(typeBytes), at);
    at += part.length - typeBytes;
  }
  return bytes;
}

/** The answer that carries a failure. Its form follows the request's as far as possible. */
export function statusAnswer(status: Status, format: AnswerFormat = "json"): HttpAnswer {
  const headers: Record<string, string> = { "content-type": mediaTypeOf(format) };
  if (status.details?.retryAfterSeconds) headers["retry-after"] = String(status.details.retryAfterSeconds);
  const bytes = () => (format === "json" ? utf8.encode(`${JSON.stringify(status)}\n`) : encoded(status, format));
  return { status: status.code ?? 500, headers, body: { object: status, bytes } };
}
