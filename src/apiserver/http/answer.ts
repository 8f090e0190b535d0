import type { KubeObject, ListMeta } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { type Status, StatusError } from "../../api/machinery/status.ts";
import { dumpYaml } from "../../api/machinery/yaml.ts";
import type { AnswerBody, HttpAnswer } from "../../base/http.ts";
import type { Cached } from "../cache/cache.ts";
import type { Listed } from "../registry/read.ts";
import type { Negotiated } from "./negotiate.ts";
import { partialObject, toTable } from "./table.ts";

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
  const bytes = () => utf8.encode(form.format === "yaml" ? dumpYaml(object) : JSON.stringify(object));
  return { status, headers: { "content-type": form.contentType }, body: { object, bytes } };
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
      if (form.format === "json") {
        return {
          status: 200,
          headers: { "content-type": "application/json" },
          body: lazyList(listed.items, { kind, apiVersion, metadata }, resource),
        };
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
      return objectAnswer(200, toTable(resource, listed.items, metadata, form.metaVersion, include, now), form);
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

function withoutType({ kind: _kind, apiVersion: _apiVersion, ...object }: KubeObject): object {
  return object;
}

/** The list as an object for the same process, and as bytes for a socket: each made only when asked for. */
function lazyList(
  items: readonly Cached[],
  head: { kind: string; apiVersion: string; metadata: ListMeta },
  resource: Resource,
): AnswerBody {
  // Items in lists have no kind and apiVersion: their JSON is cut off at the front.
  // Those of custom resources have them: of them only the brace is cut off, and put back.
  const typeBytes = resource.custom
    ? 1
    : utf8.encode(`{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(resource.apiVersion)},`)
        .length;
  return {
    get object() {
      return { ...head, items: items.map((item) => item.object) };
    },
    bytes() {
      const json = JSON.stringify(head);
      const start = utf8.encode(`${json.slice(0, -1)},"items":[`);
      const parts = items.map((item) => item.bytes());
      const bytes = new Uint8Array(
        start.length + parts.reduce((sum, part) => sum + part.length - typeBytes + 2, 0) + 2,
      );
      bytes.set(start);
      let at = start.length;
      for (const part of parts) {
        if (at > start.length) bytes[at++] = 0x2c;
        bytes[at++] = 0x7b;
        bytes.set(part.subarray(typeBytes), at);
        at += part.length - typeBytes;
      }
      bytes[at++] = 0x5d;
      bytes[at++] = 0x7d;
      return bytes.subarray(0, at);
    },
  };
}

/** The answer that carries a failure. Its form follows the request's as far as possible. */
export function statusAnswer(status: Status, format: "json" | "yaml" = "json"): HttpAnswer {
  const headers: Record<string, string> = { "content-type": `application/${format}` };
  if (status.details?.retryAfterSeconds) headers["retry-after"] = String(status.details.retryAfterSeconds);
  const bytes = () => utf8.encode(format === "yaml" ? dumpYaml(status) : `${JSON.stringify(status)}\n`);
  return { status: status.code ?? 500, headers, body: { object: status, bytes } };
}
