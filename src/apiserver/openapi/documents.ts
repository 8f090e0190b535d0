// OpenAPI documents: version 2 in one piece, version 3 one a group and version. Pure functions; making one takes a while,
// so callers keep what they asked for.

import type { OperationTexts } from "../../api/machinery/definitions.ts";
import { fnv1a32 } from "../../api/machinery/hash.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { groupsOf } from "../discovery/groups.ts";
import { renderPath } from "./paths.ts";
import { apisPath, groupPath, keysPath, type PathItem, versionPath, versionPaths } from "./resource_paths.ts";
import { type Dialect, type Library, listSchema, publishDefinition, reachableFrom } from "./schemas.ts";

/** What documents are made of: `definitions` has those of custom resources too. */
export interface OpenApiSource extends Library {
  resources: readonly Resource[];
  operations: OperationTexts;
}

const bearer = {
  BearerToken: { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" },
};
const info = { title: "Kubernetes", version: "v1.36.0" };

/** `/openapi/v2`. */
export function openApiV2(given: OpenApiSource): object {
  const source = withLists(given);
  const items = [...documentNames(source.resources).values()].flat().sort((a, b) => (a.path < b.path ? -1 : 1));
  const { paths, schemas } = render(items, source, "v2");
  const parameters = shareParameters(paths);
  return {
    swagger: "2.0",
    info,
    paths,
    definitions: schemas,
    parameters,
    securityDefinitions: bearer,
    security: [{ BearerToken: [] }],
  };
}

/** Moves query parameters, which are the same everywhere, out of the paths into one list. Changes `paths`. */
function shareParameters(paths: Record<string, Record<string, unknown>>): Record<string, object> {
  const shared: Record<string, object> = {};
  const share = (holder: { parameters?: { in: string; name: string }[] }): void => {
    holder.parameters = holder.parameters?.map((parameter) => {
      if (parameter.in !== "query") return parameter;
      const name = `${parameter.name}-${fnv1a32(JSON.stringify(parameter)).toString(36)}`;
      shared[name] = parameter;
      return { $ref: `#/parameters/${name}` } as never;
    });
    if (!holder.parameters) delete holder.parameters;
  };
  for (const path of Object.values(paths)) {
    share(path);
    for (const [method, operation] of Object.entries(path)) if (method !== "parameters") share(operation as object);
  }
  return shared;
}

/** `/openapi/v3/NAME`, where the name is `api/v1`, `apis/apps/v1`, `apis`, `version`…; undefined for one that isn't there. */
export function openApiV3(given: OpenApiSource, name: string): object | undefined {
  const source = withLists(given);
  const items = documentNames(source.resources).get(name);
  if (!items) return undefined;
  const { paths, schemas } = render(items, source, "v3");
  return {
    openapi: "3.0.0",
    info,
    paths,
    components: { schemas, securitySchemes: bearer },
    security: [{ BearerToken: [] }],
  };
}

/** `/openapi/v3`: every document's address, with a hash that changes whenever the document may. */
export async function openApiV3Index(given: OpenApiSource): Promise<object> {
  const source = withLists(given);
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const [name, items] of documentNames(source.resources)) {
    const definitions = reachableFrom(definitionsOf(items), source).map((each) => [
      each,
      source.ready?.[each] ?? source.definitions[each],
    ]);
    const hash = await sha512(JSON.stringify([items, definitions]));
    paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
  }
  return { paths };
}

async function sha512(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-512", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

/** The documents of version 3 and their paths. */
function documentNames(resources: readonly Resource[]): Map<string, PathItem[]> {
  const documents = new Map<string, PathItem[]>([
    ["api", [groupPath("")]],
    ["api/v1", versionPaths(resources, "", "v1")],
    ["apis", [apisPath]],
    ["version", [versionPath]],
    ["openid/v1/jwks", [keysPath]],
  ]);
  for (const { group, versions } of groupsOf(resources)) {
    documents.set(`apis/${group}`, [groupPath(group)]);
    for (const version of versions) documents.set(`apis/${group}/${version}`, versionPaths(resources, group, version));
  }
  return documents;
}

/** The source with a list kind for every resource. */
function withLists(source: OpenApiSource): OpenApiSource {
  const missing = source.resources.filter(
    (each) => each.verbs.includes("list") && !source.definitions[`${each.schema}List`],
  );
  if (missing.length === 0) return source;
  const lists = missing.map(({ schema, group, version, kind }) => [
    `${schema}List`,
    listSchema(schema, { group, version, kind }),
  ]);
  return { ...source, definitions: { ...source.definitions, ...Object.fromEntries(lists) } };
}

function definitionsOf(items: readonly PathItem[]): Set<string> {
  const names = new Set<string>();
  for (const { operations } of items) {
    for (const { body, answer } of operations) {
      if (body !== undefined) names.add(body);
      if (answer !== "string") names.add(answer);
    }
  }
  return names;
}

function render(
  items: readonly PathItem[],
  source: OpenApiSource,
  dialect: Dialect,
): { paths: Record<string, Record<string, unknown>>; schemas: object } {
  const names = reachableFrom(definitionsOf(items), source);
  return {
    paths: Object.fromEntries(items.map((item) => [item.path, renderPath(item, source.operations, dialect)])),
    schemas: Object.fromEntries(names.map((name) => [name, publishDefinition(name, source, dialect)])),
  };
}
