import { loadDefinitions, loadDocs, loadOperations } from "../../api/machinery/definitions.ts";
import { protobufMediaType } from "../../api/machinery/protobuf/envelope.ts";
import { methodRefused } from "../../api/machinery/status.ts";
import { dumpYaml } from "../../api/machinery/yaml.ts";
import type { HttpAnswer, HttpRequest } from "../../base/http.ts";
import type { Aggregator } from "../aggregation/aggregator.ts";
import { aggregatedEntry, groupEntry, mergeOpenApiV2, remoteGroups } from "../aggregation/documents.ts";
import { remoteDocument, remoteOpenApiV2, remoteOpenApiV3 } from "../aggregation/openapi.ts";
import { aggregatedDiscovery, aggregatedMediaType, asksForAggregated, etagOf } from "../discovery/aggregated.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions, versionInfo } from "../discovery/discovery.ts";
import { plainFormat } from "../http/negotiate.ts";
import { protobufOf } from "../http/protobuf.ts";
import type { Route } from "../http/route.ts";
import { customDocuments } from "../openapi/custom.ts";
import { openApiV2, openApiV3, openApiV3Index } from "../openapi/documents.ts";
import { encodeOpenApiV2, openApiProtobuf } from "../openapi/protobuf.ts";
import type { Registry } from "../registry/scope.ts";

const utf8 = new TextEncoder();

/** What `/version` says of this build. */
export const build = {
  gitVersion: "v1.36.2+typernetes",
  gitCommit: "",
  buildDate: "1970-01-01T00:00:00Z",
  platform: "linux/amd64",
};

interface Document {
  bytes: Uint8Array;
  contentType: string;
  etag?: string;
}

/** Discovery, OpenAPI and `/version`. Each document is made when first asked for and kept. */
export function documents(
  registry: Registry,
  aggregator: () => Aggregator | undefined,
  advertised: () => string | undefined,
) {
  const kept = new Map<string, Promise<Document | undefined>>();
  const resources = () => registry.resources.all();
  const remote = () => remoteGroups(aggregator()?.versions() ?? []);
  const state = () => [resources(), aggregator()?.revision];
  let keptFor = state();

  async function make(path: string, form: Form, host: string): Promise<Document | undefined> {
    if (form === "openapi protobuf") {
      const bytes = encodeOpenApiV2((await openApi(path)) as Record<string, unknown>);
      return {
        bytes,
        contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
        etag: await etagOf(bytes),
      };
    }
    const aggregated = form === "aggregated";
    if (aggregated) {
      const own = aggregatedDiscovery(resources(), path === "/api" ? "core" : "groups") as { items: object[] };
      if (path === "/apis")
        for (const { group, versions } of remote()) own.items.push(aggregatedEntry(group, versions));
      const bytes = json(own);
      return { bytes, contentType: aggregatedMediaType, etag: await etagOf(bytes) };
    }
    const found = await plain(path, host);
    if (found && form === "yaml") return { bytes: utf8.encode(dumpYaml(found)), contentType: "application/yaml" };
    // Some of these lists are older than the rule that objects have an apiVersion.
    if (found && form === "protobuf")
      return { bytes: protobufOf({ apiVersion: "v1", ...found }), contentType: protobufMediaType };
    return (
      found && {
        bytes: json(found),
        contentType: path === "/openapi/v3" ? "text/plain; charset=utf-8" : "application/json",
      }
    );
  }

  async function plain(path: string, host: string): Promise<object | undefined> {
    if (path === "/version") return versionInfo(build);
    if (path === "/api") return apiVersions(host);
    if (path === "/apis") {
      const list = apiGroupList(resources()) as { groups: object[] };
      for (const { group, versions } of remote()) {
        const available = versions.filter((each) => each.available);
        if (available.length > 0) list.groups.push(groupEntry(group, available));
      }
      return list;
    }
    if (path === "/") return { paths: rootPaths(registry) };
    if (path.startsWith("/openapi/")) return openApi(path);
    const match = /^\/(?:api\/([^/]+)|apis\/([^/]+)(?:\/([^/]+))?)$/.exec(path);
    if (!match) return undefined;
    const [, coreVersion, group, version] = match;
    if (coreVersion) return apiResourceList(resources(), coreVersion);
    if (version) return apiResourceList(resources(), `${group}/${version}`);
    const found = remote().find((each) => each.group === group);
    if (found) return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group!, found.versions) };
    return apiGroup(resources(), group!);
  }

  async function openApi(path: string): Promise<object | undefined> {
    const [all, docs, operations] = await Promise.all([loadDefinitions(), loadDocs(), loadOperations()]);
    const custom = customDocuments(resources(), path === "/openapi/v2" ? "v2" : "v3");
    const definitions = { ...all, ...custom.definitions };
    const source = { resources: resources(), definitions, docs, operations, ready: custom.ready };
    if (path === "/openapi/v2") return mergeOpenApiV2(openApiV2(source), await remoteOpenApiV2(aggregator()));
    if (path === "/openapi/v3") {
      const index = (await openApiV3Index(source)) as { paths: Record<string, object> };
      Object.assign(index.paths, await remoteOpenApiV3(aggregator()));
      return index;
    }
    const elsewhere = await remoteDocument(aggregator(), path);
    if (elsewhere) return elsewhere;
    return path.startsWith("/openapi/v3/") ? openApiV3(source, path.slice("/openapi/v3/".length)) : undefined;
  }

  /** A document whose hash was named stays what it is: clients may keep it. One with another hash is elsewhere by now. */
  async function hashAnswer(
    path: string,
    hash: string | null,
  ): Promise<HttpAnswer | { headers: Record<string, string> } | undefined> {
    if (hash === null) return undefined;
    const index = JSON.parse(
      new TextDecoder().decode((await keep("/openapi/v3 plain ", "/openapi/v3", "plain", ""))!.bytes),
    );
    const address: string | undefined = index.paths[path.slice("/openapi/v3/".length)]?.serverRelativeURL;
    if (address === undefined) return undefined;
    if (address.endsWith(`hash=${hash}`)) return { headers: { "cache-control": "public, immutable" } };
    return { status: 301, headers: { location: address } };
  }

  function keep(key: string, path: string, form: Form, host: string): Promise<Document | undefined> {
    let document = kept.get(key);
    if (!document) {
      document = make(path, form, host);
      // What does not exist is not kept: anybody may ask for anything.
      document.then(
        (found) => found ?? kept.delete(key),
        () => kept.delete(key),
      );
      kept.set(key, document);
    }
    return document;
  }

  return async ({ path: given, query, method }: Route, request: HttpRequest): Promise<HttpAnswer | undefined> => {
    const path = given.length > 1 && given.endsWith("/") ? given.slice(0, -1) : given;
    const form = formOf(path, request.headers.accept);
    const host = advertised() ?? request.headers.host ?? request.headers[":authority"] ?? "";
    const key = `${path} ${form} ${path === "/api" ? host : ""}`;
    const now = state();
    if (now.some((each, index) => each !== keptFor[index])) {
      // Custom resources or extension servers came or went: every document may have changed.
      kept.clear();
      keptFor = now;
    }
    const found = await keep(key, path, form, host);
    if (!found) return undefined;
    if (isDiscovery(path) && ["PUT", "PATCH", "DELETE"].includes(method)) throw methodRefused();
    const hashed = path.startsWith("/openapi/v3/") ? await hashAnswer(path, query.get("hash")) : undefined;
    if (hashed && "status" in hashed) return hashed;
    const headers: Record<string, string> = {
      "content-type": found.contentType,
      ...hashed?.headers,
      ...(found.etag ? { etag: found.etag, vary: "Accept" } : {}),
    };
    if (found.etag && request.headers["if-none-match"] === found.etag) return { status: 304, headers };
    return { status: 200, headers, body: found.bytes };
  };
}

type Form = "plain" | "yaml" | "protobuf" | "aggregated" | "openapi protobuf";

function formOf(path: string, accept: string | undefined): Form {
  if ((path === "/api" || path === "/apis") && asksForAggregated(accept)) return "aggregated";
  if (path === "/openapi/v2" && openApiProtobuf.test(accept ?? "")) return "openapi protobuf";
  const format = isDiscovery(path) ? plainFormat(accept) : "json";
  return format === "json" ? "plain" : format;
}

function isDiscovery(path: string): boolean {
  return /^\/apis?(?:\/|$)/.test(path);
}

function json(value: object): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

function rootPaths(registry: Registry): string[] {
  const paths = new Set(["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]);
  for (const { group, apiVersion } of registry.resources.all()) {
    if (group) paths.add(`/apis/${group}`).add(`/apis/${apiVersion}`);
    else paths.add(`/api/${apiVersion}`);
  }
  return [...paths].sort();
}
